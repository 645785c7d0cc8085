"""Changes of the calendar to terms that have begun, which can move the totals of many. Pure."""

from collections.abc import Sequence
from datetime import date

from shared.attendance.calendar import Term


def running_term_dropped(before: Sequence[Term], after: Sequence[Term], today: date) -> Term | None:
    """The running term that would end today, because the new calendar has no term on this day; None where it runs on.

    Most systems send next year's terms alone in January: that is harmless then, and in December it is not.
    """
    running = next((term for term in before if today in term), None)
    return None if running is None or any(today in term for term in after) else running


def starts_moved(before: Sequence[Term], after: Sequence[Term], today: date) -> list[Term]:
    """The terms as they were that have begun, are not over, and would begin on another day, or under another name."""
    kept = {(term.name, term.start) for term in after}
    return [term for term in before if today in term and (term.name, term.start) not in kept]


def is_dangerous(before: Sequence[Term], after: Sequence[Term], today: date) -> bool:
    """Whether a new calendar drops the running term or moves its start, so that it has to be shown before it is made.

    `after` are the terms as they are sent; terms that are over stay whatever is sent, and are no danger.
    """
    return running_term_dropped(before, after, today) is not None or bool(starts_moved(before, after, today))
