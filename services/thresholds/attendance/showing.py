"""Attendance as the API shows it: totals, causes, days with their marks and corrections."""

from services.thresholds.attendance.schemas import CauseOut, CorrectionOut, CountOut, DayOut, HalfOut, MarkOut, MarkValueOut, TotalOut
from services.thresholds.attendance.view import Day
from services.thresholds.register import packed_row
from services.thresholds.register.attribution import CAUSE_MEANING, Cause
from services.thresholds.register.day_reading import Half
from services.thresholds.register.packed_row import Entry
from services.thresholds.register.repository.corrections import Correction
from shared.attendance.codes import CodeTable
from shared.attendance.tiers import tier_of
from shared.events.data import VendorCount


def total_out(half_days: int) -> TotalOut:
    """A total."""
    return TotalOut(absent_half_days=half_days, absent_days=half_days / 2, tier=tier_of(half_days))


def cause_out(cause: Cause, half_days: int, codes: CodeTable) -> CauseOut:
    """A cause of absences."""
    entry = codes.by_code.get(cause.code)
    meaning = entry.meaning if entry else CAUSE_MEANING[cause.code]
    return CauseOut(code=cause.code, meaning=meaning, absence_class=cause.absence_class, half_days=half_days)


def half_out(half: Half) -> HalfOut:
    """A half of a day."""
    return HalfOut(state=half.state, code=half.code)


def day_out(day: Day, running: int, codes: CodeTable) -> DayOut:
    """A day of a term; `running` is the total up to and with it."""
    return DayOut(
        date=day.day,
        am=half_out(day.halves[0]),
        pm=half_out(day.halves[1]),
        absent_half_days=day.count.absent,
        running_half_days=running,
        marks=[_mark(entry, codes) for entry in day.marks],
        explanation=day.explanation,
        corrections=[_correction(correction) for correction in day.history],
    )


def _mark(entry: Entry, codes: CodeTable) -> MarkOut:
    return MarkOut(
        session=entry.session,
        slot=entry.slot,
        code=entry.code,
        code_class=codes.class_of(entry.code) if entry.code in codes and entry.code else None,
        minutes=entry.minutes,
        half_days=_count(entry.count),
        recorded_at=entry.recorded_at,
    )


def _correction(correction: Correction) -> CorrectionOut:
    _, _, position = packed_row.unpack_place(correction.place)
    return CorrectionOut(
        session=packed_row.session_of(position),
        slot=packed_row.slot_of(position),
        was=_value(correction.was),
        became=_value(correction.became),
        was_recorded_at=correction.was_recorded_at,
        recorded_at=correction.recorded_at,
        received_at=correction.received_at,
        source=correction.source,
    )


def _value(value: int) -> MarkValueOut:
    minutes = (value & packed_row.MOST_MINUTES) or None
    return MarkValueOut(code=packed_row.code_of(value), minutes=minutes, half_days=_count(packed_row.count_of(value)))


def _count(count: VendorCount | None) -> CountOut | None:
    return None if count is None else CountOut(unjustified=count.unjustified, justified=count.justified, present=count.present)
