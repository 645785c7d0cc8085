"""`star conform` leads a system through all cases: a model system meets them, a wrong one hears what differs and by which rule."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.conformance.access import ground_token
from deploy.conformance.cases import Door, cases
from deploy.conformance.evidence import Evidence
from deploy.conformance.ground import Ground
from deploy.conformance.report import CaseResult, results
from tests.e2e.school import eventually
from tests.support.model_vendor import ModelVendor
from tests.support.processes import STAR, run_star
from tests.support.stack import EmbeddedStack, embedded_stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with embedded_stack(tmp_path_factory.mktemp("conform")) as running:
        yield running


class Conform:
    """The command, on one engine."""

    def __init__(self, stack: EmbeddedStack) -> None:
        self._stack = stack
        self.url = f"http://127.0.0.1:{stack.port}"

    def run(self, *arguments: str) -> tuple[int, str, str]:
        done = subprocess.run([*STAR, "conform", *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def states(self, door: Door = "rest") -> dict[str, str]:
        """As the command finds them, without a process for each look."""
        return {result.case.name: result.state for result in asyncio.run(self._results(door))}

    def unmet(self, door: Door = "rest") -> dict[str, str]:
        return {case: state for case, state in self.states(door).items() if state != "met"}

    def report(self, *arguments: str) -> tuple[int, str]:
        code, out, _ = self.run("--data", str(self._stack.data), "--url", self.url, *arguments)
        return code, out

    async def _results(self, door: Door) -> list[CaseResult]:
        ground = Ground.read(self._stack.data)
        assert ground is not None
        token = ground_token(self._stack.data, timedelta(minutes=5))
        apis = {api: f"{self.url}/{api}" for api in ("ingest", "thresholds", "notifier", "sandbox")}
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False) as http:
            return await results(Evidence(http, ground, apis), door)


@pytest.fixture(scope="module")
def conform(stack: EmbeddedStack) -> Conform:
    return Conform(stack)


@pytest.fixture(scope="module")
def vendor(stack: EmbeddedStack, conform: Conform) -> Iterator[ModelVendor]:
    code, out, err = conform.run("begin", "--data", str(stack.data))
    assert code == 0, err
    printed = dict(line.split(maxsplit=1) for line in out.splitlines())
    token = printed["token"]
    assert printed["address"] == f"{conform.url}/ingest"
    ground = Ground.read(stack.data)
    assert ground is not None
    vendor = ModelVendor(conform.url, token, ground)
    yield vendor
    vendor.close()


def test_before_anything_came_all_cases_wait(vendor: ModelVendor, conform: Conform) -> None:
    assert set(conform.states().values()) == {"waiting"}
    code, out = conform.report()
    assert code == 1
    assert "0 of 13 cases are met" in out
    assert "next: The school and its calendar (calendar)" in out
    assert f"Send the school: the term {vendor.ground.term}" in out


def test_a_calendar_hears_of_each_field_that_differs(vendor: ModelVendor, conform: Conform) -> None:
    calendar = vendor.ground.calendar()
    wrong = {"closed_days": [vendor.day(5, "Thu").isoformat()], "half_days": [], "open_days": [vendor.ground.half_day.isoformat()]}
    vendor.send("PUT", "", calendar | wrong)
    _, out = conform.report()
    for name, sent in wrong.items():
        assert f"{name}: {calendar[name]} is right, {sent} is here" in out
        assert f"(`{name}`)" in out or not calendar[name]


def test_a_model_system_meets_all_cases(vendor: ModelVendor, conform: Conform) -> None:
    vendor.calendar()
    vendor.roster()
    vendor.roll()
    vendor.corrections()
    vendor.reach_five_days()
    eventually(lambda: conform.states()["crossing"], "different")
    vendor.come_back_below()
    vendor.half_day()
    vendor.timetable()
    vendor.comings_and_goings()
    vendor.duplicate()
    vendor.batch()
    code, out, err = conform.run("outage", "--url", conform.url, "--for", "3")
    assert (code, out) == (0, "the door is closed for 3 seconds\n"), err
    vendor.last_friday()
    eventually(conform.unmet, {})
    code, out = conform.report("--json")
    assert (code, len(json.loads(out)["cases"])) == (0, 13)


def test_a_wrong_system_hears_what_differs_and_by_which_rule(vendor: ModelVendor, conform: Conform) -> None:
    vendor.all_day("CON-01", [vendor.day(1, "Mon")], "M")
    eventually(lambda: conform.states()["roll"], "different")
    _, out = conform.report()
    assert f"CON-01 on {vendor.day(1, 'Mon')}, half days absent: 1 is right, 2 is here" in out
    assert "the rule: An absent session is a half day." in out
    page = httpx.get(f"{conform.url}/sandbox/conform.html").text
    assert "12 of 13 cases are met" in page
    assert "half days absent: 1 is right, 2 is here" in page


def test_the_file_of_the_batch_is_the_batch(vendor: ModelVendor, stack: EmbeddedStack, conform: Conform, tmp_path: Path) -> None:
    file = tmp_path / "batch.csv"
    assert conform.run("batch", "--data", str(stack.data), str(file))[0] == 0
    assert len(file.read_text().splitlines()) == 5_001
    answer = httpx.post(
        f"{conform.url}/ingest/v1/schools/9900/imports",
        params={"kind": "marks", "dry_run": "true"},
        content=file.read_bytes(),
        headers={"Content-Type": "text/csv", "Authorization": vendor.send("GET", "").request.headers["Authorization"]},
    )
    assert answer.json()["accepted"] == 5_000, answer.text


def test_kamars_door_has_a_chapter_of_its_own(vendor: ModelVendor, stack: EmbeddedStack, conform: Conform) -> None:
    assert set(conform.states("kamar").values()) == {"waiting"}
    credentials = vendor.send("POST", "/kamar-credentials").json()
    push = Pushes(conform.url, credentials, vendor.ground)
    vendor.send("PUT", "", vendor.ground.calendar() | {"timetables": vendor.ground.timetable()})
    students = [("70001", "Mia", 9), ("70002", "Ned", 9), ("70003", "Ora", 10)]
    push.students("part", [push.student(*student) for student in students])
    thursday, friday = vendor.day(4, "Thu"), vendor.day(4, "Fri")
    push.attendance({"70001": {thursday: "TTTPP", friday: "TTTTT"}, "70002": {thursday: "PPPPP"}, "70003": {thursday: ".TTTT"}})
    push.attendance({"70001": {friday: "PPPPP"}})
    push.attendance({"70003": {vendor.day(5, "Mon"): "MMMMM", vendor.day(5, "Thu"): "MMMMM"}})
    push.students("part", [push.student("70003", "Ora", 10, leaves=vendor.day(5, "Wed"))])
    eventually(lambda: conform.unmet("kamar"), {})


class Pushes:
    """KAMAR as it pushes to its door."""

    def __init__(self, base_url: str, credentials: dict[str, str], ground: Ground) -> None:
        self._http = httpx.Client(base_url=base_url, auth=(credentials["username"], credentials["password"]), trust_env=False)
        self._at = ground.day(6, "Fri")
        self._count = 0

    def student(self, key: str, name: str, level: int, leaves: date | None = None) -> dict[str, Any]:
        return {
            "id": int(key),
            "firstname": name,
            "lastname": "Case",
            "yearlevel": level,
            "leavingdate": int(f"{leaves:%Y%m%d}") if leaves else 0,
        }

    def students(self, sync: str, students: list[dict[str, Any]]) -> None:
        self._push(sync, {"students": {"count": len(students), "data": students}})

    def attendance(self, codes: dict[str, dict[date, str]]) -> None:
        data = [
            {"id": int(key), "values": [{"date": int(f"{day:%Y%m%d}"), "codes": text} for day, text in days.items()]}
            for key, days in codes.items()
        ]
        self._push("attendance", {"attendance": {"count": len(data), "data": data}})

    def _push(self, sync: str, sections: dict[str, Any]) -> None:
        self._count += 1
        at = f"{self._at - timedelta(days=1):%Y%m%d}1200{self._count:02}"
        document = {"SMSDirectoryData": {"datetime": int(at), "sync": sync, "sms": "KAMAR", "version": 3000, **sections}}
        answer = self._http.post("/ingest/v1/kamar", json=document)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("door", ["rest", "kamar"])
def test_every_case_has_steps_a_rule_and_a_page_that_is_there(door: Door) -> None:
    found = cases(Ground(date(2026, 10, 12)), door)
    assert len({case.name for case in found}) == len(found)
    for case in found:
        assert case.steps and case.expects and case.rule.endswith(".")
        assert Path(case.page).is_file(), case.page


def test_public_holidays_are_school_days_on_the_ground() -> None:
    ground = Ground.beginning(date(2026, 11, 30))
    assert (ground.start, ground.term) == (date(2026, 10, 19), "2026-T4")
    assert ground.calendar()["open_days"] == ["2026-10-26"]


def test_without_a_ground_an_engine_or_a_token_of_the_ground_one_line_says_what_to_do(
    stack: EmbeddedStack, tmp_path: Path, conform: Conform
) -> None:
    code, _, err = conform.run("--data", str(tmp_path))
    assert (code, "star conform begin" in err, "Traceback" in err) == (1, True, False)
    code, _, err = conform.run("begin", "--data", str(tmp_path))
    assert (code, "star run" in err, "Traceback" in err) == (2, True, False)
    code, _, err = conform.run("outage", "--url", "http://127.0.0.1:9")
    assert (code, "does not answer" in err, "Traceback" in err) == (1, True, False)
    conform.run("begin", "--data", str(stack.data))
    another = stack.token("star:read", "0999")
    code, _, err = conform.run("--data", str(stack.data), "--url", conform.url, "--token", another)
    assert (code, "leave out --token and STAR_TOKEN" in err, another in err) == (1, True, False)
    assert run_star(["conform", "--help"], {})
