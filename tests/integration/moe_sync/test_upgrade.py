"""The migration to adapters, on a database that has been used: nothing is forgotten on the way up, and the way down works."""

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from deploy.embedded.trees import MOE_SYNC
from shared.db.engine import create_owner_engine
from shared.db.logins import owner_of
from shared.db.migrate import migrate
from tests.integration.moe_sync.office import CLOSE, Office
from tests.support.polling import eventually


def _downgrade(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL ROLE {owner_of('moe_sync')}"))
    connection.execute(text("SET LOCAL search_path TO moe_sync"))
    config = Config()
    config.set_main_option("script_location", "services/moe_sync/migrations")
    config.attributes["connection"] = connection
    config.attributes["schema"] = "moe_sync"
    command.downgrade(config, "0001")


async def test_down_and_up_again_with_what_is_there(office: Office) -> None:
    await office.publish(office.crossed(), office.responded(), office.crossed("678"))
    await office.fault(reject=["678"])
    await office.turn_to(CLOSE)
    await eventually(office.statuses, [("2026-W43", 1, "partly-accepted")])
    await office.stop()
    before = await office.sql("SELECT id, accepted FROM moe_sync.items ORDER BY id")
    windows = await office.sql("SELECT week, due_at FROM moe_sync.windows WHERE done_at IS NULL")
    contents = await office.sql("SELECT item_id, revision, content FROM moe_sync.versions ORDER BY 1, 2")

    engine = create_owner_engine(office.settings.database_url)
    async with engine.begin() as connection:
        await connection.run_sync(_downgrade)
    await engine.dispose()
    work = await office.sql("SELECT w.week, k.due_at FROM moe_sync.work k JOIN moe_sync.windows w USING (id) WHERE k.kind = 'window'")
    assert [tuple(row) for row in work] == [tuple(row) for row in windows] == [("2026-W44", windows[0]["due_at"])]
    assert "term" not in (await office.sql("SELECT content FROM moe_sync.versions LIMIT 1"))[0]["content"]

    await migrate(office.settings.database_url, [MOE_SYNC])
    assert await office.sql("SELECT id, accepted FROM moe_sync.items ORDER BY id") == before
    assert sorted(row["accepted"] for row in before) == [0, 1, 1]
    assert await office.sql("SELECT week, due_at FROM moe_sync.windows WHERE done_at IS NULL") == windows
    assert await office.sql("SELECT item_id, revision, content FROM moe_sync.versions ORDER BY 1, 2") == contents
    assert await office.sql("SELECT FROM moe_sync.work WHERE kind = 'window'") == []
    # And it works on.
    await office.fault(reject=[])
    await office.start()
    await office.publish(office.closed())
    await office.run()
    await eventually(office.statuses, [("2026-W43", 1, "partly-accepted"), ("2026-W43", 2, "accepted")])
    assert [record["change"] for record in (await office.at_ministry())[1]["records"]] == ["amended"]


async def test_the_lease_and_the_reading_are_there_from_the_start(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch("SELECT l.name, r.generation FROM moe_sync.leases l, moe_sync.readings r")
    await connection.close()
    assert [tuple(row) for row in rows] == [("schedule", 0)]
