"""The job of all: rolls of made-up classes in, a crossing out for each student who reaches the tenth absent half day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from aiokafka import AIOKafkaProducer

from shared.bus.interface import Outgoing
from shared.bus.partitioning import partition_of
from shared.events.catalogue import MARKS_RECORDED
from shared.events.data import Mark, MarksRecorded
from shared.events.envelope import Event
from tests.bench import schools
from tests.bench.nation.country import A_CLASS, A_SCHOOL, Country, Session, key, sessions

PARTITIONS: Final = 8
COLD: Final = 20
"""Sessions that come first, to those who know nothing yet."""
DENSE: Final = 5
"""Sessions that come to the rows that the first ones have made."""
BEFORE_THE_TENTH: Final = 9


@dataclass(frozen=True)
class Stretch:
    """Some sessions of the term, and the students who cross in the last of them: one of a hundred."""

    name: str
    first: int
    after: int
    crosses: int

    def absent(self, student: int, session: int) -> bool:
        """Whether a student who crosses in this stretch is away in the term's n-th session."""
        return student % 100 == self.crosses and (session < BEFORE_THE_TENTH or session == self.after - 1)


STRETCHES: Final = (Stretch("cold", 0, COLD, 50), Stretch("dense", COLD, COLD + DENSE, 0))


def _code(student: int, place: int, session: Session) -> str:
    if student % 100 in {one.crosses for one in STRETCHES}:
        return "T" if any(one.absent(student, place) for one in STRETCHES) else "P"
    return "T" if (student + session[0].toordinal()) % 17 == 0 else "P"


def _event(school: str, marks: list[Mark], number: int) -> Outgoing:
    now = datetime.now(UTC)
    return Event(MARKS_RECORDED, f"{school}-{number}", "/bench", now, school, MarksRecorded(school, "api", now, marks)).encode()


def _mark(student: int, session: Session, code: str) -> Mark:
    half = "AM" if session[1] == "AM" else "PM"
    return Mark(student=key(student), date=session[0], session=half, code=code, recorded_at=schools.RECORDED + timedelta(seconds=1))


def rolls(country: Country, stretch: Stretch, together: int = A_CLASS) -> Iterator[Outgoing]:
    """The stretch's records, of so many marks each; in a session the classes of all schools take turns."""
    number = 0
    for place in range(stretch.first, stretch.after):
        session = sessions()[place]
        for start in range(0, A_SCHOOL, together):
            for school in range(country.schools):
                if students := country.of_school(school)[start : start + together]:
                    marks = [_mark(student, session, _code(student, place, session)) for student in students]
                    number += 1
                    yield _event(schools.number(school), marks, number)


def first_words(country: Country) -> Iterator[tuple[int, Outgoing]]:
    """A roll for each partition, of a school that has no other: its student crosses, so that one sees who is ready."""
    for partition in range(PARTITIONS):
        number = country.schools + partition
        marks = [_mark(9_000_000 + partition, session, "T") for session in sessions()[: BEFORE_THE_TENTH + 1]]
        yield partition, _event(schools.number(number), marks, 0)


async def pour(producer: AIOKafkaProducer, topic: str, records: Sequence[tuple[int, Outgoing]]) -> None:
    """Writes the records to their partitions, in batches as full as they get."""
    builders = {}
    for partition, record in records:
        headers = list(record.headers)
        builder = builders.get(partition)
        if builder is None or builder.append(timestamp=None, key=record.key, value=record.value, headers=headers) is None:
            if builder is not None:
                await producer.send_batch(builder, topic, partition=partition)
            builder = builders[partition] = producer.create_batch()
            builder.append(timestamp=None, key=record.key, value=record.value, headers=headers)
    for partition, builder in builders.items():
        await producer.send_batch(builder, topic, partition=partition)
    await producer.flush()


def placed(records: Iterator[Outgoing]) -> list[tuple[int, Outgoing]]:
    """Each record with the partition of its school."""
    return [(partition_of("kafka", record.key, PARTITIONS), record) for record in records]
