"""A student management system that does all the cases of the proving ground as they are asked, through the REST door and KAMAR's."""

import time
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from deploy.conformance.batch import place_of
from deploy.conformance.cases import BATCH, BATCH_SESSIONS, NAMES, ROLL, is_absent
from deploy.conformance.ground import Ground

NOON = timedelta(hours=12)
SLOTS = range(1, 6)


class ModelVendor:
    """Sends to one engine. Each call marks a moment later than the one before."""

    def __init__(self, base_url: str, token: str, ground: Ground) -> None:
        self.ground = ground
        self._http = httpx.Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False)
        self._minutes = 0

    def close(self) -> None:
        self._http.close()

    def day(self, week: int, weekday: str) -> date:
        return self.ground.day(week, weekday)

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Sends with patience, as a system should, and confirms a change that was shown to it."""
        while True:
            answer = self._http.request(method, f"/ingest/v1/schools/9900{path}", json=body)
            if answer.status_code == 409 and "confirm" in answer.json():
                path = f"{path.partition('?')[0]}?confirm={answer.json()['confirm']}"
            elif answer.status_code == 503:
                time.sleep(min(1.0, float(answer.headers.get("Retry-After", "1"))))
            else:
                assert answer.is_success, answer.text
                return answer

    def marks(self, marks: Iterable[tuple[str, date, str | int, str | None]]) -> None:
        self._minutes += 1
        items = []
        for student, day, place, code in marks:
            at = datetime.combine(day, datetime.min.time(), ZoneInfo("Pacific/Auckland")) + NOON + timedelta(minutes=self._minutes)
            named = {"session": place} if isinstance(place, str) else {"slot": place}
            items.append({"student": student, "date": day.isoformat(), **named, "code": code, "recorded_at": at.isoformat()})
        for start in range(0, len(items), 5_000):
            self.send("POST", "/marks", {"marks": items[start : start + 5_000]})

    def all_day(self, student: str, days: Iterable[date], code: str) -> None:
        periods = self.ground.periods_from
        self.marks((student, day, place, code) for day in days for place in (SLOTS if day >= periods else ("AM", "PM")))

    def calendar(self) -> None:
        self.send("PUT", "", self.ground.calendar())

    def roster(self, **changes: dict[str, Any]) -> None:
        students = []
        for place, key in enumerate(ROLL):
            student: dict[str, Any] = {
                "student": key,
                "given_name": NAMES[place],
                "family_name": "Case",
                "year_level": 9 if place < 6 else 10,
                "groups": ["9A" if place < 6 else "10B"],
            }
            if key == "CON-02":
                student["caregivers"] = [
                    {"name": "Kim Case", "email": "kim@example.org"},
                    {"name": "Lee Case", "email": "lee@example.org", "status": "No contact"},
                ]
            students.append(student | changes.get(key.replace("-", "_"), {}))
        self.send("PUT", "/students", {"students": students})

    def roll(self) -> None:
        day = self.day(1, "Mon")
        codes = {("CON-01", "AM"): "M", ("CON-03", "AM"): "E", ("CON-03", "PM"): "E"}
        self.marks((key, day, half, codes.get((key, half), "P")) for key in ROLL for half in ("AM", "PM"))

    def corrections(self) -> None:
        tuesday, wednesday = self.day(1, "Tue"), self.day(1, "Wed")
        self.marks([("CON-04", tuesday, "AM", "?"), ("CON-04", tuesday, "PM", "P")])
        self.marks([("CON-04", tuesday, "AM", "M")])
        self.marks([("CON-05", wednesday, "AM", "T"), ("CON-05", wednesday, "PM", "P")])
        self.marks([("CON-05", wednesday, "AM", None)])

    def reach_five_days(self) -> None:
        days = [*(self.day(2, name) for name in ("Mon", "Tue", "Wed", "Thu")), self.day(3, "Mon")]
        self.all_day("CON-06", days, "E")

    def come_back_below(self) -> None:
        self.all_day("CON-06", [self.day(3, "Mon")], "P")

    def half_day(self) -> None:
        self.all_day("CON-07", [self.ground.half_day], "M")

    def timetable(self) -> None:
        self.send("PUT", "", self.ground.calendar() | {"timetables": self.ground.timetable()})
        for weekday, absent in (("Mon", {1, 2, 3}), ("Tue", {1}), ("Wed", {1, 2, 3, 4})):
            day = self.day(4, weekday)
            self.marks(("CON-08", day, slot, "T" if slot in absent else "P") for slot in SLOTS)

    def comings_and_goings(self) -> None:
        self.all_day("CON-09", [self.day(3, name) for name in ("Mon", "Tue", "Wed", "Thu")], "M")
        self.all_day("CON-10", [self.day(2, "Mon"), self.day(4, "Thu"), self.day(5, "Mon")], "E")
        leaves = {"CON_09": {"leaves_on": str(self.day(3, "Wed"))}, "CON_10": {"leaves_on": str(self.day(2, "Wed"))}}
        self.roster(**leaves)
        self.roster(**(leaves | {"CON_10": leaves["CON_10"] | {"starts_on": str(self.day(5, "Mon"))}}))

    def duplicate(self) -> None:
        self.all_day("CON-11", [self.day(1, "Thu")], "M")
        self.all_day("CON-99", [self.day(1, "Fri")], "M")
        self.send("PUT", "/students", {"students": [{"student": "CON-99", "given_name": "Kit", "family_name": "Case", "year_level": 10}]})
        self.send("POST", "/merged-students", {"student": "CON-99", "into": "CON-11"})

    def batch(self) -> None:
        places = [place_of(self.ground, session) for session in range(BATCH_SESSIONS)]
        self.marks(
            (student, *places[session], "M" if is_absent(number, session) else "P")
            for number, student in enumerate(BATCH)
            for session in range(BATCH_SESSIONS)
        )

    def last_friday(self) -> None:
        self.all_day("CON-12", [self.day(6, "Fri")], "E")
