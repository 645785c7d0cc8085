"""A school's document stays one that the release before takes marks by."""

import json
from pathlib import Path

import asyncpg

from tests.integration.ingest.conftest import SCHOOL, Door

PATH = "/v1/schools/0999"
RELEASED = json.loads((Path(__file__).parents[4] / "docs" / "reference" / "released" / "0.1.0" / "ingest.json").read_text(encoding="utf-8"))
LATER = {
    "phone": "04 555 0100",
    "contact_name": "Ms Office",
    "postal_address": "1 Example Street, Nowhere 0000",
    "website": "https://kura.example",
    "deans": [{"group": "year:9", "name": "Ms Nine"}],
    "staff": {"people": [{"account": "lead", "name": "Mr Lead", "role": "manage"}]},
}


async def test_fields_that_the_release_before_refuses_stand_beside_its_document(door: Door) -> None:
    known = {"school", *RELEASED["components"]["schemas"]["SchoolIn"]["properties"]}
    (await door.send("PUT", PATH, json=SCHOOL | {"region": "Auckland"} | LATER)).raise_for_status()
    connection = await asyncpg.connect(door.settings.database_url)
    try:
        document, beside = await connection.fetchrow("SELECT document, beside FROM ingest.schools WHERE school = '0999'")
        assert set(json.loads(document)) <= known
        assert set(json.loads(beside)) == set(LATER)
        # The release before writes the document alone.
        await connection.execute('UPDATE ingest.schools SET document = document || \'{"name": "Other Kura"}\', updated_at = now()')
    finally:
        await connection.close()
    shown = (await door.send("GET", PATH)).raise_for_status().json()
    assert (shown["name"], shown["phone"], shown["deans"][0]["name"]) == ("Other Kura", "04 555 0100", "Ms Nine")
    (await door.send("PUT", PATH, json=SCHOOL | {"deans": []})).raise_for_status()
    again = (await door.send("GET", PATH)).raise_for_status().json()
    assert (again["phone"], again["deans"], again["staff"]["people"][0]["name"]) == (None, [], "Mr Lead")
