"""The letters that past crossings would have brought. The term is 2026-T4 at a school in Auckland's time, 13 hours ahead of UTC."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest

from services.notifier.contacts.sending_window import Window
from services.notifier.letters.policy import Hold, Policy
from services.notifier.rehearsals.history import PastCrossing, facts_of
from services.notifier.rehearsals.replaying import Outcome, Rehearsed, Rules, letters_of, outcomes
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.tiers import Threshold
from shared.events.data import ThresholdCrossed
from shared.identifiers import student_id

T4 = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
CALENDAR = SchoolCalendar((T4,), frozenset())
WHO = student_id("0999", "12345")
HOUR = timedelta(hours=1)
ANY_HOUR = Policy(window=Window())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def crossing(threshold: Threshold, said_at: str, retracted_at: str | None = None, sequence: int = 1) -> PastCrossing:
    taken_back = at(retracted_at) if retracted_at is not None else None
    return PastCrossing(WHO, "2026-T4", "0999", "12345", threshold, sequence, at(said_at), taken_back)


def letters(crossings: list[PastCrossing], policy: Policy = ANY_HOUR, *holds: Hold) -> list[tuple[int, datetime]]:
    rules = Rules(policy, HOUR, timedelta(days=14), CALENDAR)
    return [(letter.threshold, letter.goes_at) for letter in letters_of(facts_of(crossings), holds, rules)]


def test_a_jump_over_two_thresholds_is_one_change_of_one_tier() -> None:
    facts = facts_of([crossing(5, "2026-11-02T21:00"), crossing(10, "2026-11-02T21:00"), crossing(15, "2026-11-16T21:00")])
    assert [(fact.data.threshold, fact.data.to_tier) for fact in facts] == [(5, "orange"), (10, "orange"), (15, "red")]


def test_what_was_taken_back_comes_as_two_facts() -> None:
    facts = facts_of([crossing(5, "2026-11-02T21:00", "2026-11-03T21:00"), crossing(5, "2026-11-09T21:00", sequence=2)])
    assert [(isinstance(fact.data, ThresholdCrossed), fact.data.sequence, fact.data.to_tier) for fact in facts] == [
        (True, 1, "yellow"),
        (False, 1, "green"),
        (True, 2, "yellow"),
    ]


# Monday 2 November, 21:00 UTC, is Tuesday at ten in the morning at the school.
ONE = [crossing(5, "2026-11-02T21:00")]
TWO = [crossing(5, "2026-11-02T21:00"), crossing(10, "2026-11-09T21:00")]


@pytest.mark.parametrize(
    ("crossings", "policy", "holds", "expected"),
    [
        pytest.param(ONE, ANY_HOUR, [], [(5, "2026-11-02T22:00")], id="after the service's own hour"),
        pytest.param(ONE, Policy(window=Window(), hold=timedelta(days=2)), [], [(5, "2026-11-04T21:00")], id="after two days"),
        pytest.param(TWO, ANY_HOUR, [], [(5, "2026-11-02T22:00"), (10, "2026-11-09T22:00")], id="one letter for each step"),
        pytest.param(TWO, Policy(window=Window(), thresholds=(10, 15)), [], [(10, "2026-11-09T22:00")], id="a step without a letter"),
        pytest.param(
            TWO,
            Policy(window=Window(), hold=timedelta(days=10)),
            [],
            [(10, "2026-11-19T21:00")],
            id="the higher step comes while the lower one's letter waits: one letter for both, from the later step on",
        ),
        pytest.param(
            [crossing(5, "2026-11-02T21:00", "2026-11-03T21:00")],
            ANY_HOUR,
            [],
            [(5, "2026-11-02T22:00")],
            id="taken back after an hour's wait was over",
        ),
        pytest.param(
            [crossing(5, "2026-11-02T21:00", "2026-11-03T21:00")],
            Policy(window=Window(), hold=timedelta(days=2)),
            [],
            [],
            id="taken back while two days' wait goes on",
        ),
        pytest.param(
            [crossing(5, "2026-11-06T05:00")],
            Policy(window=Window(True, time(8), time(17))),
            [],
            [(5, "2026-11-08T19:00")],
            id="Friday at six in the evening: Monday at eight",
        ),
        pytest.param(
            ONE,
            Policy(window=Window(True, time(8), time(17))),
            [Hold(5, date(2026, 11, 5))],
            [(5, "2026-11-05T19:00")],
            id="held up to Thursday: Friday at eight",
        ),
        pytest.param(ONE, ANY_HOUR, [Hold(None, None)], [], id="held for the whole term"),
        pytest.param(
            [crossing(5, "2026-12-18T04:30")],
            Policy(window=Window(True, time(8), time(18)), hold=timedelta(hours=4)),
            [],
            [(5, "2026-12-18T04:55")],
            id="on the term's last evening: before the window closes",
        ),
        pytest.param([crossing(5, "2026-12-20T21:00")], ANY_HOUR, [], [], id="after the term"),
    ],
)
def test_letters(crossings: list[PastCrossing], policy: Policy, holds: list[Hold], expected: list[tuple[int, str]]) -> None:
    assert letters(crossings, policy, *holds) == [(threshold, at(goes)) for threshold, goes in expected]


def test_letters_past_a_days_number_wait_for_a_person_and_those_without_an_address_take_no_place() -> None:
    def letter(number: int, goes_at: str) -> Rehearsed:
        return Rehearsed(UUID(int=number), "2026-T4", 5, at(goes_at))

    # The fourth is on the next day at the school, although it is the same one in UTC.
    found = [letter(1, "2026-11-02T01:00"), letter(2, "2026-11-02T02:00"), letter(3, "2026-11-02T03:00"), letter(4, "2026-11-02T12:00")]
    became = outcomes(reversed(found), {one.key for one in found[1:]}, 1, CALENDAR)
    expected: list[Outcome] = ["no-contact", "goes", "awaiting-release", "goes"]
    assert [became[one.key] for one in found] == expected
