"""From a `star run` of this release back to one of the release before, on the same data folder."""

from pathlib import Path

from deploy.embedded.data_folder import locked
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.trees import REVISIONS
from shared.db.engine import create_owner_engine
from shared.db.stepping_back import step_back


async def go_back(data: Path, version: str) -> None:
    """Makes the stopped data folder one that this release starts on. Raises NoWayBackError, DataFolderInUseError, KeyError."""
    with locked(data):
        server = EmbeddedPostgres(data / "postgres")
        engine = create_owner_engine(server.start())
        try:
            async with engine.begin() as connection:
                await step_back(connection, REVISIONS[version])
        finally:
            await engine.dispose()
            server.stop()
