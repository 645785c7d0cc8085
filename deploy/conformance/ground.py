"""The proving ground's school and its days: six whole weeks that are over, and the one that runs. Pure but for the file that keeps them."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final, Self

from services.ingest.schools.schemas import School, TermIn
from shared.files import write_whole
from shared.identifiers import SchoolNumber

NUMBER: Final = SchoolNumber("9900")
"""No school of New Zealand has it."""
NAME: Final = "Proving Ground School"
WEEKS: Final = 6
FILE: Final = "proving-ground.json"

PERIODS: Final = [{"slot": number, "name": f"Period {number}", "minutes": 60} for number in range(1, 6)]


@dataclass(frozen=True, slots=True)
class Ground:
    """The days of the ground. `start` is the Monday of week 1, and stays what it was when the ground was begun."""

    start: date

    @classmethod
    def beginning(cls, today: date) -> Self:
        """A ground whose weeks 1 to 6 are over today."""
        return cls(today - timedelta(days=today.weekday(), weeks=WEEKS))

    @classmethod
    def read(cls, data: Path) -> Self | None:
        """The ground that was begun in this data folder; None where there is none. Raises ValueError for a damaged file."""
        try:
            return cls(date.fromisoformat(json.loads((data / FILE).read_bytes())["start"]))
        except FileNotFoundError:
            return None
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{data / FILE} can't be read: delete it, and begin again") from error

    def keep(self, data: Path) -> None:
        """Keeps it in the data folder."""
        data.mkdir(parents=True, exist_ok=True)
        write_whole(data / FILE, json.dumps({"start": self.start.isoformat()}).encode())

    def day(self, week: int, weekday: str) -> date:
        """A school day, as in `day(2, "Fri")`."""
        return self.start + timedelta(weeks=week - 1, days=("Mon", "Tue", "Wed", "Thu", "Fri").index(weekday))

    @property
    def term(self) -> str:
        """The name of the ground's term."""
        return f"{self.start.year}-T{(self.start.month - 1) // 3 + 1}"

    @property
    def end(self) -> date:
        """The last day of the term: two weeks behind the weeks that are over."""
        return self.start + timedelta(weeks=WEEKS + 2, days=4)

    @property
    def half_day(self) -> date:
        """The school opens for its morning only."""
        return self.day(2, "Fri")

    @property
    def closed_day(self) -> date:
        """The school is closed."""
        return self.day(3, "Fri")

    @property
    def periods_from(self) -> date:
        """From here on the school marks five periods instead of mornings and afternoons."""
        return self.day(4, "Mon")

    def calendar(self) -> dict[str, Any]:
        """The school as the system sends it first: public holidays of these weeks are opened, so that every term has the same days."""
        return {
            "name": NAME,
            "terms": [{"term": self.term, "start": self.start.isoformat(), "end": self.end.isoformat()}],
            "closed_days": [self.closed_day.isoformat()],
            "half_days": [self.half_day.isoformat()],
            "open_days": [day.isoformat() for day in self._holidays()],
        }

    def timetable(self) -> list[dict[str, Any]]:
        """The timetables that the system sends in the middle of the term."""
        return [{"from": self.periods_from.isoformat(), "slots": PERIODS}]

    def _holidays(self) -> list[date]:
        school = School(school=NUMBER, name=NAME, terms=[TermIn(term=self.term, start=self.start, end=self.end)])
        calendar = school.calendar()
        weekdays = [self.start + timedelta(weeks=week, days=day) for week in range(WEEKS) for day in range(5)]
        return [day for day in weekdays if not calendar.open_half_days(day)]
