"""The clauses in which a dangerous change of the calendar is shown."""

from datetime import date

from services.ingest.schools.changing import dangers_to_the_term
from shared.attendance.calendar import Term

T4 = Term("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
TODAY = date(2026, 11, 20)


def test_another_name_of_the_running_term_is_named() -> None:
    renamed = Term("2026-T3", T4.start, T4.end)
    assert dangers_to_the_term([T4], [renamed], TODAY) == [
        "the running term 2026-T4 would become 2026-T3, and its records and letters would not go along"
    ]
    later = Term("2026-T4", date(2026, 10, 13), T4.end)
    assert dangers_to_the_term([T4], [later], TODAY) == ["the running term 2026-T4 would start on another day"]
    tomorrow = Term("2026-T4", date(2026, 11, 21), T4.end)
    assert dangers_to_the_term([T4], [tomorrow], TODAY) == ["the running term 2026-T4 would not begin before 2026-11-21"]
    short = Term("2026-T4", T4.start, date(2026, 11, 19))
    assert dangers_to_the_term([T4], [short], TODAY) == ["the running term 2026-T4 would have ended on 2026-11-19"]
    assert dangers_to_the_term([T4], [Term("2026-T4", T4.start, TODAY)], TODAY) == []
    assert dangers_to_the_term([T4], [Term("2027-T1", date(2027, 2, 1), date(2027, 4, 9))], TODAY) == [
        "the running term 2026-T4 would end today"
    ]
