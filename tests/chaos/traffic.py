"""Clients that send again what was not answered, and log each answer: the log is all that the checker believes."""

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx

from tests.e2e.school import School

STUDENTS: Final = [str(100 + number) for number in range(15)]
AGAIN: Final = 0.5
"""Seconds between two tries."""


class Log:
    """JSON lines of one client."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def note(self, kind: str, **values: Any) -> None:
        """Adds a line."""
        with self._lock:
            self._file.write(json.dumps({"at": time.monotonic(), "kind": kind, **values}) + "\n")
            self._file.flush()


class Client:
    """The traffic of one school until `stop` is set: marks, corrections, rosters, responses, uploads."""

    def __init__(self, school: School, log: Log, stop: threading.Event, seed: int) -> None:
        self.school = school
        self.log = log
        self.stop = stop
        self.random = random.Random(seed)
        self.next_half_day = dict.fromkeys(STUDENTS, 0)
        self.sequence = 0

    def threads(self) -> list[threading.Thread]:
        """A thread for each kind of traffic."""
        jobs: list[tuple[Callable[[], None], float]] = [
            (self.marks, 0.5),
            (self.roster, 10.0),
            (self.response, 3.0),
            (self.upload, 20.0),
        ]
        return [threading.Thread(target=self._repeat, args=(job, pause), daemon=True) for job, pause in jobs]

    def marks(self) -> None:
        """A roll: some students absent for the next half days, and now and then a correction of what was sent before."""
        marks = []
        for student in self.random.sample(STUDENTS, 3):
            at = self.next_half_day[student]
            if at and (at == len(self.school.half_days) or self.random.random() < 0.2):
                marks.append(self._mark(student, self.random.randrange(at), self.random.choice("PM")))
            else:
                marks.append(self._mark(student, at, "M"))
                self.next_half_day[student] += 1
        self._until_taken("marks", "POST", f"/v1/schools/{self.school.number}/marks", {"marks": marks}, 202)

    def roster(self) -> None:
        """The roster again."""
        students = [self._student(student) for student in STUDENTS]
        self._until_taken("roster", "PUT", f"/v1/schools/{self.school.number}/students", {"students": students}, 202)

    def response(self) -> None:
        """A response on one of the records that are open."""
        records = self.school.records(status="open")
        if records:
            record = self.random.choice(records)["id"]
            body = {"activity": "conversation-with-whanau", "occurred_on": str(self.school.half_days[-1][0]), "staff": "A Dean"}
            answer = self.school.request("POST", "thresholds", f"/v1/star-records/{record}/responses", json=body)
            self.log.note("response", status=answer.status_code)

    def upload(self) -> None:
        """The week's upload, now."""
        path = f"/v1/schools/{self.school.number}/uploads"
        answer = self.school.request("POST", "moe-sync", path, json={"week": self.school.week()})
        self.log.note("upload", status=answer.status_code)

    def _mark(self, student: str, half_day: int, code: str) -> dict[str, Any]:
        # Each mark is newer than all before it, so that the last that was sent counts.
        self.sequence += 1
        mark = self.school.mark(student, half_day, code)
        return mark | {"recorded_at": (self.school.clock + timedelta(seconds=self.sequence / 100)).isoformat()}

    def _student(self, student: str) -> dict[str, Any]:
        caregiver = {"name": "A Caregiver", "email": f"caregiver-{self.school.number}-{student}@example.test"}
        return {"student": student, "given_name": f"Made{student}", "family_name": "Up", "year_level": 9, "caregivers": [caregiver]}

    def _until_taken(self, kind: str, method: str, path: str, body: dict[str, Any], wanted: int) -> None:
        """Sends the same again until it is taken: whoever is not answered does not know whether it arrived."""
        while True:
            status = 0
            with contextlib.suppress(httpx.HTTPError):
                status = self.school.request(method, "ingest", path, json=body).status_code
            taken = status == wanted
            marks = {"marks": body["marks"], "school": self.school.number} if taken and kind == "marks" else {}
            self.log.note(kind, status=status, **marks)
            if taken or (400 <= status < 500 and status not in {409, 429}):
                return
            time.sleep(AGAIN)

    def _repeat(self, job: Callable[[], None], pause: float) -> None:
        while not self.stop.is_set():
            try:
                job()
            except (httpx.HTTPError, KeyError, ValueError) as error:
                self.log.note("error", error=type(error).__name__)
            self.stop.wait(pause * self.random.uniform(0.5, 1.5))


@contextlib.contextmanager
def flowing(school: School, log: Path, seed: int = 16) -> Iterator[None]:
    """Marks, corrections, rosters, responses and uploads, sent again until they are taken."""
    stop = threading.Event()
    threads = Client(school, Log(log), stop, seed).threads()
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
