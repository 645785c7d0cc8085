"""A KAMAR document that failed, or never arrived, is kept for some days; that there was a document stays on file."""

import asyncio
from datetime import timedelta

from services.ingest.kamar.retention import retention_rules
from shared.db.engine import create_engine
from shared.retention import Retention
from tests.integration.ingest.conftest import NOW
from tests.integration.ingest.kamar.school import Kamar, rows_of, sql

KEPT = timedelta(days=3)


async def test_payloads_go_and_the_documents_stay_on_file(kamar: Kamar) -> None:
    # Broken off in the middle: it fails, and is kept for a person to look at.
    await kamar.send(b'{"SMSDirectoryData": {"sync": "part", "schools": [{"moeCode": "0999"}], "students": {"data": [{"id": 1}')
    async with kamar.working():
        await kamar.settled("failed")
    await sql(
        kamar.settings,
        f"""INSERT INTO ingest.kamar_documents (id, school, username, sync, received_at, state)
        VALUES (gen_random_uuid(), '0999', 'x', 'unknown', '{NOW.isoformat()}', 'arriving')""",
    )
    engine = create_engine(kamar.settings.database_url, "ingest", pool_size=1)

    async def deleted_after(age: timedelta) -> list[int]:
        rules = retention_rules(KEPT)[:2]
        retention = Retention("ingest", engine, rules, lambda: NOW + age)
        return [await retention.apply(rule, asyncio.Event()) for rule in rules]

    try:
        assert await deleted_after(KEPT - timedelta(seconds=1)) == [0, 0]
        assert await rows_of(kamar, "SELECT number FROM ingest.kamar_chunks") == 1
        assert await deleted_after(KEPT) == [1, 1]
        assert await deleted_after(KEPT) == [0, 0]
    finally:
        await engine.dispose()
    assert await rows_of(kamar, "SELECT number FROM ingest.kamar_chunks") == 0
    assert [document["state"] for document in await kamar.documents()] == ["failed"]
