"""A school's timetables as they are sent, and what of those before stays: a new timetable does not change days that are over."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from shared.attendance.enrolment import Weekday
from shared.attendance.timetable import Session
from shared.web.schemas import Body

LONGEST_CYCLE = 20
SlotName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class SlotIn(Body):
    """A period of the timetable. `session` says that it lies in the morning (AM) or the afternoon (PM); null: its place says it."""

    slot: int = Field(ge=1, le=20)
    name: SlotName
    minutes: int = Field(ge=1, le=600)
    session: Session | None = None


def _distinct(slots: list[SlotIn]) -> list[SlotIn]:
    if len({slot.slot for slot in slots}) < len(slots):
        raise ValueError("a slot is there twice")
    return sorted(slots, key=lambda slot: slot.slot)


Slots = Annotated[list[SlotIn], Field(max_length=20), AfterValidator(_distinct)]


class DaySlotsIn(Body):
    """The slots of one day that follows no timetable: an assembly, a half-day opening."""

    date: date
    slots: Slots


class TimetableIn(Body):
    """The slots that hold from a day on: `slots` every day, but for the weekdays in `weekdays`; or a `cycle`, the slots of each
    of its days.

    Day 1 of a cycle is the first school day from `from` on, and from each of `cycle_starts` on. Closed days do not count.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    start: date = Field(alias="from")
    slots: Slots = Field(default=[])
    weekdays: dict[Weekday, Slots] = Field(default={})
    cycle: list[Slots] = Field(default=[], max_length=LONGEST_CYCLE)
    cycle_starts: list[date] = Field(default=[], max_length=100)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.cycle and (self.slots or self.weekdays):
            raise ValueError("a timetable has a cycle, or slots and weekdays")
        if self.cycle_starts and not self.cycle:
            raise ValueError("cycle_starts goes with a cycle")
        return self


class PastTimetable(TimetableIn):
    """A timetable that another has replaced; it still holds for its days. `from` null: from the beginning."""

    start: date | None = Field(alias="from")  # type: ignore[assignment]


def in_force(start: date | None, slots: list[SlotIn]) -> list[PastTimetable]:
    """The undated slots of a school as a timetable; none where there are no slots."""
    return [PastTimetable(start=start, slots=slots)] if slots or start is not None else []


def replaced(before: Iterable[PastTimetable], by: Iterable[date | None], until: date) -> list[PastTimetable]:
    """Those of the timetables before that go on holding for days before `until`: a timetable of the same day takes the place of one."""
    taken = set(by)
    kept = [timetable for timetable in before if timetable.start not in taken and (timetable.start is None or timetable.start < until)]
    return sorted(kept, key=lambda timetable: timetable.start or date.min)
