"""Rehearsals over the API: crossings that the notifier has handled are played again by other choices. Nothing goes."""

from datetime import timedelta
from typing import Any

from tests.integration.notifier.conftest import MERE, WIREMU, Desk, Visitor
from tests.support.crossings import SCHOOL, STUDENT, STUDENT_ID, down, up

PATH = f"/v1/schools/{SCHOOL}/letters/what-if"


async def asked(visitor: Visitor, **body: Any) -> dict[str, Any]:
    answer = await visitor.http.post(PATH, json=body, headers=visitor.headers("star:read", role="manage"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def changes(found: dict[str, Any]) -> dict[str, int]:
    return {one["change"]: one["letters"] for one in found["changes"] if one["letters"]}


async def past(desk: Desk) -> None:
    """Three students of the last weeks: one reached 5 and then 10, one was at 5 for an hour and a half, one has nobody to write to."""
    await desk.school()
    await desk.roster([desk.joined(MERE, WIREMU), desk.joined(MERE, student="2"), desk.joined(student="3")])
    await desk.say(up(5, 11, to="yellow"), up(5, 10, to="yellow", student="2"), up(5, 12, to="yellow", student="3"))
    desk.passes(timedelta(hours=1))
    await desk.work()
    desk.passes(timedelta(minutes=30))
    await desk.say(down(5, 9, to="green", student="2", said_at=desk.now))
    desk.passes(timedelta(days=7))
    await desk.say(up(10, 20, to="orange", said_at=desk.now))
    desk.passes(timedelta(hours=1))
    await desk.work()


async def test_the_choices_in_force_are_played_as_they_went(desk: Desk, visitor: Visitor) -> None:
    await past(desk)
    went = len(desk.mail())
    found = await asked(visitor)
    assert (found["crossings"], found["left_out"], changes(found)) == (4, 0, {"same": 4})
    assert found["before"] == found["after"]
    assert found["before"] == {
        "letters": 3,
        "kept_back": 0,
        "no_contact": 1,
        "copies": 5,
        "steps": [{"threshold": 5, "letters": 2}, {"threshold": 10, "letters": 1}, {"threshold": 15, "letters": 0}],
    }
    # As many e-mails as went: the rehearsal says what was, and sends nothing.
    assert went == 5
    await desk.work()
    assert len(desk.mail()) == went
    first = next(line for line in found["items"] if (line["student"], line["threshold"]) == (STUDENT, 5))
    letter = {
        "goes_at": "2026-11-20T03:00:00Z",
        "outcome": "goes",
        "copies": [{"channel": "email", "language": "en", "words": "house"}] * 2,
    }
    assert first == {
        "student": STUDENT,
        "student_id": str(STUDENT_ID),
        "name": "Tāne Ngata",
        "year_level": None,
        "term": "2026-T4",
        "threshold": 5,
        "change": "same",
        "before": letter,
        "after": letter,
    }


async def test_another_policy_shows_who_would_have_got_what(desk: Desk, visitor: Visitor) -> None:
    await past(desk)
    # After two hours' wait the second student's letter had been taken back.
    found = await asked(visitor, policy={"hold": "PT2H"})
    assert changes(found) == {"gone": 1, "later": 3}
    assert (found["items"][0]["student"], found["items"][0]["change"]) == ("2", "gone")
    assert changes(await asked(visitor, policy={"thresholds": [10]})) == {"gone": 3, "same": 1}
    assert changes(await asked(visitor, policy={"recipients": "first"})) == {"recipients": 2, "same": 2}
    # Every letter that somebody would get waits for a person.
    waits = await asked(visitor, policy={"daily_cap": 0})
    assert (changes(waits), waits["after"]["kept_back"], waits["after"]["copies"]) == ({"outcome": 3, "same": 1}, 3, 0)
    assert (await visitor.http.get(f"/v1/schools/{SCHOOL}/letter-policy", headers=visitor.headers("star:read"))).json()["version"] == 0


async def test_other_words_show_whom_they_would_reach(desk: Desk, visitor: Visitor) -> None:
    await past(desk)
    words = [{"threshold": 10, "subject": "{{ child }}", "body": "{{ child }} has been away for {{ days }}."}]
    found = await asked(visitor, words=words)
    assert changes(found) == {"words": 1, "same": 3}
    assert found["items"][0]["after"]["copies"] == [{"channel": "email", "language": "en", "words": "proposed"}] * 2
    refused = await visitor.http.post(
        PATH,
        json={"words": [{"threshold": 10, "subject": "x", "body": "{{ nobody }}"}]},
        headers=visitor.headers("star:read", role="manage"),
    )
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (422, "bad-template")
    twice = await visitor.http.post(PATH, json={"words": words * 2}, headers=visitor.headers("star:read", role="manage"))
    assert twice.status_code == 422


async def test_only_the_weeks_that_are_asked_for_are_played_and_the_answer_has_a_bound(desk: Desk, visitor: Visitor) -> None:
    await past(desk)
    desk.passes(timedelta(days=5))
    # The crossings at 5 are twelve days ago, the one at 10 five.
    assert [line["threshold"] for line in (await asked(visitor, weeks=1))["items"]] == [10]
    found = await asked(visitor, policy={"thresholds": [10]}, limit=1)
    assert (len(found["items"]), found["left_out"], found["items"][0]["change"]) == (1, 3, "gone")
    desk.passes(timedelta(weeks=12))
    assert (await asked(visitor))["items"] == []


async def test_a_look_is_on_record_and_for_those_who_manage_the_school(desk: Desk, visitor: Visitor) -> None:
    await past(desk)

    async def status(*scopes: str, **token: Any) -> int:
        return (await visitor.http.post(PATH, json={}, headers=visitor.headers(*scopes, **token))).status_code

    assert await status("star:read", role="respond") == 403
    assert await status("star:write", role="manage") == 403
    assert await status("star:read", role="manage", groups=("10A",)) == 403
    assert await status("star:read", role="manage", schools=("0189",)) == 403
    assert await status("star:read", role="manage") == 200
    rows = await desk.rows("SELECT cardinality(student_ids) FROM audit WHERE action = 'rehearse-letters'")
    assert [tuple(row) for row in rows] == [(3,)]
