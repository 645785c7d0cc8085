"""Evidence as a PDF: a cover, the checklist, and every part of the document in words."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.thresholds.evidence.document import EvidenceDocument, EvidenceLetter, EvidenceMeeting, EvidencePlan, EvidenceRecord
from services.thresholds.pages.masthead import LANGUAGE, day_in_words
from services.thresholds.pages.pdf import compile_forgiving

TEMPLATE: Final = "evidence/templates/evidence.typ"

TITLES: Final = {"case": "Attendance: what was done, and when", "person": "What we hold about attendance"}
LEADS: Final = {
    "case": (
        "This document shows one term of a student: every absence with the rule that counted it, and what the school and the family did"
        " about it. It was made by the school's own system from its records, and nobody can edit it."
    ),
    "person": (
        "You asked what the school holds about you, or about your child. This document has the attendance of one term, and what the school"
        " wrote down about it. You may ask for a correction. If the school says no, you may have your own statement kept beside it, and you"
        " may complain to the Privacy Commissioner."
    ),
}
ASKED_BY: Final[Mapping[str, str]] = {
    "guide": "The Ministry's guide",
    "prosecution": "The Ministry, before a prosecution",
    "attendance-service": "The Attendance Service",
}
ITEMS: Final[Mapping[str, str]] = {
    "contact-home": "The school has talked with the family about the reasons",
    "meeting-held": "A meeting with the family was held",
    "plan-agreed": "A support plan was agreed",
    "plan-reviewed": "The plan is reviewed",
    "intensive-plan": "An intensive plan was agreed",
    "agencies": "Agencies have a part",
    "attendance-record": "The attendance record is complete",
    "support-plan": "There is a support plan",
    "warning-notice": "The family was warned in writing",
    "family-s-part": "The record says whether the family took part",
    "individual-plan-first": "The school has worked an individual plan first",
    "barriers": "Barriers are named",
    "primary-contact": "The case has one contact at the school",
}
STATUS: Final[Mapping[str, str]] = {"open": "open", "closed": "closed", "withdrawn": "withdrawn: the marks were corrected"}
OUTCOMES: Final[Mapping[str, str]] = {
    "reached": "reached",
    "no-answer": "no answer",
    "message-left": "message left",
    "declined": "reached, would not talk",
}
STEPS: Final[Mapping[str, str]] = {
    "crossed": "The threshold was reached",
    "retracted": "Marks were corrected: the threshold is not reached",
    "opened": "Opened by hand",
    "closed": "Closed",
    "reopened": "Opened again",
    "changed": "Changed",
    "response-recorded": "Response recorded",
    "response-changed": "Response changed",
    "response-withdrawn": "Response withdrawn",
    "family-replied": "The family answered the letter",
}
REPLIES: Final = {
    "ill": "the child is ill",
    "school-matter": "something at school makes it hard",
    "need-help": "the family needs help",
    "wrong-number": "the number of days is wrong",
    "ring-me": "the school should ring",
}


OCCASIONS: Final[Mapping[str, str]] = {
    "statement": "how the student stands",
    "back-on-track": "back on track",
    "full-term": "a term without absence",
}
CHANNELS: Final[Mapping[str, str]] = {"email": "e-mail", "text": "text message", "paper": "by post"}

SHOWN_DIGITS: Final = 16
"""Digits of a letter's digest on paper; the JSON has all of them."""


def evidence_pdf(document: EvidenceDocument, digest: str) -> bytes:
    """The PDF; `digest` is that of the JSON beside it. Call it in a thread. A letter that no font has is printed as a question mark."""
    return compile_forgiving(TEMPLATE, page_data(document, digest), document.made_at)


def page_data(document: EvidenceDocument, digest: str) -> dict[str, Any]:
    """The words of the pages."""
    zone = ZoneInfo(document.timezone)
    whom = document.name or f"Student {document.student}"
    year = [f"Year {document.year_level}"] if document.year_level is not None else []
    return {
        "title": TITLES[document.cover],
        "language": LANGUAGE,
        "school": document.school_name,
        "lead": LEADS[document.cover],
        "footer": f"{document.school_name}: {whom}, {document.term.term}",
        "facts": [
            {"label": "Student", "value": ", ".join([whom, *year])},
            {"label": "Term", "value": f"{_day(document.term.start)} to {_day(document.term.end)}"},
            {"label": "Made", "value": f"{_time(document.made_at, zone)} by {_who(document.made_by, document)}"},
        ],
        "total": (
            f"{document.absent_days:g} days absent ({document.absent_half_days} half days): {document.tier}."
            f" Attended: {document.attended_half_days / 2:g} days. Not marked: {document.unmarked_half_days / 2:g} days."
        ),
        "notes": document.notes,
        "causes": document.causes,
        "items": [
            {"text": ITEMS[item.item], "met": "Yes" if item.met else "No", "why": item.why, "asked_by": ASKED_BY[item.source]}
            for item in document.items
        ],
        "days": [
            {
                "day": f"{day.date:%a} {day.date.day} {day.date:%b}",
                "half_days": str(day.absent_half_days),
                "marks": ", ".join(day.marks),
                "explanation": day.explanation + (f" Corrected {_times(day.corrections)}." if day.corrections else ""),
            }
            for day in document.days
        ],
        "records": [_record(record, zone, document) for record in document.records],
        "holds": [
            f"{_time(hold.held_at, zone)}, by {_who(hold.held_by, document)}: letters"
            f"{f' about {hold.threshold} days' if hold.threshold else ''} held{f' until {_day(hold.until)}' if hold.until else ''}"
            f"{f', lifted {_time(hold.lifted_at, zone)}' if hold.lifted_at else ''}.{f' Reason: {hold.reason}' if hold.reason else ''}"
            for hold in document.holds
        ],
        "contacts": [
            {
                "when": _time(contact.at, zone),
                "how": f"{contact.how}, {contact.with_whom}",
                "outcome": OUTCOMES[contact.outcome],
                "staff": contact.staff,
                "note": contact.note or "",
            }
            for contact in document.contacts
        ],
        "meetings": [_meeting(meeting, zone) for meeting in document.meetings],
        "plans": [_plan(plan) for plan in document.plans],
        "replies": [
            f"{_time(reply.at, zone)}, to the letter about {reply.threshold} days: {REPLIES[reply.choice]}."
            f"{' A person has seen to it.' if reply.status == 'settled' else ''}"
            for reply in document.replies
        ],
        "letters": [_letter(letter, zone) for letter in document.letters],
        "digest": digest,
    }


def _who(account: str, document: EvidenceDocument) -> str:
    """An account with its name, where the school lists one."""
    name = document.accounts.get(account)
    return account if name is None else f"{name} ({account})"


def _letter(letter: EvidenceLetter, zone: ZoneInfo) -> dict[str, str]:
    about = f"{letter.threshold} days" if letter.threshold is not None else OCCASIONS.get(letter.occasion or "", "news")
    return {
        "when": _time(letter.sent_at, zone),
        "about": f"a correction of the letter about {about}" if letter.is_correction else about,
        "how": CHANNELS[letter.channel],
        "delivery": f"came back {_time(letter.came_back_at, zone)}" if letter.came_back_at else "did not come back",
        "digest": letter.digest[:SHOWN_DIGITS],
    }


def _record(record: EvidenceRecord, zone: ZoneInfo, document: EvidenceDocument) -> dict[str, Any]:
    reached = f"{record.threshold} days" if record.threshold else "Opened by hand"
    responses = [
        f"{_day(response.occurred_on)}: {response.label}, {response.staff}.{f' {response.note}' if response.note else ''}"
        for response in record.responses
    ]
    return {
        "heading": f"{reached}, {_day(record.crossed_on)}: {STATUS[record.status]}",
        "assigned": f"Assigned to {_who(record.assigned_to, document)}." if record.assigned_to else "",
        "responses": responses,
        "history": [
            f"{_time(step.at, zone)}: {STEPS[step.action]}{f', by {_who(step.by, document)}' if step.by else ', by the marks'}"
            for step in record.history
        ],
    }


def _meeting(meeting: EvidenceMeeting, zone: ZoneInfo) -> dict[str, Any]:
    place = f", {meeting.place}" if meeting.place else ""
    people = [f"With {'; '.join(meeting.people)}"] if meeting.people else []
    agenda = [f"Agenda: {meeting.agenda}"] if meeting.agenda else []
    agreed = [f"Agreed: {meeting.outcome}"] if meeting.outcome else []
    moved = [f"Moved, or changed otherwise, {_times(meeting.moved)}"] if meeting.moved else []
    return {"heading": f"{_time(meeting.at, zone)}{place}: {meeting.status}", "lines": [*people, *agenda, *agreed, *moved]}


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _plan(plan: EvidencePlan) -> dict[str, Any]:
    agreed = f"agreed on {_day(plan.agreed_on)}" if plan.agreed_on else "a draft, not agreed"
    by = f" by {'; '.join(plan.agreed_by)}" if plan.agreed_by else ""
    return {
        "heading": f"{plan.level.capitalize()} plan, {agreed}{by}: {plan.status}",
        "barriers": plan.barriers,
        "goals": [
            f"{goal['text']} (now {goal['baseline'] or 'not written down'}, then {goal['target'] or 'not written down'})"
            for goal in plan.goals
        ],
        "actions": [_action(action) for action in plan.actions],
        "reviews": [_review(review) for review in plan.reviews],
        "saved": f"{len(plan.saved)} versions" if len(plan.saved) != 1 else "one version",
    }


def _action(action: Mapping[str, Any]) -> str:
    done, by = action["done_on"], action["by"]
    state = f"done on {_day(date.fromisoformat(done))}" if done else "not done"
    due = f", due by {_day(date.fromisoformat(by))}" if by and not done else ""
    owner = f" ({action['owner']})" if action["owner"] else ""
    return f"{action['who'].capitalize()}{owner}: {action['text']}; {state}{due}"


def _review(review: Mapping[str, Any]) -> str:
    note = f" {review['note']}" if review["note"] else ""
    return f"{_day(date.fromisoformat(review['on']))}, {review['staff']}: the family {_took_part(review['took_part'])}.{note}"


def _took_part(took_part: bool | None) -> str:
    return {True: "took part", False: "did not take part", None: "is not mentioned"}[took_part]


def _day(day: date | None) -> str:
    return "" if day is None else day_in_words(day)


def _time(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M}"
