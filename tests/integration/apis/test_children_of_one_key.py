"""When a school has given a child's key to another child, no answer calls the first child by the bare key, which leads to the other."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from shared.db.engine import create_engine
from shared.identifiers import student_id
from shared.key_holders import repository as key_holders
from shared.key_holders.naming import FRESH
from shared.key_holders.repository import Holder
from tests.integration.apis.test_on_record import ON_RECORD, STUDENT_BODIES
from tests.integration.apis.world import EVERYTHING, OWN, STUDENT, World
from tests.integration.thresholds.conftest import NOW

FIRST: Final = f"{STUDENT}~1"
ASKING: Final = {
    "POST /v1/schools/{school}/letters/what-if",
    "POST /v1/schools/{school}/star-settings/what-if",
}
"""Requests that change nothing, though they are posted."""

TELLING: Final = {
    "GET /v1/schools/{school}/students",
    "GET /v1/schools/{school}/students/{student}/attendance",
    "GET /v1/schools/{school}/star-records",
    "GET /v1/star-records/{record_id}",
    "GET /v1/schools/{school}/students/{student}/contacts",
    "GET /v1/schools/{school}/students/{student}/meetings",
    "GET /v1/schools/{school}/students/{student}/support-plans",
    "GET /v1/schools/{school}/students/{student}/replies",
    "GET /v1/schools/{school}/deliveries",
    "GET /v1/deliveries/{delivery}",
    "GET /v1/uploads/{upload}",
}
"""Some of the operations whose answers are certain to be about the child."""


async def test_no_answer_calls_the_first_child_by_the_key(world: World) -> None:
    for schema in ("thresholds", "notifier", "moe_sync"):
        engine = create_engine(world.desk.settings.database_url, schema, pool_size=1)
        async with engine.begin() as connection:
            await key_holders.keep(connection, [Holder(OWN, STUDENT, f"{STUDENT}~2", NOW)])
        await engine.dispose()
    await asyncio.sleep(FRESH)

    own = world.apis.token(*EVERYTHING)
    told = set()
    for operation in world.apis.of_api():
        if operation.key not in ON_RECORD or not (operation.method == "GET" or operation.key in ASKING):
            continue
        named = {"school": OWN} | world.ids[OWN] | {"student": FIRST}
        body = {"json": STUDENT_BODIES[operation.key]} if operation.key in ASKING else {}
        answer = await world.apis.send(operation, operation.at(**named), own, **body)
        assert answer.is_success, (operation.key, answer.text)
        # A file stays what it was when it was sent or signed; ingest says what the school said.
        is_file = "content-disposition" in answer.headers
        if is_file or answer.headers["content-type"] != "application/json" or operation.service == "ingest":
            continue
        for about in objects(answer.json()):
            if "student" in about and about["student"] is not None:
                assert about["student"] != STUDENT, (operation.key, about)
                if about.get("student_id") == str(student_id(OWN, STUDENT)):
                    assert about["student"] == FIRST, (operation.key, about)
                    told.add(operation.key)
    assert told >= TELLING


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Each object of a JSON document, those within others too."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(part)
