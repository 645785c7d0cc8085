"""Statements and good news: letters that are about no threshold, by the same hold, window, cap and holds as the others."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.notifier.letters.policy import Policy
from shared.bus.headers import headers_from_text
from shared.bus.interface import Message
from shared.events.catalogue import LETTERS_HELD
from shared.events.data import Caregiver, LettersHeld, StatementsRequested
from shared.events.envelope import Event, decode, new_event_id
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk, Visitor
from tests.support.crossings import SAID_AT, SCHOOL, STUDENT, STUDENT_ID, TERM, days, stands, statement, up

MONDAY = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
"""Nine in the morning of Monday, 23 November, at the school: the seventh week of its term."""

ALL: Any = {"good_news": {"back_on_track": 10, "full_term": True}, "statement": {"every": "fortnight"}}


async def asked(desk: Desk) -> list[StatementsRequested]:
    """The questions in the outbox, in order."""
    rows = await desk.rows("SELECT topic, key, value, headers FROM outbox WHERE topic = 'star.statement-requests.v1' ORDER BY id")
    events = [decode(Message(row.topic, 0, 0, row.key, row.value, headers_from_text(row.headers))) for row in rows]
    return [event.data for event in events if isinstance(event, Event) and isinstance(event.data, StatementsRequested)]


async def told(desk: Desk, *events: Event) -> None:
    """One batch of statements, and the end of the hold."""
    await desk.statements([desk.message(event.encode()) for event in events])
    desk.passes(HOLD)
    await desk.work()


async def letters(desk: Desk) -> list[tuple[str, str, str | None]]:
    rows = await desk.rows("SELECT occasion, state, reason FROM letters WHERE occasion IS NOT NULL ORDER BY created_at, id")
    return [tuple(row) for row in rows]


async def test_a_school_asks_on_the_first_day_of_a_week_and_once(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(**ALL)
    known.now = MONDAY - timedelta(seconds=1)
    await known.work()
    assert await asked(known) == []
    known.now = MONDAY
    await known.work()
    await known.work()
    monday: Any = {"school": SCHOOL, "term": TERM, "on": date(2026, 11, 23), "clear_days": 10, "requested_at": MONDAY}
    assert await asked(known) == [
        StatementsRequested(occasion="statement", **monday),
        StatementsRequested(occasion="back-on-track", **monday),
    ]
    # Statements go each fortnight, and good news each week.
    known.now = MONDAY + timedelta(days=7)
    await known.work()
    assert [(question.occasion, question.on.day) for question in await asked(known)][2:] == [("back-on-track", 30)]


async def test_the_whole_term_is_asked_for_after_its_end(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(good_news={"full_term": True}, statement={"every": "term", "compare": True})
    known.now = datetime(2026, 12, 20, 20, 0, tzinfo=UTC)
    await known.work()
    assert [(question.occasion, question.on, question.compared) for question in await asked(known)] == [
        ("statement", date(2026, 12, 21), True),
        ("full-term", date(2026, 12, 21), True),
    ]
    # No school day comes before the term's letters are over: any day does.
    await told(known, statement("full-term", [], on=date(2026, 12, 21), said_at=known.now))
    assert [mail["subject"] for mail in known.mail()] == ["Tāne was at school for all of Term 4"] * 2


async def test_a_school_that_chose_nothing_asks_nothing_and_gets_no_letter(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(daily_cap=7)
    known.now = MONDAY
    await known.work()
    assert await asked(known) == []
    await told(known, statement("statement", days(1)))
    assert (await letters(known), known.mail()) == ([], [])


async def test_a_statement_has_the_childs_own_days_and_no_comparison(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(**ALL)
    await told(known, statement("statement", days(2)))
    assert len(known.mail()) == 2
    mail = known.mail()[0]
    assert mail["subject"] == "How Tāne stands in Term 4"
    assert "2 days" in mail["text"]
    assert "Mon 2 to Tue 3 Nov (2 days)" in mail["text"]
    assert "average" not in mail["text"]
    assert "5, 10 and 15 days" not in mail["text"]
    (page,) = [item for item in (await visitor.deliveries())["items"] if item["recipient"] == MERE.email]
    assert (page["threshold"], page["occasion"], page["status"], page["can_be_corrected"]) == (None, "statement", "sent", False)


async def test_the_average_stands_beside_the_number_where_the_school_compares(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(statement={"every": "fortnight", "compare": True})
    await told(known, statement("statement", [], average=2.5))
    assert "On average, students of Ōtaki Example College have been away for 2.5 days in Term 4." in " ".join(
        known.mail()[0]["text"].split()
    )


async def test_a_statement_that_waits_says_what_is_so_when_it_goes(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(**ALL)
    await known.statements([known.message(statement("statement", days(5), standing=1).encode())])
    await known.stands(stands(days(6), 2))
    known.passes(HOLD)
    await known.work()
    assert "6 days" in known.mail()[0]["text"]


async def test_a_statement_waits_beside_a_letter_about_a_threshold(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(**ALL)
    await known.say(up(5, 10, to="yellow"))
    await told(known, statement("statement", days(5)))
    assert sorted(mail["subject"] for mail in known.mail()) == ["Attendance in Term 4"] * 2 + ["How Tāne stands in Term 4"] * 2


async def test_good_news_that_is_no_longer_so_is_not_told(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(**ALL)
    news = statement("back-on-track", days(5), since=date(2026, 11, 9), standing=1)
    await known.statements([known.message(news.encode())])
    await known.stands(stands([*days(5), *days(1, first=date(2026, 11, 20))], 2))
    known.passes(HOLD)
    await known.work()
    assert (await letters(known), known.mail()) == ([("back-on-track", "past", "not-so-now")], [])


async def test_good_news_is_told_once_for_a_run_of_days_and_a_newer_statement_takes_an_older_ones_place(
    known: Desk, visitor: Visitor
) -> None:
    await visitor.policy(**ALL)
    first = statement("back-on-track", days(5), since=date(2026, 11, 9))
    again = statement("back-on-track", days(5), since=date(2026, 11, 9), on=date(2026, 11, 30))
    await told(known, first, first)
    await told(known, again)
    assert await letters(known) == [("back-on-track", "bound", None)]
    assert "since 9 November 2026" in " ".join(known.mail()[0]["text"].split())
    assert len(known.mail()) == 2
    await known.statements([known.message(statement("statement", days(5)).encode())])
    await told(known, statement("statement", days(5), on=date(2026, 12, 7)))
    assert sorted(await letters(known)) == [
        ("back-on-track", "bound", None),
        ("statement", "bound", None),
        ("statement", "cancelled", "newer"),
    ]
    assert len(known.mail()) == 4


async def test_nobody_who_must_not_be_written_to_gets_one(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    barred = Caregiver(name="Tama Example", email="tama@example.test", status="Non contact parent")
    silent = Caregiver(name="Hana Example", email="hana@example.test", notify=False)
    await desk.roster([desk.joined(barred, silent)])
    await visitor.policy(**ALL)
    await told(desk, statement("statement", days(1)))
    assert (await letters(desk), desk.mail()) == ([("statement", "past", "no-contact")], [])


async def test_staff_hold_it_and_the_days_cap_keeps_it_for_a_person(known: Desk, visitor: Visitor) -> None:
    await known.roster([known.joined(MERE, student="2"), known.joined(WIREMU, student="3")])
    await visitor.policy(**ALL, daily_cap=1)
    held = LettersHeld(school=SCHOOL, student=STUDENT, student_id=STUDENT_ID, term=TERM, held_at=SAID_AT)
    await known.holds([known.message(Event(LETTERS_HELD, new_event_id(), "/thresholds", SAID_AT, str(STUDENT_ID), held).encode())])
    await told(known, *(statement("statement", days(1), student=student) for student in (STUDENT, "2", "3")))
    assert sorted(state for _, state, _ in await letters(known)) == ["awaiting-release", "bound", "on-hold"]
    waiting: Any = await visitor.http.get(f"/v1/schools/{SCHOOL}/letters/waiting-release", headers=visitor.headers("star:read"))
    (letter,) = waiting.json()["items"]
    assert (letter["threshold"], letter["occasion"]) == (None, "statement")
    preview = await visitor.http.get(f"/v1/schools/{SCHOOL}/letters/{letter['id']}/preview", headers=visitor.headers("star:read"))
    assert preview.json()["copies"][0]["subject"].startswith("How Tāne stands")
    body = {"letters": [letter["id"]]}
    answer = await visitor.http.post(f"/v1/schools/{SCHOOL}/letters/release", json=body, headers=visitor.headers("star:write"))
    assert answer.json()["accepted"] == 1
    await known.work()
    assert len(known.mail()) == 2


async def test_a_student_who_leaves_gets_none(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(**ALL)
    await known.statements([known.message(statement("statement", days(1)).encode())])
    await known.roster([known.left()])
    known.passes(HOLD)
    await known.work()
    assert (await letters(known), known.mail()) == ([("statement", "cancelled", "student-left")], [])


async def test_the_schools_own_words_are_used(known: Desk, visitor: Visitor) -> None:
    await visitor.policy(**ALL)
    path = f"/v1/schools/{SCHOOL}/templates/statement"
    words = {"subject": "{{ child }}", "body": "{{ days }} away{% if school_average %}, {{ school_average }}{% endif %}."}
    answer = await visitor.http.put(path, json=words, headers=visitor.headers("star:write"))
    assert (answer.status_code, answer.json()["threshold"]) == (200, "statement")
    bad = words | {"body": "{{ threshold }}"}
    refused = await visitor.http.put(path, json=bad, headers=visitor.headers("star:write"))
    assert (refused.status_code, "threshold can be empty" in refused.text) == (422, True)
    await told(known, statement("statement", days(1)))
    assert "1 day away." in known.mail()[0]["text"]
    assert Policy().statement is None
