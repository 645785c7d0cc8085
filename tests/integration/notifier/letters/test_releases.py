"""A flood of letters waits for a person: counted without a race, told once, and decided anew when it is let go."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed

from shared.db.listen import Wakeup
from shared.worklist.runner import Runner
from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.support.crossings import SCHOOL, down, up

PATH = f"/v1/schools/{SCHOOL}/letters/waiting-release"
SOON = timedelta(minutes=2)
NO_LETTER = "8b1f0c0e-5d0f-5a3e-9a53-53ae5c1d7a10"


async def crossed(desk: Desk, count: int) -> None:
    """That many students, each with a caregiver of their own, pass the first threshold at once."""
    await desk.school()
    students = [str(number) for number in range(count)]
    await desk.roster([desk.joined(changed(MERE, email=f"caregiver-{student}@example.test"), student=student) for student in students])
    await desk.say(*(up(5, 10, to="yellow", student=student) for student in students))
    desk.passes(HOLD)


async def states(desk: Desk) -> Counter[str]:
    return Counter(state for _, state, _ in await desk.letters())


async def waiting(visitor: Visitor, **query: Any) -> dict[str, Any]:
    answer = await visitor.http.get(PATH, params=query, headers=visitor.headers("star:read"))
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def decide(visitor: Visitor, action: str, **body: Any) -> dict[str, Any]:
    answer = await visitor.http.post(f"{PATH}/{action}", json=body, headers=visitor.headers("star:write"))
    assert answer.status_code == 200, answer.text
    decided: dict[str, Any] = answer.json()
    return decided


def families(desk: Desk) -> list[str]:
    return sorted(mail["to"][0] for mail in desk.mail() if mail["to"][0].startswith("caregiver-"))


def alarms(desk: Desk) -> list[str]:
    return [mail["subject"] for mail in desk.mail() if mail["to"] == ["office@otaki.example.nz"]]


async def test_a_mass_correction_does_not_mail_the_whole_school(desk: Desk, visitor: Visitor) -> None:
    await visitor.policy(daily_cap=50)
    await crossed(desk, 500)
    runners = [Runner("notifier", desk.engine, desk.tasks, Wakeup(), clock=desk.clock) for _ in range(2)]
    while sum(await asyncio.gather(*(runner.run_once() for runner in runners))):
        pass

    assert await states(desk) == {"bound": 50, "awaiting-release": 450}
    assert len(families(desk)) == 50
    page = await waiting(visitor, limit=2)
    assert (len(page["items"]), page["total"]) == (2, 450)
    assert page["counts"] == [{"day": "2026-11-20", "threshold": 5, "occasion": None, "letters": 450}]

    desk.passes(SOON)
    await desk.work()
    assert alarms(desk) == ["450 letters wait for you at Ōtaki Example College"]

    # Whatever else falls due on that day waits too, without another alarm.
    await desk.roster([desk.joined(MERE, student="late")])
    await desk.say(up(5, 10, to="yellow", student="late"))
    desk.passes(HOLD)
    await desk.work()
    desk.passes(SOON)
    await desk.work()
    assert await states(desk) == {"bound": 50, "awaiting-release": 451}
    assert len(alarms(desk)) == 1

    assert await decide(visitor, "release", all=True) == {"letters": 451, "waiting": 0}
    assert await decide(visitor, "release", all=True) == {"letters": 0, "waiting": 0}
    await desk.work()
    assert await states(desk) == {"bound": 501}
    assert families(desk) == sorted(f"caregiver-{number}@example.test" for number in range(500))
    assert [mail["to"] for mail in desk.mail()].count(["mere@example.test"]) == 1
    assert await visitor.notices() == [("release", "sent", None)]

    # Once a person has decided, what comes to wait is news again.
    await desk.roster([desk.joined(MERE, student="later")])
    await desk.say(up(5, 10, to="yellow", student="later"))
    desk.passes(HOLD)
    await desk.work()
    desk.passes(SOON)
    await desk.work()
    assert alarms(desk)[1:] == ["1 letter waits for you at Ōtaki Example College"]


async def test_what_is_taken_back_meanwhile_is_not_sent(desk: Desk, visitor: Visitor) -> None:
    await visitor.policy(daily_cap=0)
    await crossed(desk, 3)
    await desk.work()
    assert await states(desk) == {"awaiting-release": 3}

    await desk.say(down(5, 9, to="green", student="0"), up(10, 20, to="orange", student="1"))
    assert [item["threshold"] for item in (await waiting(visitor))["items"]].count(10) == 1
    assert await decide(visitor, "release", all=True) == {"letters": 2, "waiting": 0}
    desk.passes(HOLD)
    await desk.work()

    assert sorted(await desk.letters(), key=str) == [(10, "bound", None), (5, "bound", None), (5, "cancelled", "retracted")]
    assert families(desk) == ["caregiver-1@example.test", "caregiver-2@example.test"]


async def test_chosen_letters_and_a_discard(desk: Desk, visitor: Visitor) -> None:
    await visitor.policy(daily_cap=0)
    await crossed(desk, 3)
    await desk.work()
    items = {item["student"]: item["id"] for item in (await waiting(visitor))["items"]}

    assert await decide(visitor, "release", letters=[items["0"], NO_LETTER]) == {"letters": 1, "waiting": 2}
    assert await decide(visitor, "discard", all=True, reason="the roll of 9A was entered for 9B") == {"letters": 2, "waiting": 0}
    await desk.work()

    assert families(desk) == ["caregiver-0@example.test"]
    assert sorted(await desk.letters(), key=str) == [(5, "bound", None), (5, "past", "discarded"), (5, "past", "discarded")]
    kept = await desk.rows("SELECT action, letters, reason, decided_by FROM releases ORDER BY letters")
    assert [tuple(row) for row in kept] == [("released", 1, None, "test"), ("discarded", 2, "the roll of 9A was entered for 9B", "test")]

    # What was discarded is not told later; what comes after it is.
    await desk.say(up(10, 20, to="orange", student="1"))
    desk.passes(HOLD)
    await desk.work()
    assert (await waiting(visitor))["counts"] == [{"day": "2026-11-20", "threshold": 10, "occasion": None, "letters": 1}]


async def test_what_waited_too_long_is_past(desk: Desk, visitor: Visitor) -> None:
    await visitor.policy(daily_cap=0)
    await crossed(desk, 1)
    await desk.work()
    desk.passes(timedelta(days=14))
    await decide(visitor, "release", all=True)
    await desk.work()

    assert families(desk) == []
    assert await desk.letters() == [(5, "past", "too-late")]


async def test_the_next_day_counts_anew(desk: Desk, visitor: Visitor) -> None:
    await visitor.policy(daily_cap=2)
    await crossed(desk, 3)
    await desk.work()
    desk.passes(timedelta(days=1))
    await desk.roster([desk.joined(MERE, student="late")])
    await desk.say(up(5, 10, to="yellow", student="late"))
    desk.passes(HOLD)
    await desk.work()

    assert await states(desk) == {"bound": 3, "awaiting-release": 1}


async def test_the_alarm_waits_for_somebody_to_tell(desk: Desk, visitor: Visitor) -> None:
    await visitor.policy(daily_cap=0)
    await crossed(desk, 1)
    await desk.school(contact_email=None, updated_at=desk.now)
    desk.passes(SOON)
    await desk.work()
    desk.passes(SOON)
    await desk.work()
    assert await visitor.notices() == [("release", "no-contact", "the school has no contact address")]

    await desk.school()
    await desk.work()
    assert alarms(desk) == ["1 letter waits for you at Ōtaki Example College"]
    assert await visitor.notices() == [("release", "sent", None)]


async def test_a_student_who_leaves_waits_no_longer(desk: Desk, visitor: Visitor) -> None:
    await visitor.policy(daily_cap=0)
    await crossed(desk, 1)
    await desk.work()
    await desk.roster([desk.left("0")])

    assert (await waiting(visitor))["items"] == []
    assert await desk.letters() == [(5, "cancelled", "student-left")]


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("release", {}),
        ("release", {"all": True, "letters": [NO_LETTER]}),
        ("release", {"all": False}),
        ("release", {"letters": []}),
        ("release", {"all": True, "reason": "a release has none"}),
        ("discard", {"all": True}),
        ("discard", {"all": True, "reason": "  "}),
    ],
)
async def test_what_is_not_understood(visitor: Visitor, action: str, body: dict[str, Any]) -> None:
    answer = await visitor.http.post(f"{PATH}/{action}", json=body, headers=visitor.headers("star:write"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_who_may_release(visitor: Visitor) -> None:
    async def status(action: str, **token: Any) -> int:
        headers = visitor.headers(token.pop("scope", "star:write"), **token)
        return (await visitor.http.post(f"{PATH}/{action}", json={"all": True, "reason": "a good one"}, headers=headers)).status_code

    assert await status("discard", role="respond") == 403
    assert await status("discard", role="manage") == 200
    assert await status("release", role="respond") == 403
    assert await status("discard", scope="star:read") == 403
    assert await status("discard", schools=("0189",)) == 403
    assert (await visitor.http.get(PATH, headers=visitor.headers("star:read", schools=("0189",)))).status_code == 403
    assert (await visitor.http.get(PATH)).status_code == 401
