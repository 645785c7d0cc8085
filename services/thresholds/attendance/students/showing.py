"""Students of a list as JSON.

A page has a hundred students with twenty halves each: as models, building and checking them would take ten times as long as reading them.
The shapes are those of `schemas.StudentOut`, which a test holds against each answer.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping

from services.thresholds.attendance.glance import Glance, Glancer
from services.thresholds.attendance.showing import cause_out
from services.thresholds.attendance.students.repository import Beside
from services.thresholds.register.kept_days import half_of
from shared.attendance.tiers import days_to_next, tier_of
from shared.names import full_name

_encode: Final = msgspec.json.Encoder().encode
_NOTHING: Final = Beside()


@lru_cache(1024)
def _halves(morning: int, afternoon: int) -> bytes:
    """A day's two halves as the end of an object."""
    am, pm = half_of(morning), half_of(afternoon)
    return b'"am":%b,"pm":%b}' % (_encode(am and am._asdict()), _encode(pm and pm._asdict()))


def squares_of(days: Sequence[date]) -> Callable[[bytes], msgspec.Raw]:
    """Shows the squares of these days; of the same squares, the same object."""
    begins = [b'{"date":"%b",' % day.isoformat().encode() for day in days]

    @lru_cache(None)
    def shown(squares: bytes) -> msgspec.Raw:
        pairs = zip(begins, squares[::2], squares[1::2], strict=True)
        return msgspec.Raw(b"[%b]" % b",".join(begin + _halves(morning, afternoon) for begin, morning, afternoon in pairs))

    return shown


def students_out(
    rows: Sequence[RowMapping],
    ids: Mapping[str, UUID],
    glances: Mapping[str, Glance],
    beside: Mapping[str, Beside],
    glancer: Glancer,
) -> list[dict[str, object]]:
    """The students of a page, ready to be encoded."""
    squares = squares_of(glancer.last_days)
    codes = glancer.codes

    @lru_cache(None)
    def mostly(cause: Any, half_days: int) -> dict[str, object]:
        return cause_out(cause, half_days, codes).model_dump(by_alias=True)

    shown = []
    for row in rows:
        student, half_days = row["student"], row["absent_half_days"]
        glance, more = glances[student], beside.get(student, _NOTHING)
        shown.append(
            {
                "student": student,
                "student_id": ids[student],
                "name": full_name(row["given_name"], row["family_name"]) if row["given_name"] else None,
                "year_level": row["year_level"],
                "groups": row["groups"],
                "absent_half_days": half_days,
                "absent_days": half_days / 2,
                "tier": tier_of(half_days),
                "days_to_next": days_to_next(half_days),
                "attendance_rate": glance.rate,
                "last_days": squares(glance.squares),
                "change_days": glance.movement.last / 2,
                "rising": glance.movement.rising,
                "mostly": mostly(*glance.mostly) if glance.mostly else None,
                "records": more.records,
                "records_answered": more.answered,
                "on_hold": more.on_hold,
            }
        )
    return shown


def page_out(items: Sequence[dict[str, object]], following: str | None) -> bytes:
    """The page as JSON."""
    return _encode({"items": items, "next": following})
