"""Messages that a log lost before we had read them: which of them were a school's, and what the school is told. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.bus.partitioning import partition_of
from shared.events.topics import MARKS, SCHOOLS, STUDENTS
from shared.offsets.repository import KeptGap

WHAT: Final[Mapping[str, str]] = {MARKS.name: "marks", SCHOOLS.name: "calendars", STUDENTS.name: "students"}
"""The things that a school can send again, by topic."""

HOW: Final[Mapping[str, str]] = {
    "lost": "were deleted from the bus before they were read",
    "log-shorter": "may be missing, as the bus was restored to a time before",
    "another-topic": "may be missing, as the topic was deleted and made again",
}


@dataclass(frozen=True, slots=True)
class LostMessages:
    """Messages of a partition that a school was in. `messages` counts those of all its schools; 0 where nobody knows."""

    id: int
    found_at: datetime
    messages: int
    detail: str


def of_school(school: str, gaps: Sequence[KeptGap], bus: Literal["embedded", "kafka"], partitions: Mapping[str, int]) -> list[LostMessages]:
    """The gaps that may hold messages of a school.

    A topic with a school's number as its key has them in one partition; for any other topic, and where nobody knows how many
    `partitions` it has, each gap concerns every school.
    """
    return list(_of_school(school, gaps, bus, partitions))


def _of_school(
    school: str, gaps: Iterable[KeptGap], bus: Literal["embedded", "kafka"], partitions: Mapping[str, int]
) -> Iterator[LostMessages]:
    by_school = {topic.name for topic in (MARKS, SCHOOLS)}
    for gap in gaps:
        topic, number = gap.partition
        if topic not in WHAT:
            continue
        count = partitions.get(topic)
        if topic in by_school and count and partition_of(bus, school.encode(), count) != number:
            continue
        messages = gap.to_offset - gap.from_offset if gap.kind == "lost" else 0
        yield LostMessages(
            gap.id, gap.found_at, messages, f"{WHAT[topic]}{_when(gap)} {HOW[gap.kind]}: send them again ({topic}, partition {number})"
        )


def _when(gap: KeptGap) -> str:
    times = (f"from {_minute(gap.from_time)}" if gap.from_time else "", f"to {_minute(gap.to_time)}" if gap.to_time else "")
    said = " ".join(filter(None, times))
    return f" {said}" if said else ""


def _minute(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")
