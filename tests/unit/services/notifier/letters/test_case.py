"""Which letter a family gets: what happens to a student's term, and what waits afterwards."""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.notifier.letters.case import Case, Draft, Fact, Past, WaitingState, bound, crossed, passed, released, retracted, said_of
from shared.attendance.tiers import Threshold
from shared.events.data import Crossing, ThresholdCrossed
from shared.events.envelope import Event
from tests.support.crossings import SAID_AT, SCHOOL, STUDENT, STUDENT_ID, TERM, down, up

HOLD = timedelta(hours=1)


def fresh() -> Case:
    return Case(STUDENT_ID, TERM, SCHOOL, STUDENT, "green", 0, SAID_AT)


def take(case: Case, event: Event, now: datetime = SAID_AT) -> Case:
    assert isinstance(event.data, Crossing)
    rule = crossed if isinstance(event.data, ThresholdCrossed) else retracted
    return rule(case, Fact(event.id, event.time, event.data), draft(now))


def after(*events: Event) -> Case:
    case = fresh()
    for event in events:
        case = take(case, event)
    return case


def draft(now: datetime = SAID_AT) -> Draft:
    return Draft(uuid.uuid4(), uuid.uuid4(), now + HOLD)


def written(case: Case) -> tuple[Case, uuid.UUID]:
    """The case after its waiting letter was written, and the letter's id."""
    assert case.waiting is not None
    threshold = case.wanted()
    assert threshold is not None
    return bound(case, threshold), case.waiting.id


def states(case: Case) -> dict[tuple[int, int], str]:
    return {(kept.threshold, kept.sequence): kept.state for kept in case.crossings}


JUMP = (up(5, 22, to="orange"), up(10, 22, to="orange"))


@pytest.mark.parametrize(
    ("events", "about", "half_days"),
    [
        pytest.param([up(5, 10, to="yellow")], 5, 10, id="one crossing"),
        pytest.param([up(5, 10, to="yellow")] * 2, 5, 10, id="said twice"),
        pytest.param([*JUMP], 10, 22, id="a jump over two thresholds is one letter"),
        pytest.param([up(5, 31, to="red"), up(10, 31, to="red"), up(15, 31, to="red")], 15, 31, id="over three"),
        pytest.param([JUMP[0]], None, 22, id="the lower one of a jump makes no letter of its own"),
        pytest.param([up(5, 10, to="yellow"), up(10, 20, to="orange")], 10, 20, id="a second crossing during the hold"),
        pytest.param([up(5, 10, to="yellow"), down(5, 8, to="green")], None, 8, id="taken back"),
        pytest.param([down(5, 8, to="green"), up(5, 10, to="yellow")], None, 8, id="the retraction came first"),
        pytest.param([*JUMP, down(10, 18, to="yellow")], 5, 18, id="the higher one taken back, the lower one stands"),
        pytest.param([*JUMP, down(10, 4, to="green")], None, 4, id="the lower one is about to be taken back too"),
        pytest.param([*JUMP, down(10, 4, to="green"), down(5, 4, to="green")], None, 4, id="both taken back"),
        pytest.param([JUMP[0], JUMP[1], JUMP[0], JUMP[1]], 10, 22, id="the whole jump twice"),
        pytest.param([up(5, 10, to="yellow"), down(5, 8, to="green"), up(5, 11, to="yellow", sequence=2)], 5, 11, id="crossed once more"),
        pytest.param(
            [up(5, 10, to="yellow"), down(5, 8, to="green"), up(5, 11, to="yellow", sequence=2), down(5, 8, to="green")],
            5,
            11,
            id="an old retraction said again does not touch the new crossing",
        ),
    ],
)
def test_what_waits(events: list[Event], about: Threshold | None, half_days: int) -> None:
    case = after(*events)

    assert (case.waiting.threshold if case.waiting is not None else None) == about
    assert case.absent_half_days == half_days


def test_the_hold_counts_from_when_the_crossing_was_handled() -> None:
    case = take(fresh(), up(5, 10, to="yellow"), SAID_AT + timedelta(minutes=7))

    assert case.waiting is not None
    assert case.waiting.due_at == SAID_AT + timedelta(minutes=67)
    assert case.waiting.state == "held"


def test_a_further_crossing_moves_the_letter_to_the_later_time() -> None:
    first = take(fresh(), up(5, 10, to="yellow"))
    second = take(first, up(10, 20, to="orange"), SAID_AT + timedelta(minutes=50))

    assert first.waiting is not None
    assert second.waiting is not None
    assert second.waiting.id == first.waiting.id
    assert second.waiting.due_at == SAID_AT + timedelta(minutes=110)


def test_a_retraction_leaves_the_time_as_it_was() -> None:
    case = take(after(*JUMP), down(10, 18, to="yellow"), SAID_AT + timedelta(minutes=50))

    assert case.waiting is not None
    assert case.waiting.due_at == SAID_AT + HOLD


def test_a_written_letter_tells_of_the_lower_thresholds_too() -> None:
    case, letter = written(after(*JUMP))

    assert case.waiting is None
    assert states(case) == {(5, 1): "lettered", (10, 1): "lettered"}
    assert {kept.letter_id for kept in case.crossings} == {letter}


def test_each_threshold_has_its_letter_when_there_is_time_between() -> None:
    case, _ = written(after(up(5, 10, to="yellow")))
    case = take(case, up(10, 20, to="orange"))

    assert case.waiting is not None
    assert case.waiting.threshold == 10


def test_a_family_that_was_told_of_ten_days_is_not_told_of_five() -> None:
    case, _ = written(after(*JUMP))

    case = take(case, down(10, 18, to="yellow"))

    assert case.waiting is None
    assert states(case) == {(5, 1): "lettered", (10, 1): "retracted"}


def test_crossing_again_after_a_letter_and_its_retraction_makes_a_new_letter() -> None:
    case, first = written(after(up(5, 10, to="yellow")))
    case = take(take(case, down(5, 9, to="green")), up(5, 10, to="yellow", sequence=2))

    assert case.waiting is not None
    assert case.waiting.id != first


def test_a_letter_withdrawn_before_it_went_out_leaves_the_lower_one_to_tell() -> None:
    case, letter = written(after(*JUMP))
    case = take(case, down(10, 18, to="yellow"))

    case = released(case, letter, draft())

    assert case.waiting is not None
    assert case.waiting.threshold == 5
    assert case.waiting.id != letter
    assert states(case) == {(5, 1): "standing", (10, 1): "retracted"}


def test_a_letter_withdrawn_with_nothing_left_to_tell() -> None:
    case, letter = written(after(*JUMP))
    case = take(take(case, down(10, 4, to="green")), down(5, 4, to="green"))

    assert released(case, letter, draft()).waiting is None


def test_a_lower_crossing_that_comes_long_after_a_higher_letter_is_told_already() -> None:
    late = up(5, 10, to="yellow", said_at=SAID_AT - timedelta(days=2))
    case, letter = written(after(up(10, 22, to="orange")))

    case = take(case, late)

    assert case.waiting is None
    assert (case.tier, case.absent_half_days) == ("orange", 22)
    assert {kept.letter_id for kept in case.crossings} == {letter}


def test_when_it_is_due_nothing_may_be_left_to_tell() -> None:
    assert after(up(5, 10, to="yellow"), down(5, 8, to="green")).wanted() is None
    assert fresh().wanted() is None


def kept_waiting(case: Case, state: WaitingState) -> Case:
    """The case with its letter in that state."""
    assert case.waiting is not None
    return replace(case, waiting=replace(case.waiting, state=state))


def test_what_staff_hold_is_asked_about_again_when_the_letter_is_about_another_threshold() -> None:
    on_hold = kept_waiting(after(up(5, 10, to="yellow")), "on-hold")

    higher = take(on_hold, up(10, 20, to="orange"), SAID_AT + timedelta(minutes=50))
    assert higher.waiting is not None
    assert (higher.waiting.state, higher.waiting.threshold) == ("held", 10)
    assert higher.waiting.due_at == SAID_AT + timedelta(minutes=110)

    lower = take(kept_waiting(after(*JUMP), "on-hold"), down(10, 18, to="yellow"))
    assert lower.waiting is not None
    assert (lower.waiting.state, lower.waiting.threshold) == ("held", 5)


def test_what_staff_hold_stays_held_while_it_is_about_the_same() -> None:
    on_hold = kept_waiting(after(up(5, 10, to="yellow"), up(10, 20, to="orange")), "on-hold")

    case = take(on_hold, down(5, 20, to="orange"))

    assert case.waiting is not None
    assert (case.waiting.state, case.waiting.threshold) == ("on-hold", 10)


def test_what_a_person_is_to_release_waits_for_that_whatever_it_is_about() -> None:
    case = take(kept_waiting(after(up(5, 10, to="yellow")), "awaiting-release"), up(10, 20, to="orange"))

    assert case.waiting is not None
    assert (case.waiting.state, case.waiting.threshold) == ("awaiting-release", 10)


@pytest.mark.parametrize("reason", ["term-over", "too-late", "discarded"])
def test_what_is_past_is_not_told_later(reason: Past) -> None:
    case = passed(after(*JUMP), reason)

    assert case.waiting is None
    assert states(case) == {(5, 1): "past", (10, 1): "past"}
    assert take(case, down(10, 18, to="yellow")).waiting is None


def test_a_threshold_without_a_letter_leaves_the_one_below_to_tell() -> None:
    case = passed(after(*JUMP), "threshold-off")
    assert case.waiting is None
    assert states(case) == {(5, 1): "standing", (10, 1): "standing"}

    case = take(case, down(10, 18, to="yellow"))
    assert case.waiting is not None
    assert case.waiting.threshold == 5


def test_when_the_crossing_that_stands_was_said() -> None:
    later = SAID_AT + timedelta(days=3)
    case = after(up(5, 10, to="yellow"), down(5, 9, to="green"), up(5, 10, to="yellow", sequence=2, said_at=later))

    assert said_of(case, 5) == later
    assert said_of(case, 10) is None
