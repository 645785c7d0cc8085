"""Clocks that lie: set back by a minute and a half or an hour, or on by a day, while letters, uploads, holds, rosters and responses are
under way; in one process, and on two machines whose clocks differ."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.identifiers import SchoolNumber, student_id
from tests.e2e.school import School, eventually
from tests.support.processes import run_star
from tests.support.stack import ALL_SCOPES, Stack, cluster, embedded_stack, started
from tests.support.stepped_clock import SteppedClock
from tests.support.tokens import bearer, local_token

BACK_A_LITTLE, BACK_AN_HOUR, ON_A_DAY = timedelta(seconds=-90), timedelta(hours=-1), timedelta(days=1, hours=1)


class School0999(School):
    """A school whose token holds by every clock of these tests."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(stack, "0999")
        issued = datetime.now(UTC) - timedelta(days=2)
        self.auth = bearer(local_token(stack.data, ALL_SCOPES.split(), ["0999"], now=issued, valid_for=timedelta(days=100)))

    def move(self, student: str) -> str:
        """Sends a student with another address of their caregiver; answers it."""
        address = f"moved-{student}@example.test"
        caregiver = {"name": "A Caregiver", "email": address}
        body = {"student": student, "given_name": f"Made{student}", "family_name": "Up", "caregivers": [caregiver]}
        answer = self.request("PUT", "ingest", "/v1/schools/0999/students", json={"students": [body]})
        assert answer.json() == {"accepted": 1, "rejected": []}
        return address

    def has(self, rows: str) -> bool:
        """Whether the letters' service has such rows."""
        return self.stack.sql(f"SELECT EXISTS (SELECT FROM notifier.{rows})") == "t"

    def letters_to(self, address: str) -> list[dict[str, Any]]:
        return [message for message in self.stack.mail() if address in message["to"]]

    def states(self, student: str) -> set[str]:
        """The states of the student's letters."""
        return {item["status"] for item in self.get("notifier", "/v1/schools/0999/deliveries", student=student)["items"]}

    def last_week(self) -> str:
        """The week of the last school day: it has begun by every clock."""
        year, week, _ = self.half_days[-1][0].isocalendar()
        return f"{year}-W{week:02}"

    def at_ministry(self, student: str) -> str | None:
        """The last state that the Ministry was sent of the student's record."""
        sent = [record for upload in self.uploads() for record in upload["records"] if record["student"] == student]
        return sent[-1]["status"] if sent else None


def live_through(school: School0999, name: str, step: Callable[[], None]) -> None:
    """Sets a clock in the middle of all that a school and its families wait for, and sees it come about."""
    waiting = [f"{name}{number}" for number in range(5)]
    held, moved, closed = f"{name}held", f"{name}moved", f"{name}closed"
    hold = f"/v1/schools/0999/students/{held}/hold"
    school.enrol([*waiting, held, moved, closed])
    eventually(lambda: school.request("PUT", "thresholds", hold, json={"reason": "in hospital"}).status_code, 200)
    assert school.request("DELETE", "thresholds", hold).status_code == 200
    school.absent(closed, 10)
    eventually(lambda: len(school.records(student=closed)), 1)
    (record,) = school.records(student=closed)
    upload: dict[str, Any] = {"json": {"week": school.last_week()}}
    for student in waiting:
        school.absent(student, 10)
    school.request("POST", "moe-sync", "/v1/schools/0999/uploads", **upload).raise_for_status()

    step()

    assert school.request("PUT", "thresholds", hold, json={"reason": "there again"}).status_code == 200
    address = school.move(moved)
    response = {"activity": "conversation-with-whanau", "occurred_on": str(school.half_days[-1][0]), "staff": "A Dean"}
    answer = school.request("POST", "thresholds", f"/v1/star-records/{record['id']}/responses", json=response)
    assert answer.status_code == 201, answer.text
    decision = {"status": "closed", "outcome": "barriers-resolved"}
    assert school.request("PATCH", "thresholds", f"/v1/star-records/{record['id']}", json=decision).status_code == 200
    # The letters' service has heard of both: a crossing may overtake them.
    eventually(lambda: school.has(f"letter_holds WHERE held AND student_id = '{student_id(SchoolNumber('0999'), held)}'"), True)
    eventually(lambda: school.has(f"contacts WHERE CAST(caregivers AS text) LIKE '%{address}%'"), True)
    school.absent(held, 10)
    school.absent(moved, 10)

    # The hold is heeded, and lifting it, too.
    eventually(lambda: school.states(held), {"on-hold"})
    assert school.request("DELETE", "thresholds", hold).status_code == 200
    eventually(lambda: school.states(held), {"sent"})
    # The roster is applied.
    eventually(lambda: len(school.letters_to(address)), 1)
    # The Ministry hears the last state.
    preview = "/v1/schools/0999/uploads/preview"
    eventually(lambda: _status_of(school.get("moe-sync", preview, week=school.last_week()), closed), "closed")
    school.request("POST", "moe-sync", "/v1/schools/0999/uploads", **upload).raise_for_status()
    eventually(lambda: school.at_ministry(closed), "closed")
    # Nobody is written to twice.
    for student in [*waiting, closed, held]:
        eventually(lambda student=student: len(school.letters(student)), 1)  # type: ignore[misc]
    assert (len(school.letters_to(address)), school.letters(moved)) == (1, [])


def _status_of(preview: dict[str, Any], student: str) -> str | None:
    return next((record["status"] for record in preview["records"] if record["student"] == student), None)


def test_one_process_lives_through_steps_of_its_clock(tmp_path: Path) -> None:
    clock = SteppedClock(tmp_path, "machine")
    with embedded_stack(tmp_path, clock.environment) as stack:
        school = School0999(stack)
        live_through(school, "a", lambda: clock.step_to(BACK_A_LITTLE))
        live_through(school, "b", lambda: clock.step_to(BACK_AN_HOUR))
        live_through(school, "c", lambda: clock.step_to(ON_A_DAY))
        live_through(school, "d", lambda: clock.step_to(timedelta(0)))
        assert len({message["message_id"] for message in stack.mail()}) == len(stack.mail())


@contextmanager
def two_machines(folder: Path) -> Iterator[tuple[Stack, SteppedClock, SteppedClock]]:
    """A cluster with its APIs on one machine and its workers on another, and the clocks of both."""
    apis, workers = SteppedClock(folder, "apis"), SteppedClock(folder, "workers")
    with cluster(folder, {"serve": apis.environment, "work": workers.environment}) as stack:
        stack.migrate()
        with started(stack.processes()):
            yield stack, apis, workers


@pytest.mark.kafka
def test_two_machines_live_with_clocks_apart(tmp_path: Path) -> None:
    with two_machines(tmp_path) as (stack, apis, workers):
        school = School0999(stack)
        live_through(school, "a", lambda: apis.step_to(BACK_A_LITTLE))
        live_through(school, "b", lambda: workers.step_to(BACK_AN_HOUR))
        live_through(school, "c", lambda: workers.step_to(ON_A_DAY))
        live_through(school, "d", lambda: apis.step_to(BACK_AN_HOUR))
        assert len({message["message_id"] for message in stack.mail()}) == len(stack.mail())


def test_weeks_ahead_nothing_is_sent_until_a_person_believes_the_clock(tmp_path: Path) -> None:
    clock = SteppedClock(tmp_path, "machine")
    with embedded_stack(tmp_path, clock.environment) as stack:
        school = School0999(stack)
        long_term = {"term": school.term, "start": str(school.start), "end": str(school.start + timedelta(days=110))}
        school.enrol(["1", "2"], terms=[long_term])
        school.absent("1", 10)
        eventually(lambda: len(school.letters("1")), 1)
        clock.step_to(timedelta(days=40))
        school.absent("2", 10)
        eventually(lambda: len(school.records(student="2")), 1)
        eventually(lambda: "clock.doubted" in stack.heart.output.read_text(), True)
        assert school.letters("2") == []
        assert stack.uploads() == []
        environment = {**clock.environment, "STAR_DATABASE_URL": stack.database_url}
        run_star(["clock", "accept"], environment)
        eventually(lambda: len(school.letters("2")), 1)
