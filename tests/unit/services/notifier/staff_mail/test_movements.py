"""Several steps of one student in a digest."""

import uuid
from datetime import UTC, datetime

from services.notifier.staff_mail.movements import Step, net
from shared.attendance.tiers import Tier

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
MERE, TAMA = uuid.UUID(int=1), uuid.UUID(int=2)


def step(who: uuid.UUID, before: Tier, after: Tier, half_days: int, term: str = "2026-T4") -> Step:
    return Step("event", "0999", who, term, before, after, half_days, AT)


def test_a_jump_over_two_thresholds_is_one_step() -> None:
    assert net([step(MERE, "green", "orange", 21), step(MERE, "green", "orange", 21)]) == [step(MERE, "green", "orange", 21)]


def test_from_before_the_first_to_after_the_last() -> None:
    steps = [step(MERE, "green", "yellow", 10), step(TAMA, "orange", "yellow", 18), step(MERE, "yellow", "orange", 20)]
    assert net(steps) == [step(MERE, "green", "orange", 20), step(TAMA, "orange", "yellow", 18)]


def test_there_and_back_is_no_news() -> None:
    assert net([step(MERE, "green", "yellow", 10), step(MERE, "yellow", "green", 9)]) == []


def test_terms_do_not_mix() -> None:
    steps = [step(MERE, "yellow", "green", 9, "2026-T3"), step(MERE, "green", "yellow", 10)]
    assert net(steps) == steps
