"""Whether a schema is at this release's last migration."""

from importlib.resources import files

from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.migrate import Tree


async def lacks_migrations(connection: AsyncConnection, tree: Tree) -> bool:
    """Whether migrations of this release are still to be made in the tree's schema; the connection acts as its role.

    A schema that a newer release has migrated lacks none: the old release may run beside it. Raises DBAPIError where there is no schema.
    """
    revision = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    scripts = ScriptDirectory(str(files(tree.package) / "migrations"))
    if revision in scripts.get_heads():
        return False
    return revision is None or revision in {script.revision for script in scripts.walk_revisions()}
