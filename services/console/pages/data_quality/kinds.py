"""The kinds of things that are missing or doubtful: the words of each, and what to do about it and where. Pure."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of issue: title, what one counts, what to do, and the page of the console that helps, below the school's address."""

    title: str
    one: str
    many: str
    todo: str
    where: str | None = None
    link: str = ""


KINDS: Final = {
    "unmarked": Kind(
        "Half days that nobody marked",
        "half day",
        "half days",
        "Mark the roll in your own system; the marks come here by themselves. Until then they count as your school has chosen.",
    ),
    "unmarked-period": Kind(
        "Periods that nobody marked", "period", "periods", "Mark the period in your own system: half days are judged by what is there."
    ),
    "unexplained": Kind(
        "Absences still without a reason after a week",
        "mark",
        "marks",
        "Ring the family, then put the code that is right in place of the ? in your own system.",
    ),
    "count-differs": Kind(
        "Days that your system counts otherwise than its codes say",
        "day",
        "days",
        "Look at the day in your own system and correct its codes. If they are right, tell its vendor.",
    ),
    "retired-code": Kind(
        "Codes that are not in force any more", "mark", "marks", "Use the code that took its place.", "The codes in force", "settings/codes"
    ),
    "unknown-code": Kind(
        "Codes that are no codes", "mark", "marks", "Correct the mark in your own system.", "The codes in force", "settings/codes"
    ),
    "no-caregiver": Kind(
        "Students without a caregiver", "student", "students", "Add a caregiver in your own system: nobody can be written to until then."
    ),
    "no-address": Kind(
        "Students whose caregivers have no e-mail address",
        "caregiver",
        "caregivers",
        "Add an address in your own system, or ring: no letter can go.",
    ),
    "unknown-student": Kind(
        "Marks of students whom nobody sent",
        "mark",
        "marks",
        "Send the students, or import them: totals are kept, but nobody has a name.",
        "Import a file",
        "data-quality/import",
    ),
    "not-on-roll": Kind(
        "Marks before joining or after leaving", "mark", "marks", "Correct the dates of the student, or the marks, in your own system."
    ),
    "dead-letter": Kind(
        "Data that could not be applied",
        "record",
        "records",
        "Your operator sees each of them, and can try it again once its cause is mended. What KAMAR sent is listed with its reason.",
        "The KAMAR connection",
        "data-quality/kamar",
    ),
    "lost-messages": Kind(
        "Messages that were lost on their way",
        "message",
        "messages",
        "Send the days again that the line names, or have your system push everything once more.",
    ),
}


def kind_of(name: str) -> Kind:
    """The kind of this name; one that the report has and these words have not is named as it is."""
    return KINDS.get(name) or Kind(name.replace("-", " ").capitalize(), "time", "times", "Ask your operator.")


REFUSED: Final = {
    "unknown-code": "a code that is none",
    "outside-term": "a day in no term",
    "closed-day": "a day on which the school is closed",
    "future-date": "a day to come",
    "no-timetable": "a period, but the school has no timetable",
    "bad-field": "a field that can't be read",
    "duplicate-slot": "two different marks for one period",
}
"""Why a row, a mark or a student was not taken."""


def refused(reason: str) -> str:
    """A reason in words."""
    return REFUSED.get(reason, reason.replace("-", " "))
