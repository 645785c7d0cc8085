"""The walls between the services in the database: what a service's own login can't do, and the single login of the release before."""

from collections.abc import AsyncIterator
from itertools import permutations
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest
import structlog
from sqlalchemy.exc import ProgrammingError

from deploy.embedded.owner import OWNER, make_owner
from deploy.embedded.postgres import as_role
from deploy.embedded.trees import SERVICE_TREES, TREES
from deploy.logins import migrate_all, reached_by, warn_of_reach
from deploy.topics import prepare_topics
from shared.bus.factory import create_bus
from shared.db.engine import create_engine
from shared.db.logins import PasswordError, login_of, owner_of, passwords_of
from shared.db.migrate import migrate
from shared.db.revisions import lacks_migrations
from shared.settings import ServiceName, Settings
from tests.integration.shared.conftest import Sql
from tests.support.dumps import dump, restore
from tests.support.own_postgres import own_postgres
from tests.support.polling import eventually
from tests.support.releases import HEADS

SCHEMAS = [tree.schema for tree in SERVICE_TREES]
SERVICES: tuple[ServiceName, ...] = ("ingest", "thresholds", "notifier", "moe-sync", "console")
REFUSED = asyncpg.InsufficientPrivilegeError


@pytest.fixture(params=SCHEMAS)
async def inside(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[tuple[str, asyncpg.Connection]]:
    """A service's schema, and a connection of that service's own login."""
    schema: str = request.param
    connection = await asyncpg.connect(as_role(database_url, login_of(schema)), server_settings={"search_path": schema})
    yield schema, connection
    await connection.close()


async def test_a_login_is_nobody_else(inside: tuple[str, asyncpg.Connection]) -> None:
    schema, connection = inside
    others = [role for other in [*SCHEMAS, "bus"] for role in (owner_of(other), login_of(other))]
    mine = {login_of(schema)} if schema == "console" else {login_of(schema), login_of("bus")}
    for role in ["postgres", "pg_read_server_files", "pg_execute_server_program", *others]:
        if role in mine:
            continue
        with pytest.raises(REFUSED):
            await connection.execute(f"SET ROLE {role}")
        with pytest.raises(REFUSED):
            await connection.execute(f"SET SESSION AUTHORIZATION {role}")
    may = await connection.fetchrow(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = session_user"
    )
    assert may is not None
    assert not any(may.values())


async def test_a_login_sees_no_other_services_rows(inside: tuple[str, asyncpg.Connection], sql: Sql) -> None:
    schema, connection = inside
    named = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = ANY($1)"
    theirs = [row[0] for row in await sql(named, [other for other in SCHEMAS if other != schema])]
    assert len(theirs) > 30
    for table in theirs:
        for statement in (f"SELECT 1 FROM {table}", f"DELETE FROM {table}", f"BEGIN; LOCK TABLE {table}"):
            with pytest.raises(REFUSED):
                await connection.execute(statement)
            await connection.execute("ROLLBACK")
    ours = [row[0] for row in await sql(named, [schema]) if not row[0].endswith("alembic_version")]
    assert ours
    for table in ours:
        await connection.execute(f"SELECT 1 FROM {table} LIMIT 1")
    if schema == "console":
        return
    # The bus without a broker is what all other services share.
    await connection.execute("SET ROLE star_bus_service")
    await connection.execute("SELECT 1 FROM bus.messages LIMIT 1")


async def test_a_login_makes_and_drops_nothing(inside: tuple[str, asyncpg.Connection]) -> None:
    schema, connection = inside
    for statement in (
        "CREATE TABLE made (number int)",
        "CREATE TABLE public.made (number int)",
        f"CREATE FUNCTION {schema}.made() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA made",
        "CREATE ROLE made",
        "CREATE DATABASE made",
        "CREATE EXTENSION pg_trgm",
        "DROP TABLE outbox",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "TRUNCATE audit",
        f"ALTER SCHEMA {schema} RENAME TO made",
        f"ALTER ROLE {login_of(schema)} SUPERUSER",
        f"GRANT {owner_of(schema)} TO {login_of(schema)}",
        "UPDATE alembic_version SET version_num = '0000'",
    ):
        # A table that the service does not have will do as well.
        with pytest.raises((REFUSED, asyncpg.UndefinedTableError, asyncpg.FeatureNotSupportedError)):
            await connection.execute(statement)


async def test_a_login_has_none_of_a_superusers_functions(inside: tuple[str, asyncpg.Connection], tmp_path: Path) -> None:
    _, connection = inside
    for statement in (
        "SELECT pg_read_file('pg_hba.conf')",
        "SELECT pg_ls_dir('.')",
        "SELECT * FROM pg_authid",
        "SELECT pg_reload_conf()",
        "SELECT lo_import('/etc/hostname')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        f"COPY (SELECT 1) TO '{tmp_path}/made'",
        "ALTER SYSTEM SET fsync = off",
        "CHECKPOINT",
    ):
        with pytest.raises(REFUSED):
            await connection.execute(statement)


async def test_a_later_table_is_open_to_the_service_alone(database_url: str, sql: Sql) -> None:
    await sql("SET ROLE star_notifier")
    await sql("CREATE TABLE notifier.later (id bigint GENERATED ALWAYS AS IDENTITY, word text)")
    for schema in SCHEMAS:
        connection = await asyncpg.connect(as_role(database_url, login_of(schema)))
        if schema == "notifier":
            await connection.execute("INSERT INTO notifier.later (word) VALUES ('mine')")
        else:
            with pytest.raises(REFUSED):
                await connection.execute("SELECT 1 FROM notifier.later")
        await connection.close()


async def test_the_single_login_of_the_release_before_goes_on_with_a_warning(database_url: str, tmp_path: Path) -> None:
    shared = Settings(data=tmp_path, database_url=database_url)
    own = shared.model_copy(update={f"{schema}_database_url": as_role(database_url, login_of(schema)) for schema in SCHEMAS})
    with structlog.testing.capture_logs() as logs:
        for service in SERVICES:
            assert await reached_by(own, service) == []
            await warn_of_reach(own, service)
        assert logs == []
        await warn_of_reach(shared, "notifier")
    (line,) = logs
    assert (line["event"], line["log_level"], line["wanted"]) == ("database.login_is_shared", "warning", "star_notifier_service")
    assert line["reaches"] == ["console", "ingest", "moe_sync", "thresholds"]
    for one, other in permutations(SCHEMAS, 2):
        crossed = shared.model_copy(update={f"{one}_database_url": as_role(database_url, login_of(other))})
        with pytest.raises(ProgrammingError, match="permission denied to set role"):
            await reached_by(crossed, SERVICES[SCHEMAS.index(one)])


PASSWORD = "a made-up/word: 100 %"

HBA = """
local all postgres,star_owner trust
local all all scram-sha-256
"""


async def test_an_owner_that_is_no_superuser_makes_logins_with_passwords(tmp_path: Path) -> None:
    with own_postgres(tmp_path / "postgres") as server:
        # As release 0.1.0 left it: its roles were made by the superuser.
        await migrate(server.url, TREES, until=HEADS)
        await make_owner(server.url)
        await make_owner(server.url)
        (tmp_path / "postgres" / "pg_hba.conf").write_text(HBA)
        superuser = await asyncpg.connect(server.url)
        await superuser.execute("SELECT pg_reload_conf()")

        async def asks_for_a_password() -> bool:
            try:
                await asyncpg.connect(as_role(server.url, "nobody_of_this_name"))
            except asyncpg.InvalidPasswordError:
                return True
            except asyncpg.InvalidAuthorizationSpecificationError:
                return False
            raise AssertionError("a role that is not there was let in")

        await eventually(asks_for_a_password, True)

        def url_of(schema: str, password: str) -> str:
            return as_role(server.url, f"{login_of(schema)}:{quote(password, safe='')}")

        settings = Settings(
            data=tmp_path,
            database_url=as_role(server.url, OWNER),
            **{f"{schema}_database_url": url_of(schema, PASSWORD + schema) for schema in SCHEMAS},
        )
        for _ in range(2):
            # Tables that the release before made itself have no word of the logins.
            for schema in SCHEMAS:
                if await superuser.fetchval("SELECT to_regrole($1) IS NOT NULL", login_of(schema)):
                    await superuser.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {login_of(schema)}")
                    await superuser.execute(f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {login_of(schema)}")
            await migrate_all(settings)
            for service, tree in zip(SERVICES, SERVICE_TREES, strict=True):
                assert await reached_by(settings, service) == []
                engine = create_engine(settings.of_service(service).database_url, tree.schema, pool_size=1)
                async with engine.connect() as connection:
                    assert not await lacks_migrations(connection, tree)
                    for (table,) in await superuser.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", tree.schema):
                        await connection.exec_driver_sql(f"SELECT 1 FROM {table} LIMIT 1")
                await engine.dispose()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(url_of("notifier", PASSWORD + "ingest"))

        # A new password: who is in stays in, and whoever comes has to know the new one.
        within = await asyncpg.connect(settings.ingest_database_url)
        renewed = settings.model_copy(update={"ingest_database_url": url_of("ingest", PASSWORD + "renewed")})
        await migrate_all(renewed)
        assert await within.fetchval("SELECT current_user") == login_of("ingest")
        await within.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(settings.ingest_database_url)
        for url in (renewed.ingest_database_url, renewed.thresholds_database_url):
            await (await asyncpg.connect(url)).close()
        settings = renewed
        kept = await superuser.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = 'star_ingest_service'")
        assert kept.startswith("SCRAM-SHA-256$4096:")
        assert await superuser.fetch("SELECT rolname FROM pg_roles WHERE rolsuper AND rolname LIKE 'star%'") == []
        await superuser.close()

        # The bus takes the services' own logins, too.
        for service in SERVICES[:-1]:
            bus = create_bus(settings.of_service(service))
            await prepare_topics(bus, settings.database_url)
            await bus.close()


def test_passwords_are_those_of_our_own_roles() -> None:
    urls = {
        "ingest": "postgresql://star_ingest_service:one%2Ftwo@db/star",
        "notifier": "postgresql://somebody:word@db/star",
        "moe_sync": "postgresql://star_moe_sync_service@db/star",
    }
    assert passwords_of(urls) == {"ingest": "one/two"}
    with pytest.raises(PasswordError, match="star_ingest_service"):
        passwords_of({"ingest": "postgresql://star_ingest_service:m%C4%81ori@db/star"})


async def test_a_restored_schema_keeps_its_walls(database_url: str, tmp_path: Path) -> None:

    await dump(database_url, ["notifier"], tmp_path / "backup")
    await restore(database_url, ["notifier"], tmp_path / "backup")
    engine = create_engine(as_role(database_url, login_of("notifier")), "notifier", pool_size=1)
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SELECT 1 FROM letters LIMIT 1")
    await engine.dispose()
    ingest = await asyncpg.connect(as_role(database_url, login_of("ingest")))
    with pytest.raises(REFUSED):
        await ingest.execute("SELECT 1 FROM notifier.letters")
    await ingest.close()
