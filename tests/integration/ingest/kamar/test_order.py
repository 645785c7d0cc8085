"""KAMAR's later document is newer, although our clock was set back meanwhile."""

import json
from datetime import datetime, timedelta

from tests.integration.ingest.conftest import NOW
from tests.integration.ingest.kamar.school import Kamar, document, sql, student


async def test_kamars_nightly_push_is_newer_than_what_a_clock_ahead_sent(kamar: Kamar) -> None:
    answer = await kamar.door.send("PUT", "/v1/schools/0999/students", json={"students": [{"student": "12345", "given_name": "Ana"}]})
    assert answer.status_code == 202
    # As if that had come by a clock that was a day ahead.
    await sql(kamar.settings, "UPDATE ingest.moments SET at = at + interval '1 day' WHERE name = '0999'")
    async with kamar.working():
        await kamar.send(document("full", "students", [student(12345, firstname="Anahera")]))
        await kamar.settled("done")
    told = [json.loads(message.value or b"{}") for message in await kamar.door.relayed()]
    assert [(data["given_name"], datetime.fromisoformat(data["updated_at"])) for data in told] == [
        ("Ana", NOW),
        ("Anahera", NOW + timedelta(days=1, microseconds=2)),
    ]


async def test_a_document_of_kamars_is_received_after_the_one_before(kamar: Kamar) -> None:
    await kamar.send(document("part", "students", [student(1)]))
    await sql(kamar.settings, "UPDATE ingest.moments SET at = at + interval '1 hour' WHERE name = '0999'")
    await kamar.send(document("part", "students", [student(2)]))
    first, second = await sql(kamar.settings, "SELECT received_at FROM ingest.kamar_documents ORDER BY number")
    assert (first["received_at"], second["received_at"]) == (NOW, NOW + timedelta(hours=1, microseconds=1))
