"""The database server's settings that keep what it has acknowledged, and the rights that the services and the operator have in it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from sqlalchemy import text

from deploy.doctor.finding import Finding
from shared.db.engine import create_owner_engine
from shared.db.logins import login_of, owner_of

SETTINGS: Final = "database-settings"
RIGHTS: Final = "rights"

OLDEST: Final = 15
"""The oldest release of PostgreSQL that the engine is tried with."""

NEEDED: Final = MappingProxyType(
    {
        "fsync": "a power cut can destroy the database",
        "full_page_writes": "a power cut can destroy the database",
        "synchronous_commit": "a crash loses marks that were acknowledged",
    }
)
"""Settings that must not be off, each with what comes of it (PostgreSQL's documentation, "Write Ahead Log")."""

CROWDED: Final = 0.8

_SETTINGS: Final = text("SELECT name, setting FROM pg_settings WHERE name = ANY(CAST(:names AS text[]))")
_CLIENTS: Final = text("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
_NAMES: Final = (
    *NEEDED,
    "server_version_num",
    "server_encoding",
    "max_connections",
    "superuser_reserved_connections",
    "idle_session_timeout",
)

_SHUT: Final = text(
    """
    SELECT w.login, format('%I.%I', n.nspname, c.relname) AS name
    FROM unnest(CAST(:schemas AS text[]), CAST(:logins AS text[])) AS w(schema, login)
    JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v')
    WHERE NOT has_schema_privilege(w.login, n.oid, 'USAGE') OR NOT has_table_privilege(w.login, c.oid, 'SELECT')
    ORDER BY 1, 2
    """
)
_NOT_OURS: Final = text(
    "SELECT role FROM unnest(CAST(:owners AS text[])) AS w(role) WHERE NOT pg_has_role(CURRENT_USER, role, 'MEMBER') ORDER BY 1"
)


async def look_at_settings(database_url: str) -> Finding:
    """Whether the server keeps what it acknowledged, and has connections left."""
    engine = create_owner_engine(database_url)
    try:
        async with engine.connect() as connection:
            rows = await connection.execute(_SETTINGS, {"names": list(_NAMES)})
            settings = {row.name: str(row.setting) for row in rows}
            clients = int((await connection.execute(_CLIENTS)).scalar_one())
    finally:
        await engine.dispose()
    return judge_settings(settings, clients)


def judge_settings(settings: Mapping[str, str], clients: int) -> Finding:
    """Pure. `settings` as `pg_settings` has them; `clients`: connections in use. The worst of them."""
    release = int(settings["server_version_num"]) // 10_000
    if release < OLDEST:
        return Finding(
            SETTINGS, "fail", f"PostgreSQL {release} is older than {OLDEST}", f"move the database to PostgreSQL {OLDEST} or later"
        )
    if settings["server_encoding"] != "UTF8":
        fix = "make a database with ENCODING 'UTF8', and move to it"
        return Finding(SETTINGS, "fail", f"its encoding is {settings['server_encoding']}: names with macrons can't be kept", fix)
    for name, harm in NEEDED.items():
        if settings[name] == "off":
            return Finding(SETTINGS, "fail", f"{name} is off: {harm}", f"ALTER SYSTEM RESET {name}; SELECT pg_reload_conf();")
    places = int(settings["max_connections"]) - int(settings["superuser_reserved_connections"])
    if clients > CROWDED * places:
        fix = "raise max_connections, or lower STAR_DATABASE_POOL"
        return Finding(SETTINGS, "warn", f"{clients} of {places} connections are in use", fix)
    if settings["idle_session_timeout"] != "0":
        fix = "ALTER SYSTEM RESET idle_session_timeout; SELECT pg_reload_conf();"
        return Finding(SETTINGS, "warn", "idle_session_timeout ends connections that wait for news: workers answer late", fix)
    return Finding(SETTINGS, "ok", f"acknowledged rows are kept; {clients} of {places} connections are in use")


async def look_at_rights(database_url: str, schemas: Sequence[str]) -> Finding:
    """Whether each service may read its tables, and this user may migrate them."""
    engine = create_owner_engine(database_url)
    try:
        async with engine.connect() as connection:
            asked = {"schemas": list(schemas), "logins": [login_of(schema) for schema in schemas]}
            shut = [(row.login, row.name) for row in await connection.execute(_SHUT, asked)]
            owners = {"owners": [owner_of(schema) for schema in schemas]}
            not_ours = list((await connection.execute(_NOT_OURS, owners)).scalars())
    finally:
        await engine.dispose()
    if shut:
        login, name = shut[0]
        more = f" (and {len(shut) - 1} more)" if len(shut) > 1 else ""
        return Finding(RIGHTS, "fail", f"{login} may not read {name}{more}", "run `star migrate`: it grants what is missing")
    if not_ours:
        fix = f"as a superuser, GRANT {not_ours[0]} TO this user, or have STAR_DATABASE_URL name the user who migrated"
        return Finding(RIGHTS, "warn", f"this user may not act as {', '.join(not_ours)}: the next `star migrate` fails", fix)
    return Finding(RIGHTS, "ok", "each service may read its tables, and this user may migrate them")
