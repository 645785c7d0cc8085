"""A term that gets another name: its weeks go once, and each record under the name that it has."""

import dataclasses
from datetime import date
from typing import Any

import msgspec
import pytest

from shared.bus.interface import Outgoing
from shared.events.data import TermDates
from shared.identifiers import star_record_id, student_id
from tests.integration.moe_sync.office import CLOSE, TERM, WEEK, Office
from tests.support.polling import eventually

RENAMED = TermDates("2026-T3", TERM.start, TERM.end)
MOVED = TermDates("2026-T4", date(2027, 1, 11), date(2027, 4, 1))


def under(name: str, message: Outgoing, student: str = "12345") -> Outgoing:
    """The message as it is said of a term of this name."""
    data = msgspec.json.decode(message.value or b"")
    record = str(star_record_id(student_id("0999", student), name, data["threshold"]))
    headers = tuple((key, value + name.encode() if key == "ce_id" else value) for key, value in message.headers)
    return dataclasses.replace(message, value=msgspec.json.encode(data | {"term": name, "record_id": record}), headers=headers)


async def sent(office: Office) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Week, term and the records (term, change, status) of each document at the Ministry."""
    documents: list[dict[str, Any]] = await office.at_ministry()
    return [
        (there["week"], there["term"], sorted((item["term"], item["change"], item["status"]) for item in there["records"]))
        for there in documents
    ]


@pytest.mark.parametrize("terms", [(RENAMED,), (RENAMED, MOVED)], ids=["the name is gone", "the name stands for other days"])
async def test_its_weeks_go_once_and_its_records_by_their_names(office: Office, terms: tuple[TermDates, ...]) -> None:
    await office.publish(office.crossed())
    await office.turn_to(CLOSE)
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    office.clock.now = CLOSE.replace(hour=6)
    await office.publish(office.school(terms=list(terms)), under("2026-T3", office.crossed()))
    if MOVED in terms:
        await office.publish(office.retracted(half_days=0))
    await office.turn_to(CLOSE + WEEK)
    await eventually(office.statuses, [("2026-W43", 1, "accepted"), ("2026-W44", 1, "accepted")])
    moved = [("2026-T4", "withdrawn", "withdrawn")] if MOVED in terms else []
    assert await sent(office) == [
        ("2026-W43", "2026-T4", [("2026-T4", "new", "open")]),
        ("2026-W44", "2026-T3", [("2026-T3", "new", "open"), *moved]),
    ]
    # Every week of the term goes once, whatever it was called, and none of a week before it is made up for.
    await office.turn_to(CLOSE + 2 * WEEK)
    await eventually(office.statuses, [("2026-W43", 1, "accepted"), ("2026-W44", 1, "accepted"), ("2026-W45", 1, "accepted")])
    assert (await sent(office))[2] == ("2026-W45", "2026-T3", [])
