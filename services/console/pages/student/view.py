"""A student's page, from what the services answered. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from services.console.asking.part import Part
from services.console.frame import words
from services.console.frame.chrome import School, TermDates
from services.console.pages.student.calendar import Week, weeks_of
from services.console.pages.student.line import Line, line_of

CAUSES: Final = {
    "M": "illness",
    "J": "justified by the school",
    "U": "stood down",
    "O": "overseas",
    "E": "explained but not approved",
    "G": "holiday",
    "T": "truant",
    "?": "not yet explained",
    "blank": "not marked",
    "counted": "by the school system's own count",
    "elsewhere": "at another school",
}
CATEGORY: Final = {
    "regular": "regular attendance",
    "irregular": "irregular absence",
    "moderate": "moderate absence",
    "chronic": "chronic absence",
}
SOURCES: Final = {"rest": "the school's system", "kamar": "KAMAR", "import": "a file"}


@dataclass(frozen=True, slots=True)
class DayView:
    """A day that was opened."""

    day: date
    explanation: str
    marks: list[dict[str, Any]]
    corrections: list[dict[str, Any]]
    absent: int


@dataclass(frozen=True, slots=True)
class StudentView:
    """The head of the page, and the calendar and line of its first tab."""

    name: str
    form: str
    total: dict[str, Any]
    sum_in_words: str
    category: str
    term: TermDates
    weeks: list[Week]
    line: Line
    opened: DayView | None
    records: list[dict[str, Any]]
    holds: list[dict[str, Any]]
    notes: list[str]


def student_view(sent: Mapping[str, Any], school: School, chosen: date | None, deliveries: Part[Any]) -> StudentView:
    """The page of a student's term."""
    term = next((term for term in school.terms if term.name == sent["term"]), school.term)
    if term is None:
        days = [date.fromisoformat(day["date"]) for day in sent["days"]]
        term = TermDates(sent["term"], min(days, default=school.today), max(days, default=school.today))
    records = sorted(sent["star_records"], key=lambda record: record["crossed_on"])
    happened = [
        (date.fromisoformat(one["occurred_on"]), "response", f"{one['label']} on {words.day(one['occurred_on'])}")
        for record in records
        for one in record["responses"]
    ]
    happened += [
        (_local(delivery["sent_at"], school), "letter", _letter(delivery))
        for delivery in (deliveries.data["items"] if deliveries.data else [])
        if delivery["sent_at"]
    ]
    return StudentView(
        name=words.named(dict(sent)),
        form=words.form_class(dict(sent)),
        total=dict(sent),
        sum_in_words=_sum(sent),
        category=CATEGORY.get(sent["category"] or "", "not known yet"),
        term=term,
        weeks=weeks_of(sent["days"], term, school.today, chosen),
        line=line_of(sent["days"], term, happened),
        opened=_opened(sent["days"], chosen, school),
        records=records,
        holds=sent["holds"],
        notes=sent["notes"],
    )


def _sum(sent: Mapping[str, Any]) -> str:
    half_days = sent["absent_half_days"]
    if not half_days:
        return "No absences this term."
    parts = ", ".join(f"{cause['half_days']} {CAUSES.get(cause['code'], cause['meaning'].lower())}" for cause in sent["causes"])
    return f"{words.count(half_days, 'half day')} away: {parts}."


def _opened(days: list[Mapping[str, Any]], chosen: date | None, school: School) -> DayView | None:
    sent = next((day for day in days if chosen is not None and day["date"] == chosen.isoformat()), None)
    if sent is None or chosen is None:
        return None
    marks = [
        {"where": _where(mark), "what": _value(mark), "class": mark["class"] or "", "at": words.moment(mark["recorded_at"], school.zone)}
        for mark in sent["marks"]
    ]
    corrections = [
        {
            "where": _where(one),
            "was": _value(one["was"]),
            "became": _value(one["became"]),
            "at": words.moment(one["recorded_at"], school.zone),
            "source": SOURCES.get(one["source"], one["source"]),
        }
        for one in sent["corrections"]
    ]
    return DayView(chosen, sent["explanation"], marks, corrections, sent["absent_half_days"])


def _where(mark: Mapping[str, Any]) -> str:
    if mark.get("session"):
        return "Morning" if mark["session"] == "AM" else "Afternoon"
    return f"Period {mark['slot']}" if mark.get("slot") else "Whole day"


def _value(value: Mapping[str, Any]) -> str:
    count = value.get("half_days")
    if count is not None:
        return f"{count['unjustified'] + count['justified']} half days away, {count['present']} there"
    minutes = f", {value['minutes']} minutes" if value.get("minutes") else ""
    return f"{value['code']}{minutes}" if value.get("code") else "taken back"


def _local(moment: str, school: School) -> date:
    return datetime.fromisoformat(moment).astimezone(school.zone).date()


def _letter(delivery: Mapping[str, Any]) -> str:
    if delivery["occasion"]:
        return f"letter sent: {words.letter_kind(delivery['occasion'])}"
    return f"letter about {words.days(delivery['threshold'])} sent"
