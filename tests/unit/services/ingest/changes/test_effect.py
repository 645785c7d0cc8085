"""The rule for too much, and what a confirmation stands for."""

import pytest

from services.ingest.changes.effect import Effect, Judgement, dangers_of, is_many
from shared.web.errors import ProblemError


@pytest.mark.parametrize(
    ("students", "of", "expected"),
    [
        (0, 0, False),
        (1, 1, False),
        (1, 8, False),
        (2, 8, True),
        (3, 8, True),
        (2, 20, True),
        (2, 21, False),
        (99, 1000, False),
        (100, 1000, True),
        (2, 0, True),
    ],
)
def test_a_tenth_of_the_school_is_many_and_a_single_student_never(students: int, of: int, expected: bool) -> None:
    assert is_many(students, of) is expected


@pytest.mark.parametrize(
    ("effect", "dangerous"),
    [
        (Effect(), False),
        (Effect(students_off=3), True),
        (Effect(totals_changed=2), True),
        (Effect(totals_changed=1, crossings_up=3), False),
        (Effect(crossings_up=12, crossings_down=8), True),
    ],
)
def test_numbers_that_are_too_large_for_a_school_of_eight(effect: Effect, dangerous: bool) -> None:
    assert bool(dangers_of(effect, 8)) is dangerous


def test_a_confirmation_is_of_one_change_with_one_effect() -> None:
    shown = Judgement(b"calendar", Effect(totals_changed=3), ["the totals of 3 students would change"])
    with pytest.raises(ProblemError) as refused:
        shown.require_confirmed(None)
    confirm = refused.value.extra["confirm"]
    shown.require_confirmed(confirm)
    for other in (
        Judgement(b"another", shown.effect, shown.dangers),
        Judgement(shown.change, Effect(totals_changed=4), shown.dangers),
    ):
        with pytest.raises(ProblemError, match="something else by now"):
            other.require_confirmed(confirm)
    Judgement(b"harmless", Effect(totals_changed=1)).require_confirmed(None)
