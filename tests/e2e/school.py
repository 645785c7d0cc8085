"""A school as a test plays it: sends itself, its students and marks over REST, and looks at what comes of them.

Its term runs around today, so that the tests hold in any year.
"""

import itertools
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests.support.stack import ALL_SCOPES, Stack
from tests.support.tokens import bearer, local_token

AUCKLAND = ZoneInfo("Pacific/Auckland")
CROSSED = ("nz.star.threshold.crossed.v1", "nz.star.threshold.retracted.v1")
PATIENCE = 120.0
HALF_DAYS = 40
"""Half days of the term that lie behind us."""


def eventually(look: Callable[[], Any], expected: Any, patience: float = PATIENCE) -> None:
    """Looks again and again until it sees what is expected."""
    deadline = time.monotonic() + patience
    seen: Any = None
    while time.monotonic() < deadline:
        try:
            seen = look()
        except (httpx.HTTPError, LookupError) as error:
            seen = error
        if seen == expected:
            return
        time.sleep(0.1)
    raise AssertionError(f"expected {expected!r}, and saw {seen!r} in the end")


def eventually_holds(check: Callable[[], None], patience: float = PATIENCE) -> None:
    """Checks again and again until nothing is wrong."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def past_half_days(count: int = HALF_DAYS) -> list[tuple[date, str]]:
    """The last half days before today on which the school was open, oldest first."""
    half_days: list[tuple[date, str]] = []
    day = datetime.now(AUCKLAND).date()
    while len(half_days) < count:
        day -= timedelta(days=1)
        if day.weekday() < 5:
            half_days = [(day, "AM"), (day, "PM"), *half_days]
    return half_days[-count:]


def whole_plan(today: date) -> dict[str, Any]:
    """A plan with all that the checklist asks for, approved today."""
    step = {"strategies": ["We ring home, and listen."], "actions": ["conversation-with-whanau"]}
    return {
        "objectives": ["Everybody is here, every day that they can be."],
        "priorities": ["Year 9 settles in."],
        "processes": {"patterns": ["We look at each week's analysis."], "barriers": ["We ask whānau what stands in the way."]},
        "monitoring": {"measures": ["Share of regular attendance."], "achievement_links": ["Attendance beside results, each term."]},
        "thresholds": {"expectations": {"strategies": ["Tell us by nine."], "actions": []}, "5": step, "10": step, "15": step},
        "approved_on": str(today),
        "approved_by": "The board of Example Kura",
        "effective_on": str(today),
        "review_on": str(_years_on(today, 2)),
    }


def _years_on(day: date, years: int) -> date:
    return day + timedelta(days=365 * years)


class School:
    """One school on one stack."""

    def __init__(self, stack: Stack, number: str, half_days: int = HALF_DAYS) -> None:
        self.stack = stack
        self.number = number
        self.half_days = past_half_days(half_days)
        self.start = self.half_days[0][0]
        self.term = f"{self.start.year}-T4"
        self._sent: dict[str, Any] = {}
        self.auth = bearer(local_token(stack.data, ALL_SCOPES.split(), [number]))
        self.clock = datetime.now(AUCKLAND).replace(microsecond=0) - timedelta(hours=2)

    def request(self, method: str, service: str, path: str, **arguments: Any) -> httpx.Response:
        return self.stack.http.request(method, f"{self.stack.url(service)}{path}", headers=self.auth, **arguments)

    def get(self, service: str, path: str, **params: Any) -> Any:
        return self.request("GET", service, path, params=params).raise_for_status().json()

    def enrol(self, students: list[str], **changes: Any) -> None:
        """Sends the school and its students, each with one caregiver."""
        self._sent = self._school() | changes
        self.put_again().raise_for_status()
        roster = [
            {
                "student": student,
                "given_name": f"Made{student}",
                "family_name": "Up",
                "year_level": 9,
                "groups": ["9A"],
                "caregivers": [{"name": "A Caregiver", "email": f"caregiver-{self.number}-{student}@example.test"}],
            }
            for student in students
        ]
        answer = self.request("PUT", "ingest", f"/v1/schools/{self.number}/students", json={"students": roster})
        assert answer.json() == {"accepted": len(students), "rejected": []}

    def _school(self) -> dict[str, Any]:
        end = datetime.now(AUCKLAND).date() + timedelta(days=14)
        return {
            "name": "Example Kura",
            "terms": [{"term": self.term, "start": str(self.start), "end": str(end)}],
            # The tests run on any date: public holidays among their days are opened.
            "open_days": sorted({str(day) for day, _ in self.half_days}),
        }

    def put_again(self) -> httpx.Response:
        """Sends the school as it was sent last, and says yes to what that would move: while marks flow, it may become something else."""
        path = f"/v1/schools/{self.number}"
        answer = self.request("PUT", "ingest", path, json=self._sent)
        while answer.status_code == httpx.codes.CONFLICT:
            answer = self.request("PUT", "ingest", path, params={"confirm": answer.json()["confirm"]}, json=self._sent)
        return answer

    def mark(self, student: str, half_day: int, code: str | None, minute: int = 0) -> dict[str, Any]:
        """A mark of the `half_day`-th half day of the term, recorded at a minute of this test's clock."""
        day, session = self.half_days[half_day]
        recorded_at = (self.clock + timedelta(minutes=minute)).isoformat()
        return {"student": student, "date": str(day), "session": session, "code": code, "recorded_at": recorded_at}

    def post(self, marks: list[dict[str, Any]]) -> httpx.Response:
        return self.request("POST", "ingest", f"/v1/schools/{self.number}/marks", json={"marks": marks})

    def absent(self, student: str, count: int, first: int = 0, code: str | None = "M", minute: int = 0) -> None:
        """Posts `count` half days in a row."""
        answer = self.post([self.mark(student, number, code, minute) for number in range(first, first + count)])
        assert answer.status_code == 202, answer.text

    def attendance(self, student: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get("thresholds", f"/v1/schools/{self.number}/students/{student}/attendance")
        return found

    def total(self, student: str) -> int:
        return int(self.attendance(student)["absent_half_days"])

    def totals(self) -> dict[str, int]:
        """Every student's half days, by student."""
        found: dict[str, int] = {}
        cursor = None
        while True:
            page = self.get("thresholds", f"/v1/schools/{self.number}/students", limit=500, **({"cursor": cursor} if cursor else {}))
            found |= {item["student"]: item["absent_half_days"] for item in page["items"]}
            cursor = page["next"]
            if cursor is None:
                return found

    def records(self, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("thresholds", f"/v1/schools/{self.number}/star-records", **params)["items"]
        return found

    def events(self) -> list[dict[str, Any]]:
        """The feed of this school's events, from the beginning."""
        events: list[dict[str, Any]] = []
        after = None
        while True:
            page = self.get("thresholds", "/v1/events", limit=1000, **({"after": after} if after else {}))
            if not page["items"]:
                return events
            events += page["items"]
            after = page["next"]

    def crossings(self, student: str | None = None) -> list[tuple[str, int, str, int]]:
        """The crossings said: (student, threshold, direction, sequence), in the order of the feed."""
        return [
            (event["data"]["student"], event["data"]["threshold"], event["data"]["direction"], event["data"]["sequence"])
            for event in self.events()
            if event["type"] in CROSSED and student in (None, event["data"]["student"])
        ]

    def letters(self, student: str) -> list[dict[str, Any]]:
        """The letters that reached this student's caregiver."""
        address = f"caregiver-{self.number}-{student}@example.test"
        return [message for message in self.stack.mail() if address in message["to"]]

    def uploads(self) -> list[dict[str, Any]]:
        """The Ministry's items of this school."""
        return [upload for upload in self.stack.uploads() if upload["school"] == self.number]

    def week(self) -> str:
        """The running week at the school."""
        year, week, _ = datetime.now(AUCKLAND).date().isocalendar()
        return f"{year}-W{week:02}"


_numbers = itertools.count(1000)


def fresh_number() -> str:
    """A school number that no other test of this run uses."""
    return f"{next(_numbers):04}"
