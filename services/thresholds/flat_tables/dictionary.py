"""The columns of the tables. They are promised: add to their end, and never rename one, drop one or change what it means."""

from typing import Final

from shared.flat_tables.table import NAMES, SCHOOL, STUDENT, STUDENT_ID, TERM, THRESHOLD, Column, FlatTable

STUDENT_TERMS: Final = FlatTable(
    name="student-terms",
    meaning="One row for each student of the roll, or with marks, and each term that has begun",
    key=("school", "term", "student_id"),
    columns=(
        SCHOOL,
        TERM,
        STUDENT,
        STUDENT_ID,
        *NAMES,
        Column("year_level", "integer", "Year level, in a term that is over that of then", optional=True),
        Column("groups", "text", "Groups, in a term that is over those of then, joined by `; `"),
        Column("absent_half_days", "integer", "Absent half days of the term so far: the STAR total"),
        Column("absent_days", "number", "The same in days"),
        Column("tier", "text", "`green`, `yellow`, `orange` or `red`"),
        Column("attended_half_days", "integer", "Half days marked as attended"),
        Column("attendance_rate", "number", "Half days attended, as a share of those marked as attended or absent", optional=True),
        Column("justified_half_days", "integer", "Absent half days with a justified code"),
        Column("unjustified_half_days", "integer", "Absent half days with an unjustified code, `?` among them"),
        Column("illness_half_days", "integer", "Absent half days with the code `M`"),
        Column("unexplained_half_days", "integer", "Absent half days with the code `?`"),
    ),
)

CROSSINGS: Final = FlatTable(
    name="crossings",
    meaning="One row for each STAR record: a threshold that a student reached in a term, or a record made by hand",
    key=("record_id",),
    columns=(
        Column("record_id", "text", "Id of the STAR record"),
        SCHOOL,
        TERM,
        STUDENT,
        STUDENT_ID,
        *NAMES,
        THRESHOLD,
        Column("origin", "text", "`crossing`, or `manual` for a record made by hand"),
        Column("status", "text", "`open`, `closed`, or `withdrawn` after a correction took the crossing back"),
        Column("crossed_on", "date", "Day on which the threshold was reached, or the record made"),
        Column("absent_days", "number", "Absent days at the crossing"),
        Column("responses", "integer", "Responses that stand on the record"),
        Column("first_response_on", "date", "Day of the first of them", optional=True),
        Column("changed_at", "time", "Time of the record's last change"),
    ),
)

RESPONSES: Final = FlatTable(
    name="responses",
    meaning="One row for each response that stands on a STAR record",
    key=("response_id",),
    columns=(
        Column("response_id", "text", "Id of the response"),
        Column("record_id", "text", "Id of the STAR record: a row of `crossings`"),
        SCHOOL,
        TERM,
        STUDENT,
        STUDENT_ID,
        *NAMES,
        THRESHOLD,
        Column("activity", "text", "Key of the activity in the school's list"),
        Column("standard", "text", "Standard code of the activity"),
        Column("label", "text", "Name of the activity in the school's words, as of the response"),
        Column("occurred_on", "date", "Day of the response"),
        Column("recorded_at", "time", "Time at which it was recorded"),
    ),
)

TABLES: Final = (STUDENT_TERMS, CROSSINGS, RESPONSES)
