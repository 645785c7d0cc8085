"""Which schools a gap in a log concerns, and what they are told."""

from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from services.thresholds.data_quality.lost_messages import of_school
from shared.bus.interface import Partition
from shared.offsets.repository import KeptGap

FROM, TO, FOUND = (datetime(2026, 10, 19, hour, 30, tzinfo=UTC) for hour in (1, 3, 5))


def gap(topic: str, partition: int, kind: Any = "lost", number: int = 1) -> KeptGap:
    return KeptGap("thresholds.marks", Partition(topic, partition), kind, 100, 120, FROM, TO, number, FOUND)


@pytest.mark.parametrize(
    ("bus", "school", "place"), [("embedded", "0999", 0), ("embedded", "0189", 1), ("embedded", "0001", 4), ("kafka", "0999", 3)]
)
def test_a_school_hears_of_gaps_in_its_own_partition_of_marks(bus: Literal["embedded", "kafka"], school: str, place: int) -> None:
    gaps = [gap("star.marks.v1", number, number=number) for number in range(8)]
    (lost,) = of_school(school, gaps, bus, {"star.marks.v1": 8})
    assert (lost.id, lost.messages, lost.found_at) == (place, 20, FOUND)
    assert lost.detail == (
        "marks from 2026-10-19T01:30+00:00 to 2026-10-19T03:30+00:00 were deleted from the bus before they were read: send them again"
        f" (star.marks.v1, partition {place})"
    )


def test_a_gap_whose_keys_are_unknown_concerns_all() -> None:
    for gaps, partitions in (([gap("star.students.v1", 3)], {"star.students.v1": 8}), ([gap("star.marks.v1", 3)], {})):
        assert [lost.id for lost in of_school("0999", gaps, "kafka", partitions)] == [1]


def test_what_no_school_can_send_again_is_the_operators_alone() -> None:
    assert of_school("0999", [gap("star.dead-letters.v1", 0), gap("star.proposals.v1", 0)], "embedded", {}) == []


def test_what_nobody_can_count_is_not_counted() -> None:
    shorter, another = of_school("0999", [gap("star.marks.v1", 0, "log-shorter"), gap("star.marks.v1", 0, "another-topic")], "kafka", {})
    assert (shorter.messages, another.messages) == (0, 0)
    assert "may be missing, as the bus was restored" in shorter.detail
    assert "may be missing, as the topic was deleted" in another.detail
