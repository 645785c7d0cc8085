"""A total that comes within a day of a threshold: said before it is reached, once for each time that it comes near. Pure."""

from datetime import datetime

from services.thresholds.register.folding import Absences
from services.thresholds.register.repository.rows import Row, RowKey
from shared.attendance.calendar import SchoolCalendar
from shared.attendance.tiers import near_threshold
from shared.events.catalogue import THRESHOLD_APPROACHING
from shared.events.data import ThresholdApproaching
from shared.events.envelope import Event
from shared.identifiers import approaching_event_id, student_id

HALF_DAYS_NEAR = 2
"""A day: 4 to 4.5, 9 to 9.5 and 14 to 14.5 days are near."""


def approach_of(
    key: RowKey, before: Row | None, absences: Absences, calendar: SchoolCalendar, now: datetime
) -> ThresholdApproaching | None:
    """The fact that a row says by its change; None for one that was near already, that came down, or whose term is not running."""
    total = absences.half_days
    was = before.absent_half_days if before else 0
    threshold = near_threshold(total, HALF_DAYS_NEAR)
    if threshold is None or total <= was or near_threshold(was, HALF_DAYS_NEAR) == threshold:
        return None
    term = calendar.term_named(key.term)
    if term is None or calendar.today(now) not in term:
        return None
    return ThresholdApproaching(
        school=key.school,
        student=key.student,
        student_id=student_id(key.school, key.student),
        term=key.term,
        threshold=threshold,
        absent_half_days=total,
        absent_days=total / 2,
        left_half_days=threshold * 2 - total,
        occurred_on=absences.reached_on(threshold * 2 - HALF_DAYS_NEAR),
    )


def approaching(fact: ThresholdApproaching, at: datetime) -> Event:
    """Its event. The id follows from the day, so that a correction and its correction say it once."""
    event_id = approaching_event_id(fact.student_id, fact.term, fact.threshold, fact.occurred_on)
    return Event(THRESHOLD_APPROACHING, str(event_id), "/thresholds", at, str(fact.student_id), fact)
