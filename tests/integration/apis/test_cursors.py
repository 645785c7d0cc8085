"""No cursor holds a name: it stands in addresses, which proxies log and browsers keep."""

import base64
from collections.abc import Iterator

from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import StudentUpdated
from shared.identifiers import student_id
from tests.integration.apis.four_apis import Operation
from tests.integration.apis.world import EVERYTHING, OWN, World
from tests.integration.thresholds.conftest import NOW, absences

NAMES = ("hemi", "example", "mere", "zed")


def orders(operation: Operation) -> Iterator[dict[str, str]]:
    """The ways to ask for a list: each of its orders, where it has some."""
    parameters = {parameter["name"]: parameter["schema"] for parameter in operation.document.get("parameters", [])}
    if "cursor" in parameters:
        for order in parameters.get("sort", {}).get("enum", [None]):
            yield {"limit": "1"} | ({} if order is None else {"sort": order})


async def test_no_cursor_of_any_list_holds_a_name(world: World) -> None:
    who = student_id(OWN, "2")
    zed = StudentUpdated(school=OWN, student="2", student_id=who, given_name="Mere", family_name="Zed", updated_at=NOW)
    await world.heart.roster_handler([world.heart.event(STUDENT_UPDATED, str(who), zed)])
    await world.heart.post(absences(10, student="2"), OWN)
    token = world.apis.token(*EVERYTHING, schools=("*",), subject="everybody")
    led_on = []
    for operation in world.apis.of_api():
        for asked in orders(operation):
            path = operation.at(**world.ids[OWN])
            answer = await world.apis.send(operation, path, token, params=asked)
            # A list that wants more than an order is asked by its own tests.
            cursor = answer.json().get("next") if answer.is_success else None
            if isinstance(cursor, str) and operation.path != "/v1/events":
                led_on.append((operation.key, asked.get("sort")))
                opened = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).lower()
                assert not [name for name in NAMES if name.encode() in opened], (operation.key, asked)
                assert (await world.apis.send(operation, path, token, params=asked | {"cursor": cursor})).status_code == 200
    assert {("GET /v1/schools/{school}/students", order) for order in ("name", "change", "-change")} <= {*led_on}
    assert ("GET /v1/schools/{school}/star-records", "name") in led_on
    assert len({key for key, _ in led_on}) >= 10
