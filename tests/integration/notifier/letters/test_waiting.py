"""Letters that wait: counted, looked at as they will go, let go and ended, many at once; and the list by what became of them."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed

from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk, Visitor
from tests.support.crossings import SCHOOL, up

LETTERS = f"/v1/schools/{SCHOOL}/letters"
SOON = timedelta(minutes=2)


async def crossed(desk: Desk, *students: str) -> None:
    """These students, each with a caregiver of their own and in a group of their own, pass the first threshold."""
    await desk.school()
    for student in students:
        caregiver = changed(MERE, email=f"caregiver-{student}@example.test")
        await desk.roster([desk.joined(caregiver, student=student, year_level=9, groups=[f"9{student}"])])
    await desk.say(*(up(5, 11, to="yellow", student=student) for student in students))


async def ids(visitor: Visitor, **query: Any) -> dict[str, str]:
    """The letters of a listing, by student."""
    return {item["student"]: item["letter_id"] for item in (await visitor.deliveries(**query))["items"]}


async def decide(visitor: Visitor, action: str, *letters: str, **more: Any) -> tuple[int, list[tuple[int, str]]]:
    answer = await visitor.http.post(
        f"{LETTERS}/{action}", json={"letters": list(letters), **more}, headers=visitor.headers("star:write", role="manage")
    )
    assert answer.status_code == 202, answer.text
    return answer.json()["accepted"], [(item["index"], item["reason"]) for item in answer.json()["rejected"]]


async def summary(visitor: Visitor, **who: Any) -> tuple[int, int, int, int]:
    answer = await visitor.http.get(f"{LETTERS}/summary", headers=visitor.headers("star:read", **who))
    assert answer.status_code == 200, answer.text
    numbers = answer.json()
    return numbers["waiting"], numbers["sent"], numbers["came_back"], numbers["ended"]


async def test_a_letter_is_let_go_before_its_time_and_another_is_ended(desk: Desk, visitor: Visitor) -> None:
    await crossed(desk, "1", "2", "3")
    waiting = await ids(visitor, group="waiting")
    assert await desk.work() == 0
    unknown = str(uuid.uuid4())
    assert await decide(visitor, "release", waiting["1"], unknown) == (1, [(1, "not-waiting")])
    assert await decide(visitor, "discard", waiting["2"], reason="the family was rung") == (1, [])
    assert await summary(visitor) == (2, 0, 0, 1)
    await desk.work()
    assert [mail["to"] for mail in desk.mail()] == [["caregiver-1@example.test"]]
    assert await summary(visitor) == (1, 1, 0, 1)
    assert await decide(visitor, "release", waiting["1"], waiting["2"]) == (0, [(0, "not-waiting"), (1, "not-waiting")])
    desk.passes(HOLD + SOON)
    await desk.work()
    assert sorted(mail["to"][0] for mail in desk.mail()) == ["caregiver-1@example.test", "caregiver-3@example.test"]
    assert await ids(visitor, group="ended") == {"2": waiting["2"]}
    assert set(await ids(visitor, group="sent", student=["1", "2"])) == {"1"}


async def test_a_letter_is_seen_as_it_will_go(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE, WIREMU)])
    await desk.say(up(5, 11, to="yellow"))
    (letter,) = (await ids(visitor)).values()
    answer = await visitor.http.get(f"{LETTERS}/{letter}/preview", headers=visitor.headers("star:read", role="manage"))
    preview = answer.json()
    assert (preview["name"], preview["threshold"], preview["absent_days"], preview["status"]) == ("Tāne Ngata", 5, 5.5, "held")
    assert [(copy["names"], copy["address"]) for copy in preview["copies"]] == [
        (["Mere Ngata"], "mere@example.test"),
        (["Wiremu Parata"], "wiremu@example.test"),
    ]
    desk.passes(HOLD)
    await desk.work()
    assert {mail["to"][0]: mail["text"].strip() for mail in desk.mail()} == {
        copy["address"]: copy["text"].strip() for copy in preview["copies"]
    }
    gone = await visitor.http.get(f"{LETTERS}/{letter}/preview", headers=visitor.headers("star:read", role="manage"))
    assert gone.status_code == 404
    assert (await visitor.http.get(f"{LETTERS}/{letter}/preview", headers=visitor.headers("star:read", role="view"))).status_code == 403


async def test_a_dean_sees_the_letters_of_their_own_students(desk: Desk, visitor: Visitor) -> None:
    await crossed(desk, "1", "2")
    dean = visitor.headers("star:read", role="view", groups=("91",))
    items = (await visitor.http.get(f"/v1/schools/{SCHOOL}/deliveries", headers=dean)).json()["items"]
    assert [(item["student"], item["name"], item["groups"], item["recipient"]) for item in items] == [("1", "Tāne Ngata", ["91"], None)]
    assert await summary(visitor, role="view", groups=("91",)) == (1, 0, 0, 0)
    assert await summary(visitor, role="view", groups=("year:9",)) == (2, 0, 0, 0)
    assert await summary(visitor, role="view", groups=("year:10",)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "body", [{"letters": []}, {"letters": ["x"]}, {"letters": [str(uuid.uuid4())]}, {"letters": [str(uuid.uuid4())], "reason": " "}]
)
async def test_an_end_has_a_reason(visitor: Visitor, body: dict[str, Any]) -> None:
    answer = await visitor.http.post(f"{LETTERS}/discard", json=body, headers=visitor.headers("star:write"))
    assert answer.status_code == 422
