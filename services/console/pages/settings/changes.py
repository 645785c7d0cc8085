"""The changes of a school in sentences, and the effect that ingest foretold. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from services.console.frame import words
from services.console.frame.chrome import TermDates
from services.console.pages.settings.days import titles

DAYS: Final = {"closed_days": "Closed", "half_days": "Open for half a day", "open_days": "Open although closed by rule"}
SWITCHES: Final = {
    "blanks_are_truant": "Half days that nobody marked count as absences",
    "count_carried_absences": "Absences at the school before count here",
}
EFFECTS: Final = {
    "students_off": ("student is taken off the roll", "students are taken off the roll"),
    "totals_changed": ("total changes", "totals change"),
    "crossings_up": ("step is reached", "steps are reached"),
    "crossings_down": ("step is taken back", "steps are taken back"),
    "letters": ("family at most could get a letter", "families at most could get a letter"),
}
TEXTS: Final = {
    "name": "Name",
    "region": "Region",
    "contact_email": "E-mail address",
    "phone": "Phone",
    "contact_name": "Person to ask for",
    "postal_address": "Postal address",
    "website": "Website",
}


def sentences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The fields of `after` that differ from `before`, a sentence or more each."""
    changed = [name for name, value in after.items() if value != before.get(name)]
    return [sentence for name in changed for sentence in _about(name)(name, before.get(name), after[name])]


def effect_sentences(effect: Mapping[str, int]) -> list[str]:
    """The effect in words; one sentence where nothing that was counted changes."""
    found = [words.count(effect[name], one, many) + "." for name, (one, many) in EFFECTS.items() if effect.get(name)]
    return found or ["Nothing that was counted changes."]


def _about(name: str) -> Callable[[str, Any, Any], list[str]]:
    if name == "terms":
        return _terms
    if name in DAYS:
        return _days
    if name == "slots":
        return lambda _, before, after: [f"Periods: {_slots(before)} → {_slots(after)}."]
    if name == "timetables":
        return _timetables
    if name == "slots_from":
        return lambda _, __, after: [f"The periods hold from {words.day(after)}."] if after else []
    if name == "deans":
        return lambda _, before, after: [f"Deans: {_deans(before)} → {_deans(after)}."]
    if name == "staff":
        return _staff
    if name == "code_classes":
        return lambda _, __, after: [f"Code O counts as {(after or {}).get('O', 'the list says')}."]
    if name in SWITCHES:
        return lambda field, _, after: [f"{SWITCHES[field]}: {'yes' if after else 'no'}."]
    return lambda field, before, after: [f"{TEXTS.get(field, field)}: {before or 'none'} → {after or 'none'}."]


def _terms(_: str, before: Sequence[Mapping[str, str]] | None, after: Sequence[Mapping[str, str]]) -> list[str]:
    old = {one["term"]: TermDates.read(dict(one)) for one in before or []}
    new = {one["term"]: TermDates.read(dict(one)) for one in after}
    said = [f"{term.title} is new: {_dates(term)}." for name, term in new.items() if name not in old]
    said += [f"{term.title}: {_dates(old[name])} → {_dates(term)}." for name, term in new.items() if name in old and old[name] != term]
    return said + [f"{term.title} is taken out." for name, term in old.items() if name not in new]


def _dates(term: TermDates) -> str:
    return f"{words.day(term.start)} to {words.day(term.end)}"


def _days(name: str, before: Sequence[str] | None, after: Sequence[str]) -> list[str]:
    old, new = {date.fromisoformat(day) for day in before or []}, {date.fromisoformat(day) for day in after}
    said = [f"{DAYS[name]}: {titles(new - old)}."] if new - old else []
    return said + ([f"Not any more {DAYS[name].lower()}: {titles(old - new)}."] if old - new else [])


def _slots(slots: Sequence[Mapping[str, Any]] | None) -> str:
    return ", ".join(f"{slot['name']} ({slot['minutes']} min)" for slot in slots or []) or "none"


def _timetables(_: str, before: Sequence[Mapping[str, Any]] | None, after: Sequence[Mapping[str, Any]]) -> list[str]:
    old, new = {one["from"]: one for one in before or []}, {one["from"]: one for one in after}
    said = [f"From {words.day(day)}: {_timetable(one)}." for day, one in new.items() if old.get(day) != one]
    return said + [f"The timetable from {words.day(day)} is taken out." for day in old if day not in new]


def _timetable(one: Mapping[str, Any]) -> str:
    if one["cycle"]:
        return "a cycle: " + "; ".join(f"day {number}: {_slots(day)}" for number, day in enumerate(one["cycle"], start=1))
    days = [f"every day: {_slots(one['slots'])}"] if one["slots"] else []
    return "; ".join(days + [f"{day}: {_slots(slots)}" for day, slots in one["weekdays"].items()])


def _staff(_: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    old, new = ({one["account"]: one for one in (staff or {}).get("people", [])} for staff in (before, after))
    said = [f"{one['name']} is new on the list of staff." for account, one in new.items() if account not in old]
    said += [f"What is about {one['name']} changes." for account, one in new.items() if account in old and old[account] != one]
    said += [
        f"{one['name']} is taken out: what was assigned to them goes to whoever looks after the student."
        for account, one in old.items()
        if account not in new
    ]
    at, days = after.get("remind_at"), after.get("next_role_after")
    if at != (before or {}).get("remind_at"):
        said.append(f"Reminders go on school days at {at}." if at else "No reminders go.")
    if days != (before or {}).get("next_role_after"):
        said.append(
            f"What waits goes to the next role {words.count(days, 'school day')} after its due day."
            if days
            else "What waits stays with its person."
        )
    return said


def _deans(deans: Sequence[Mapping[str, Any]] | None) -> str:
    return ", ".join(f"{dean['name']} ({dean['group'].replace('year:', 'year ')})" for dean in deans or []) or "none"
