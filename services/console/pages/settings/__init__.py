"""The school's settings: calendar, timetable, details and staff, activities, due days, codes, accounts, the audit log, KAMAR, and erasure.

A change of the school shows what it would do before it is made: `proposing` asks ingest for the effect, and the person confirms it. All is
read and changed with the person's own rights; those who may not change a setting read it.
"""

from services.console.pages.settings import (
    activities,
    audit,
    calendar,
    codes,
    correcting,
    details,
    erasure,
    kamar,
    proposing,
    staff,
    timetable,
    timetables,
)

SETTINGS_PAGES = (calendar, correcting, timetable, timetables, details, staff, proposing, activities, codes, kamar, audit, erasure)
"""The modules whose `router` has tabs of the settings."""
