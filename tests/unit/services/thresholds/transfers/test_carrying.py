"""A term's word for each day, and how it fits into the terms of the school that takes the student in."""

from datetime import UTC, date, datetime

import pytest

from services.thresholds.attendance.view import attendance
from services.thresholds.register import packed_row
from services.thresholds.register.folding import Folder
from services.thresholds.transfers import document as documents
from services.thresholds.transfers.carrying import days_of, fit, marks_for
from services.thresholds.transfers.document import TransferDocument, TransferredDay
from shared.attendance.calendar import SchoolCalendar, Term
from shared.attendance.codes import CodeTable
from shared.events.data import Mark, TermDates, VendorCount

CODES = CodeTable.load()
TERM = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
CALENDAR = SchoolCalendar((TERM,), closed_days=frozenset({date(2026, 10, 26)}))
COUNTING = SchoolCalendar((TERM,), closed_days=frozenset({date(2026, 10, 26)}), carried_absences_count=True)
NOW = datetime(2026, 10, 29, 20, 0, tzinfo=UTC)


def row(*marks: Mark) -> bytes:
    return packed_row.merge(b"", [packed_row.pack(mark, NOW) for mark in marks])


def day(number: int, unjustified: int, justified: int, present: int, school: str = "0189") -> TransferredDay:
    when = date(2026, 10, number)
    return TransferredDay(date=when, school=school, unjustified=unjustified, justified=justified, present=present)


def document(*days: TransferredDay) -> TransferDocument:
    return TransferDocument(
        school="0189",
        school_name="Old School",
        student="77",
        name="Hemi Example",
        term=TermDates("2026-T4", TERM.start, TERM.end),
        exported_at=NOW,
        absent_half_days=0,
        days=list(days),
        marks=[],
        records=[],
    )


def test_each_day_is_told_by_class_and_what_was_brought_goes_on() -> None:
    marks = row(
        Mark("1", date(2026, 10, 13), NOW, session="AM", code="M"),
        Mark("1", date(2026, 10, 13), NOW, session="PM", code="T"),
        Mark("1", date(2026, 10, 14), NOW, session="AM", code="P"),
        Mark("1", date(2026, 10, 15), NOW, half_days=VendorCount(0, 1, 1)),
        Mark("1", date(2026, 10, 16), NOW, half_days=VendorCount(2, 0, 0), carried=True),
    )
    view = attendance(marks, TERM, CALENDAR, CODES, NOW)

    assert days_of(view, "0999", {date(2026, 10, 16): "0189"}, CODES) == [
        day(13, 1, 1, 0, "0999"),
        day(14, 0, 0, 1, "0999"),
        day(15, 0, 1, 1, "0999"),
        day(16, 2, 0, 0, "0189"),
    ]


def test_days_that_the_new_school_can_not_hold_stay_outside() -> None:
    early = TransferredDay(date=date(2026, 10, 9), school="0189", unjustified=2, justified=0, present=0)
    late = TransferredDay(date=date(2026, 10, 30), school="0189", unjustified=2, justified=0, present=0)
    inside = day(20, 1, 0, 1)

    fitting = fit(document(early, inside, late), TERM, date(2026, 10, 29))

    assert fitting.days == (inside,)
    assert fitting.outside == (date(2026, 10, 9), date(2026, 10, 30))


def test_carried_days_count_only_where_the_school_says_so_and_never_beside_its_own_marks() -> None:
    # The 26th is closed here (Labour Day), but was not at the school before; on the 27th both schools have marked.
    carried = marks_for("1", [day(20, 1, 1, 0), day(21, 0, 0, 2), day(26, 0, 2, 0), day(27, 2, 0, 0)], [], NOW)
    own = [Mark("1", date(2026, 10, 27), NOW, session="AM", code="T"), Mark("1", date(2026, 10, 27), NOW, session="PM", code="P")]
    marks = row(*carried, *own)

    assert Folder(CODES).absences(marks, TERM, COUNTING, NOW).days == (
        (date(2026, 10, 20), 2),
        (date(2026, 10, 26), 2),
        (date(2026, 10, 27), 1),
    )
    assert Folder(CODES).absences(marks, TERM, CALENDAR, NOW).days == ((date(2026, 10, 27), 1),)


def test_the_explanation_says_whether_carried_days_count() -> None:
    marks = row(*marks_for("1", [day(20, 1, 1, 0), day(21, 0, 0, 2)], [], NOW))
    counting = attendance(marks, TERM, COUNTING, CODES, NOW)
    not_counting = attendance(marks, TERM, CALENDAR, CODES, NOW)

    def told(number: int) -> str:
        return next(day.explanation for day in view.days if day.day == date(2026, 10, number))

    view = counting
    assert (view.absent, view.attended) == (2, 2)
    assert told(20) == (
        "The student was at another school, which counted 1 unjustified, 1 justified and 0 present."
        " This school counts what a student brings along. This makes two half days absent."
    )
    assert any("they count here" in note for note in view.differences())
    view = not_counting
    assert (view.absent, view.attended) == (0, 0)
    assert told(20).endswith("What a student brings along does not count at this school. This makes no half day absent.")
    assert any("they do not count" in note for note in view.differences())


def test_a_day_that_a_newer_document_lacks_is_taken_back() -> None:
    later = datetime(2026, 10, 29, 21, 0, tzinfo=UTC)
    first = marks_for("1", [day(20, 2, 0, 0), day(21, 2, 0, 0)], [], NOW)
    second = marks_for("1", [day(21, 0, 0, 2)], [date(2026, 10, 20)], later)
    marks = packed_row.merge(row(*first), [packed_row.pack(mark, later) for mark in second])

    assert Folder(CODES).absences(marks, TERM, COUNTING, NOW).half_days == 0


def test_a_document_survives_the_trip_and_a_damaged_one_is_refused() -> None:
    whole = document(day(20, 1, 0, 1))
    assert documents.decode(documents.encode(whole)) == whole
    for damaged in (b"", b"{}", b"[]", documents.encode(whole).replace(b"transfer.v1", b"transfer.v9")):
        with pytest.raises(ValueError, match=r"nz\.star\.transfer\.v1"):
            documents.decode(damaged)
    with pytest.raises(ValueError, match="twice"):
        documents.decode(documents.encode(document(day(20, 1, 0, 1), day(20, 1, 0, 0))))
    with pytest.raises(ValueError, match="two half days"):
        documents.decode(documents.encode(document(day(20, 1, 1, 1))))
