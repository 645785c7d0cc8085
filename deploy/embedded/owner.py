"""The roles of the embedded database: its owner, which migrates, may make roles and is no superuser, and the services' logins."""

from typing import Final

from deploy.embedded.postgres import as_role
from deploy.embedded.trees import SERVICE_TREES
from shared.db.engine import connect
from shared.db.logins import login_of

OWNER: Final = "star_owner"


def logins(superuser_url: str) -> dict[str, str]:
    """The settings with the addresses of the embedded database: the owner's, and one for each service."""
    of_services = {f"{tree.schema}_database_url": as_role(superuser_url, login_of(tree.schema)) for tree in SERVICE_TREES}
    return {"database_url": as_role(superuser_url, OWNER), **of_services}


async def make_owner(superuser_url: str) -> None:
    """Makes the role, and gives it the database and the roles that a release before made without it. Needed once, safe to repeat."""
    connection = await connect(superuser_url, {"application_name": "star-owner"})
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", OWNER):
            await connection.execute(f"CREATE ROLE {OWNER} LOGIN CREATEROLE")
        owned = "SELECT pg_get_userbyid(datdba) = $1 FROM pg_database WHERE datname = current_database()"
        if not await connection.fetchval(owned, OWNER):
            database = await connection.fetchval("SELECT quote_ident(current_database())")
            await connection.execute(f"ALTER DATABASE {database} OWNER TO {OWNER}")
        others = await connection.fetch(
            """
            SELECT quote_ident(rolname) AS role FROM pg_roles r
            WHERE starts_with(rolname, 'star_') AND rolname <> $1
                AND NOT EXISTS (SELECT FROM pg_auth_members m WHERE m.roleid = r.oid AND pg_get_userbyid(m.member) = $1 AND m.admin_option)
            """,
            OWNER,
        )
        for other in others:
            await connection.execute(f"GRANT {other['role']} TO {OWNER} WITH ADMIN OPTION")
    finally:
        await connection.close()
