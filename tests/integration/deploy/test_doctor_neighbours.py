"""`star doctor` looks at sign-in, certificates, disks, and the database's settings and rights: each well, and each unwell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from deploy.doctor.certificates import End, judge_ends, look_at_certificates
from deploy.doctor.database_settings import judge_settings, look_at_rights, look_at_settings
from deploy.doctor.disk import FULL, LOW, Room, judge_room, look_at_disk
from deploy.doctor.sign_in import look_at_sign_in
from deploy.embedded.postgres import as_role
from services.console.settings import ConsoleSettings
from services.moe_sync.settings import MoeSyncSettings
from services.notifier.settings import NotifierSettings
from tests.integration.moe_sync.adapters.ministry import over_tls, papers
from tests.integration.notifier.delivery.transports.test_smtp import mail_server_of_another
from tests.support.oidc_provider import running_provider
from tests.support.ports import free_port
from tests.support.tls_postgres import tls_postgres

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
GIGABYTE = 1024**3
WELL = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_version_num": "180001",
    "server_encoding": "UTF8",
    "max_connections": "100",
    "superuser_reserved_connections": "3",
    "idle_session_timeout": "0",
}


# Sign-in


async def test_tokens_of_the_data_folder(tmp_path: Path) -> None:
    finding = await look_at_sign_in(ConsoleSettings(data=tmp_path))
    assert (finding.state, "first start makes" in finding.detail) == ("ok", True)
    (tmp_path / "signing-key.pem").write_text("")
    assert "first start makes" not in (await look_at_sign_in(ConsoleSettings(data=tmp_path))).detail


async def test_an_issuer_that_gives_its_keys_and_then_is_away(tmp_path: Path) -> None:
    with running_provider(tmp_path, "http://127.0.0.1:1") as provider:
        settings = ConsoleSettings(oidc_issuer=provider.issuer, console_client_id="star")
        assert (await look_at_sign_in(settings)).state == "ok"
        nobody = await look_at_sign_in(ConsoleSettings(oidc_issuer=provider.issuer))
        assert (nobody.state, "STAR_CONSOLE_CLIENT_ID" in str(nobody.fix)) == ("warn", True)
        # The issuer's tokens name it by the other address, and none would be taken.
        another = await look_at_sign_in(settings.model_copy(update={"oidc_issuer": provider.issuer.replace("127.0.0.1", "localhost")}))
        assert (another.state, "another address" in another.detail) == ("fail", True)
    away = await look_at_sign_in(settings)
    assert (away.state, "gives no keys" in away.detail) == ("fail", True)


@asynccontextmanager
async def without_a_date(app: Starlette) -> AsyncIterator[str]:
    """Serves an app that dates its own answers; answers its base URL."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off", date_header=False))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await running


KEY = {"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}
SECRET = {"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T"}


@pytest.mark.parametrize(
    ("keys", "apart", "reason"),
    [
        ({"keys": [KEY]}, timedelta(seconds=1), None),
        ({"keys": [KEY]}, timedelta(minutes=-3), "differ by"),
        ({"keys": [KEY]}, timedelta(hours=1), "differ by"),
        ({"keys": [SECRET | {"alg": "HS256"}]}, timedelta(0), "none of the issuer's keys"),
        ({"keys": []}, timedelta(0), "gives no keys"),
        ({}, timedelta(0), "gives no keys"),
        ([], timedelta(0), "gives no keys"),
    ],
)
async def test_an_issuer_at_fault(keys: Any, apart: timedelta, reason: str | None) -> None:
    async def discovery(request: Request) -> JSONResponse:
        base = str(request.base_url).rstrip("/")
        date = {"Date": format_datetime(datetime.now(UTC) + apart, usegmt=True)}
        return JSONResponse({"issuer": base, "jwks_uri": f"{base}/keys"}, headers=date)

    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(keys)

    app = Starlette(routes=[Route("/.well-known/openid-configuration", discovery), Route("/keys", answer)])
    async with without_a_date(app) as url:
        finding = await look_at_sign_in(ConsoleSettings(oidc_issuer=url, console_client_id="star"))
    assert finding.state == ("ok" if reason is None else "fail")
    assert (reason or "gives 1 keys") in finding.detail


# Certificates


@pytest.mark.parametrize(("left", "state"), [(timedelta(days=60), "ok"), (timedelta(days=20), "warn"), (timedelta(seconds=-1), "fail")])
def test_the_first_to_end_counts(left: timedelta, state: str) -> None:
    ends = [End(NOW + timedelta(days=400), "another"), End(NOW + left, "the worst")]
    finding = judge_ends(ends, NOW)
    assert (finding.state, "the worst" in finding.detail) == (state, True)
    assert judge_ends([], NOW).state == "ok"


async def looked(**changes: Any) -> tuple[str, str]:
    of_ministry = {name: value for name, value in changes.items() if name.startswith("ministry")}
    of_mail = {name: value for name, value in changes.items() if name.startswith("smtp")}
    others = {name: value for name, value in changes.items() if name not in {*of_ministry, *of_mail}}
    finding = await look_at_certificates(ConsoleSettings(**others), NotifierSettings(**of_mail), MoeSyncSettings(**of_ministry))
    return finding.state, finding.detail


async def test_servers_certificates(tmp_path: Path) -> None:
    async def nothing(_: Request) -> JSONResponse:
        return JSONResponse({})

    ours = papers(tmp_path)
    ended = ours.ca.issue_cert("127.0.0.1", not_before=NOW - timedelta(days=90), not_after=NOW - timedelta(days=1))
    for server, state in ((ours.server, "ok"), (ended, "fail")):
        shown = type(ours)(ours.authority, ours.ours, ours.strangers, server, ours.ca)
        async with over_tls(Starlette(routes=[Route("/", nothing)]), shown, tmp_path) as url:
            # The Ministry asks for a certificate of ours; the look needs none.
            for name in ("ministry_url", "oidc_issuer", "console_url"):
                found, detail = await looked(**{name: url})
                assert (found, url.removeprefix("https://") in detail) == (state, True)
    # A server that is away has its own line.
    assert (await looked(ministry_url=url))[0] == "ok"


@pytest.mark.parametrize("security", ["smtp", "smtp+starttls", "smtps"])
async def test_a_mail_servers_certificate(security: str) -> None:
    async with mail_server_of_another(security) as url:
        state, detail = await looked(smtp_url=url)
    assert (state, "the first to end" in detail) == ("ok", True)


async def test_a_databases_certificate() -> None:
    with tls_postgres() as server:
        url = server.url(f"sslmode=verify-full&sslrootcert={server.ca}")
        state, detail = await looked(database_url=url)
        assert (state, "2 looked at" in detail) == ("ok", True)
        assert await looked(database_url=server.url("sslmode=prefer")) == ("ok", "no setting names a certificate or a server with one")


async def test_files_of_certificates(tmp_path: Path) -> None:
    authority = trustme.CA()
    chain, bundle = tmp_path / "ours.pem", tmp_path / "authorities.pem"
    leaf = authority.issue_cert("star.test", not_after=datetime.now(UTC) + timedelta(days=10, hours=1))
    leaf.private_key_and_cert_chain_pem.write_to_path(chain)
    authority.cert_pem.write_to_path(bundle)
    with bundle.open("ab") as file:
        file.write(leaf.cert_chain_pems[0].bytes())
    # The chain ends with its first member; authorities serve as long as one of them does.
    assert (await looked(kafka_ca=bundle))[0] == "ok"
    state, detail = await looked(kafka_ca=bundle, kafka_certificate=chain)
    assert (state, "STAR_KAFKA_CERTIFICATE" in detail, "in 10 days" in detail) == ("warn", True, True)
    assert (await looked(ministry_certificate=chain, ministry_url="https://127.0.0.1:1"))[0] == "warn"
    chain.write_text("no certificate")
    assert (await looked(kafka_certificate=chain))[0] == "ok"


# Disks


@pytest.mark.parametrize(
    ("free", "total", "state"),
    [(50 * GIGABYTE, 100 * GIGABYTE, "ok"), (LOW, 8 * GIGABYTE, "ok"), (LOW - 1, 100 * GIGABYTE, "warn"), (FULL - 1, GIGABYTE, "fail")],
)
def test_room(free: int, total: int, state: str) -> None:
    finding = judge_room([Room(Path("/roomy"), 900 * GIGABYTE, 1000 * GIGABYTE), Room(Path("/data"), free, total)])
    assert (finding.state, "/data" in finding.detail) == (state, True)


def test_a_folder_that_is_not_there_yet_is_looked_at_where_it_will_be(tmp_path: Path) -> None:
    assert look_at_disk(tmp_path / "to" / "come").detail.endswith(f"at {tmp_path / 'to' / 'come'}")


# The database's settings and rights


@pytest.mark.parametrize(
    ("changes", "clients", "state", "named"),
    [
        ({}, 20, "ok", "20 of 97"),
        ({}, 90, "warn", "90 of 97"),
        ({"idle_session_timeout": "600000"}, 20, "warn", "idle_session_timeout"),
        ({"fsync": "off"}, 20, "fail", "fsync"),
        ({"full_page_writes": "off"}, 20, "fail", "full_page_writes"),
        ({"synchronous_commit": "off"}, 20, "fail", "synchronous_commit"),
        ({"synchronous_commit": "local"}, 20, "ok", "20 of 97"),
        ({"server_encoding": "SQL_ASCII"}, 20, "fail", "SQL_ASCII"),
        ({"server_version_num": "140011"}, 20, "fail", "PostgreSQL 14"),
    ],
)
def test_settings_of_a_server(changes: dict[str, str], clients: int, state: str, named: str) -> None:
    finding = judge_settings(WELL | changes, clients)
    assert (finding.state, named in finding.detail) == (state, True)
    assert (finding.fix is None) == (state == "ok")


async def test_settings_of_the_database_that_the_engine_brings_along(database_url: str) -> None:
    assert (await look_at_settings(database_url)).state == "ok"
    connection = await asyncpg.connect(database_url)
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    await connection.close()
    finding = await look_at_settings(database_url)
    assert (finding.state, finding.detail) == ("fail", "synchronous_commit is off: a crash loses marks that were acknowledged")


async def test_rights(database_url: str) -> None:
    schemas = ["ingest", "thresholds", "notifier", "moe_sync", "console"]
    assert (await look_at_rights(database_url, schemas)).state == "ok"

    async def after(*statements: str, undo: str) -> tuple[str, str]:
        connection = await asyncpg.connect(database_url)
        for statement in statements:
            await connection.execute(statement)
        finding = await look_at_rights(database_url, schemas)
        await connection.execute(undo)
        await connection.close()
        return finding.state, finding.detail

    state, detail = await after(
        "REVOKE SELECT ON notifier.deliveries FROM star_notifier_service",
        undo="GRANT SELECT ON notifier.deliveries TO star_notifier_service",
    )
    assert (state, detail) == ("fail", "star_notifier_service may not read notifier.deliveries")
    state, detail = await after(
        "REVOKE USAGE ON SCHEMA ingest FROM star_ingest_service", undo="GRANT USAGE ON SCHEMA ingest TO star_ingest_service"
    )
    assert (state, "more)" in detail) == ("fail", True)


async def test_a_user_who_can_not_migrate(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE ROLE looks_only LOGIN")
    try:
        finding = await look_at_rights(as_role(database_url, "looks_only"), ["ingest"])
        assert (finding.state, "star_ingest" in finding.detail) == ("warn", True)
    finally:
        await connection.execute("DROP ROLE looks_only")
        await connection.close()
