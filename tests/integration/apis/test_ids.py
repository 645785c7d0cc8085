"""Every operation whose path has an id: another school's answers as one that does not exist, and one's own is there."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

from tests.integration.apis.four_apis import NOBODY, UNNAMED, Operation
from tests.integration.apis.world import EVERYTHING, OTHER, OWN, World
from tests.support.statements import before_answers

BODIES: Final[Mapping[str, Any]] = {
    "PATCH /v1/star-records/{record_id}": {"assigned_to": "Ms Example"},
    "POST /v1/star-records/{record_id}/responses": {
        "activity": "conversation-with-whanau",
        "occurred_on": "2026-11-19",
        "staff": "Ms Example",
    },
    "PATCH /v1/star-records/{record_id}/responses/{response_id}": {"staff": "Mr Example"},
    "PUT /v1/star-records/{record_id}/hold": {"reason": "the family asked"},
    "PATCH /v1/meetings/{meeting_id}": {"place": "the library"},
    "PATCH /v1/support-plans/{plan_id}": {"barriers": ["the family asked for a bus"]},
    "POST /v1/support-plans/{plan_id}/reviews": {"on": "2026-11-20", "staff": "Mr Example"},
    "PATCH /v1/replies/{reply_id}": {"status": "settled"},
    "POST /v1/deliveries/{delivery}/resend": {"reason": "it was lost"},
    "POST /v1/deliveries/{delivery}/cancel": {"reason": "it was lost"},
    "POST /v1/printings/{printing_id}/posted": {"on": "2026-11-20"},
    "PATCH /v1/subscriptions/{subscription_id}": {"state": "active"},
    "POST /v1/subscriptions/{subscription_id}/replay": {"from": "2026-10-19T00:00:00+13:00"},
    "POST /v1/uploads/{upload}/mark-sent": {"receipt": "R-1"},
    "POST /v1/schools/{school}/identity-questions/{question}": {"decision": "another-child"},
    "POST /v1/schools/{school}/held-changes/{change_id}/discard": {"why": "a wrong export"},
}
IN_ORDER: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def has_an_id(operation: Operation) -> bool:
    return any(name not in UNNAMED and name != "name" for name in operation.parameters)


def shown(answer: httpx.Response) -> tuple[int, str, dict[str, str]]:
    """All that an answer tells, but the time."""
    return answer.status_code, answer.text, {name: value for name, value in answer.headers.items() if name != "date"}


async def test_another_schools_is_not_there(world: World) -> None:
    """In status, body and time: the same statements take the same time, and a time by itself would be a measure of the machine."""
    own = world.apis.token(*EVERYTHING, subject=f"system-{OWN}")
    walked = [operation for operation in world.apis.of_api() if has_an_id(operation)]
    with before_answers() as seen:

        async def asked(operation: Operation, **named: str) -> tuple[tuple[int, str, dict[str, str]], list[str]]:
            """The content of an answer, and the statements that it took."""
            seen.clear()
            body = {"json": BODIES[operation.key]} if operation.key in BODIES else {}
            answer = shown(await world.apis.send(operation, operation.at(**named), own, **body))
            return answer, list(seen)

        for operation in walked:
            ids = [name for name in operation.parameters if name in world.ids[OWN]]
            assert ids, f"{operation.key}: the world has no such thing"
            file = {"name": world.ids[OWN]["name"]}
            nobodys = {name: NOBODY for name in ids} | file  # noqa: C420
            others = {name: quote(world.ids[OTHER][name]) for name in ids} | file
            # What a service keeps of its tables for a while is there after the first request.
            assert (await asked(operation, **nobodys))[0][0] == 404, operation.key
            missing = await asked(operation, **nobodys)
            if await asked(operation, **others) != missing:
                # Or is looked up anew for one of the two.
                missing = await asked(operation, **nobodys)
                assert await asked(operation, **others) == missing, operation.key
            if operation.path.endswith("{response_id}"):
                mixed = {"record_id": world.ids[OWN]["record_id"]}
                await asked(operation, **nobodys | mixed)
                assert await asked(operation, **others | mixed) == await asked(operation, **nobodys | mixed)
            # The least that an id takes is a look whose it is.
            assert missing[1], operation.key
    assert len(walked) >= 30


async def test_ones_own_is_there(world: World) -> None:
    own = world.apis.token(*EVERYTHING, subject=f"system-{OWN}")
    walked = [operation for operation in world.apis.of_api() if has_an_id(operation)]
    for operation in sorted(walked, key=lambda operation: IN_ORDER.index(operation.method)):
        if operation.path == "/v1/schools/{school}/subscriptions/{subscription_id}":
            # The partner has ended it by then: the listeners' own tests cut one off.
            continue
        body = {"json": BODIES[operation.key]} if operation.key in BODIES else {}
        answer = await world.apis.send(operation, operation.at(**world.ids[OWN]), own, **body)
        assert answer.status_code < 500, (operation.key, answer.text)
        assert answer.status_code not in {403, 404, 422}, (operation.key, answer.text)


async def test_a_student_outside_ones_part_has_no_record_and_no_letter(world: World) -> None:
    """A record's id follows from its student, so 403 would say that the child has a record."""
    tutor = world.apis.token(*EVERYTHING, groups=["9Z"])
    for operation in world.apis.of_api():
        of_a_student = ("/v1/star-records/", "/v1/meetings/", "/v1/support-plans/", "/v1/replies/")
        if not operation.path.startswith(of_a_student) and operation.key != "GET /v1/deliveries/{delivery}":
            continue
        body = {"json": BODIES[operation.key]} if operation.key in BODIES else {}
        nobody = shown(await world.apis.send(operation, operation.at(), tutor, **body))
        assert nobody[0] == 404, operation.key
        for school in (OWN, OTHER):
            assert shown(await world.apis.send(operation, operation.at(**world.ids[school]), tutor, **body)) == nobody
