"""TLS to PostgreSQL, by what everyone writes into the address, against a server that takes nothing else."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import trustme
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.cli.faults import explained
from deploy.embedded.trees import INGEST
from shared.db.dsn import dsn_of
from shared.db.engine import connect, create_engine, create_owner_engine, ping
from shared.db.errors import verdict_of
from shared.db.listen import listen
from shared.db.migrate import migrate
from shared.settings import Settings
from tests.support.tls_kafka import write_certificate
from tests.support.tls_postgres import HOST, QUOTED, USER, TlsPostgres, tls_postgres

IS_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


@pytest.fixture(scope="module")
def server() -> Iterator[TlsPostgres]:
    with tls_postgres() as server:
        yield server


@pytest.fixture(scope="module")
def replica() -> Iterator[TlsPostgres]:
    with tls_postgres() as server:
        yield server


async def failure(database_url: str) -> BaseException:
    engine = create_owner_engine(database_url)
    try:
        await ping(engine)
    except Exception as error:
        return error
    finally:
        await engine.dispose()
    raise AssertionError("it did not fail")


@pytest.mark.parametrize(
    "query",
    [
        "sslmode=require",
        "sslmode=verify-full&sslrootcert={ca}",
        "sslmode=verify-ca&sslrootcert={ca}",
        "sslmode=prefer",
        # As hosting companies write it.
        "sslmode=require&channel_binding=require",
        "sslmode=require&connect_timeout=10&keepalives=1&application_name=mine",
        "",
    ],
)
async def test_a_service_connects_within_tls(server: TlsPostgres, query: str) -> None:
    url = server.url(query.format(ca=server.ca)).replace("postgresql://", "postgresql+asyncpg://")
    await migrate(url, [INGEST])
    engine = create_engine(Settings(database_url=url).database_url, "ingest", pool_size=1)
    async with engine.connect() as connection:
        # The session's own user alone sees it.
        await connection.execute(text("SET ROLE NONE"))
        assert (await connection.execute(text(IS_ENCRYPTED))).scalar_one() is True
    await engine.dispose()


async def test_the_bell_comes_within_tls_too(server: TlsPostgres) -> None:
    url = server.url(f"sslmode=verify-full&sslrootcert={server.ca}")
    stop, rung = asyncio.Event(), asyncio.Event()
    listening = asyncio.create_task(listen(url, {"door": rung.set}, stop))
    await asyncio.wait_for(rung.wait(), 30)
    rung.clear()
    connection = await connect(url, {})
    await connection.execute("NOTIFY door")
    await asyncio.wait_for(rung.wait(), 30)
    await connection.close()
    stop.set()
    await listening


async def test_a_certificate_of_ours_instead_of_a_password(server: TlsPostgres, tmp_path: Path) -> None:
    owner = await connect(server.url("sslmode=require"), {})
    await owner.execute("CREATE ROLE by_certificate LOGIN")
    await owner.close()
    ours = write_certificate(server.authority, tmp_path / "ours.pem", common_name="by_certificate")
    files = f"sslrootcert={server.ca}&sslcert={ours}&sslkey={ours}"
    connection = await connect(server.url(f"sslmode=verify-full&{files}", "by_certificate"), {})
    assert await connection.fetchval("SELECT current_user") == "by_certificate"
    await connection.close()


async def test_another_authority_is_a_fault_of_the_set_up(server: TlsPostgres, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.pem"
    trustme.CA().cert_pem.write_to_path(str(theirs))
    error = await failure(server.url(f"sslmode=verify-full&sslrootcert={theirs}"))
    assert verdict_of(error) == "set-up"
    line = explained(error) or ""
    assert line.startswith("the database's certificate is not to be trusted (")
    assert "correct sslrootcert or the host in STAR_DATABASE_URL" in line


async def test_the_authorities_of_this_machine_do_not_know_it(server: TlsPostgres) -> None:
    error = await failure(server.url("sslmode=verify-full&sslrootcert=system"))
    assert (type(error), verdict_of(error)) == (ssl.SSLCertVerificationError, "set-up")


async def test_a_name_that_is_not_in_the_certificate_is_a_fault_of_the_set_up(server: TlsPostgres) -> None:
    url = server.url(f"sslmode=verify-full&sslrootcert={server.ca}").replace(HOST, "localhost", 1)
    error = await failure(url)
    assert verdict_of(error) == "set-up"
    assert "Hostname mismatch" in (explained(error) or "")
    # Short of the name, the certificate will do.
    engine = create_owner_engine(url.replace("verify-full", "verify-ca"))
    await ping(engine)
    await engine.dispose()


async def test_no_tls_is_refused_by_the_server_and_named(server: TlsPostgres) -> None:
    error = await failure(server.url("sslmode=disable"))
    assert verdict_of(error) == "set-up"
    assert (explained(error) or "").startswith("the database does not let this user in")


async def test_a_server_without_tls_is_a_fault_that_is_named(plain_server: int) -> None:
    error = await failure(f"postgresql://u:p@{HOST}:{plain_server}/postgres?sslmode=require")
    assert (explained(error) or "").startswith("the database does not speak TLS: correct sslmode")


@pytest.fixture
async def plain_server() -> AsyncIterator[int]:
    """The port of what answers as a PostgreSQL without TLS does."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"N")
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(refuse, HOST, 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def test_of_several_hosts_the_one_that_takes_writes_is_chosen(server: TlsPostgres, replica: TlsPostgres) -> None:
    hosts = f"{HOST}:{replica.port},{HOST}:{server.port}"
    url = f"postgresql://{USER}:{QUOTED}@{hosts}/postgres?sslmode=require&target_session_attrs=read-write"
    both = (server, replica)
    for each in both:
        await migrate(each.url("sslmode=require"), [INGEST])
    await turn(replica, read_only=True)
    engine = create_engine(url, "ingest", pool_size=1)
    assert await written_to(engine) == server.port
    # The roles change, as in a failover: the connection that is open leads to a replica now.
    await turn(replica, read_only=False)
    await turn(server, read_only=True)
    # A server takes a moment to heed its new settings.
    async with asyncio.timeout(30):
        port = server.port
        while port == server.port:
            try:
                port = await written_to(engine)
            except Exception as error:
                assert verdict_of(error) == "passes", error
    assert port == replica.port
    await engine.dispose()
    await turn(server, read_only=False)


async def turn(server: TlsPostgres, *, read_only: bool) -> None:
    connection = await asyncpg.connect(dsn_of(server.url("sslmode=require")))
    await connection.execute("SET default_transaction_read_only = off")
    await connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if read_only else 'off'}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


async def written_to(engine: AsyncEngine) -> int:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE schools SET school = school"))
        return int((await connection.execute(text("SELECT inet_server_port()"))).scalar_one())
