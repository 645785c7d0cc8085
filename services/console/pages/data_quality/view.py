"""The pages of data quality, from what the services answered. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.console.frame import words
from services.console.pages.data_quality.kinds import Kind, kind_of, refused

DOCUMENT: Final = {"waiting": "Being read", "done": "Read", "failed": "Failed", "refused": "Refused"}


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind with the number of its issues."""

    name: str
    kind: Kind
    number: int


def kinds_of(counts: Mapping[str, int]) -> list[KindRow]:
    """The kinds of which there are issues, in the report's order."""
    return [KindRow(name, kind_of(name), number) for name, number in counts.items() if number]


def sentence(counts: Mapping[str, int]) -> str:
    """The report in a sentence."""
    number = sum(counts.values())
    if not number:
        return "Nothing is missing or doubtful."
    kinds = sum(1 for count in counts.values() if count)
    return f"{words.count(number, 'thing is', 'things are')} missing or doubtful, of {words.count(kinds, 'kind')}."


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An issue in words."""

    student: str | None
    name: str
    day: str
    amount: str
    detail: str


def issue_rows(items: list[dict[str, Any]], names: Mapping[str, dict[str, Any]]) -> list[IssueRow]:
    """The issues with students' names, as far as the person sees them."""
    return [
        IssueRow(
            student=one["student"],
            name=_name(one["student"], names),
            day=words.day(one["date"]),
            amount=words.count(one["count"], kind_of(one["issue"]).one, kind_of(one["issue"]).many),
            detail=f"{one['detail'][:1].upper()}{one['detail'][1:]}",
        )
        for one in items
    ]


@dataclass(frozen=True, slots=True)
class PushRow:
    """A push of KAMAR."""

    at: str
    what: str
    state: str
    counts: str
    refusals: str
    error: str | None


def push_rows(items: list[dict[str, Any]]) -> list[PushRow]:
    """The pushes in words."""
    return [
        PushRow(
            at=one["received_at"],
            what=one["sync"],
            state=DOCUMENT[one["state"]],
            counts=", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in one["counts"].items()) or "–",
            refusals=", ".join(f"{number:,}: {refused(reason)}" for reason, number in one["refused"].items()) or "none",
            error=one["error"],
        )
        for one in items
    ]


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """A mark or student of a push that was not taken."""

    student: str | None
    name: str
    day: str
    reason: str
    detail: str
    count: int


def refusal_rows(items: list[dict[str, Any]], names: Mapping[str, dict[str, Any]]) -> list[RefusalRow]:
    """The refusals in words."""
    return [
        RefusalRow(
            one["student"],
            _name(one["student"], names) if one["student"] else "The whole push",
            words.day(one["day"]),
            refused(one["reason"]),
            one["detail"],
            one["count"],
        )
        for one in items
    ]


def _name(student: str | None, names: Mapping[str, dict[str, Any]]) -> str:
    if student is None:
        return "The whole school"
    return words.named(names[student]) if student in names else f"Student {student}"
