"""The records of the form, and each student's result. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from services.console.asking.part import Part
from services.console.frame import words


@dataclass(frozen=True, slots=True)
class Result:
    """The result for one student: what was recorded, or why it was not."""

    name: str
    student: str
    record: str
    response: str | None
    why: str | None


def chosen_records(open_records: Sequence[dict[str, Any]], records: Collection[str], students: Collection[str]) -> list[dict[str, Any]]:
    """The records that were chosen; of a chosen student, the highest one that nobody has answered, else the highest one."""
    chosen = [record for record in open_records if record["id"] in records]
    for student in students:
        own = [record for record in open_records if record["student"] == student]
        if own:
            chosen.append(max(own, key=lambda record: (not record["answered"], record["threshold"] or 0)))
    return sorted({record["id"]: record for record in chosen}.values(), key=words.named)


def step_of(records: Sequence[dict[str, Any]]) -> int | None:
    """The step that activities are offered for: that of all records, None where they differ."""
    steps = {record["threshold"] for record in records}
    return steps.pop() if len(steps) == 1 else None


def results(records: Sequence[dict[str, Any]], sent: Sequence[str], answer: Part[Any]) -> list[Result]:
    """A result for each record that was sent, in the order of sending."""
    by_id = {record["id"]: record for record in records}
    taken = {item["index"]: item["response"] for item in (answer.data["items"] if answer.data else [])}
    rejected = answer.data["rejected"] if answer.data else (answer.failure.extra.get("rejected", []) if answer.failure else [])
    refused = {item["index"]: item["detail"] for item in rejected}
    otherwise = "The service does not answer now." if answer.failure is not None and answer.failure.why == "away" else "It was not taken."
    return [
        Result(
            name=words.named(by_id[record]) if record in by_id else "A student",
            student=by_id[record]["student"] if record in by_id else "",
            record=record,
            response=taken.get(index),
            why=None if index in taken else refused.get(index, otherwise),
        )
        for index, record in enumerate(sent)
    ]
