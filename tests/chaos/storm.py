"""A storm: the product as separate processes, traffic, one fault after another, and the report."""

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from tests.chaos.checker import Report, check, entries, longest_pause
from tests.chaos.faults import FAULTS, possible
from tests.chaos.ground import Ground, ground
from tests.chaos.traffic import STUDENTS, Client, Log
from tests.e2e.school import School
from tests.support.stack import ClusterStack

SCHOOLS: Final = ("3001", "3002")
PROBE: Final = "probe"
LONGEST: Final = 120.0
ROUND: Final = 15.0
"""Seconds from one fault to the next: a third with the fault, the rest to recover."""


def storm(folder: Path, minutes: float, names: Iterable[str], say: Callable[[str], None] = print, *, at_least: int = 1) -> Report:
    """Lets the faults come one after another, again and again, for so many minutes and until so many have come; then checks."""
    with ground(folder, say) as scene:
        stack, receiver, faults = scene.stack, scene.receiver, possible(scene, names)
        schools = [School(stack, number) for number in SCHOOLS]
        for school in schools:
            school.enrol(STUDENTS)
        events = ["nz.star.threshold.crossed.v1", "nz.star.threshold.retracted.v1"]
        hook = {"url": receiver.url, "schools": list(SCHOOLS), "events": events}
        token = {"Authorization": f"Bearer {stack.token(schools=' '.join(SCHOOLS))}"}
        stack.http.post(f"{stack.url('notifier')}/v1/subscriptions", json=hook, headers=token).raise_for_status()
        stop, logs = threading.Event(), [folder / f"client-{number}.jsonl" for number in SCHOOLS]
        clients = [Client(school, Log(log), stop, seed) for seed, (school, log) in enumerate(zip(schools, logs, strict=True))]
        threads = [thread for client in clients for thread in client.threads()]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        spans = _weather(scene, faults, began + 60 * minutes, at_least, say)
        stop.set()
        for thread in threads:
            thread.join(120)
        took = (time.monotonic() - began) / 60
        say("the storm is over; checking")
        report = check(stack, schools, receiver, logs)
        report.hangs = scene.hangs
        moments = [entry["at"] for entry in entries(logs) if entry["kind"] == "marks" and entry["status"] == 202]
        for name, begin, end, counted in spans:
            door, heart = report.standstill.get(name, (0.0, 0.0))
            report.standstill[name] = (max(door, longest_pause(moments, begin, end)), max(heart, counted))
        report.lines_a_minute = {log.stem: len(log.read_bytes().splitlines()) / took for log in sorted(folder.glob("*-*.log"))}
        return report


def _weather(
    scene: Ground, faults: list[str], until: float, at_least: int, say: Callable[[str], None]
) -> list[tuple[str, float, float, float]]:
    """The faults that came: name, beginning, end of its round, and the seconds until what was marked at its end was counted."""
    spans = []
    number = 0
    while time.monotonic() + ROUND / 2 < until or number < at_least:
        name = faults[number % len(faults)]
        number += 1
        begin = time.monotonic()
        say(f"{number:3} {name} ...")
        with FAULTS[name](scene, ROUND / 3):
            pass
        counted = _until_counted(scene.stack)
        time.sleep(max(0.0, begin + ROUND - time.monotonic()))
        spans.append((name, begin, time.monotonic(), counted))
    return spans


def _until_counted(stack: ClusterStack) -> float:
    """The seconds from the end of a fault until a mark that is sent then shows in a total: a student of its own, marked to and fro."""
    school = School(stack, SCHOOLS[0])
    began = time.monotonic()
    while time.monotonic() < began + LONGEST:
        try:
            before = school.totals().get(PROBE, 0)
            now = datetime.now(UTC).isoformat()
            answer = school.post([school.mark(PROBE, 0, "P" if before else "M") | {"recorded_at": now}])
            while answer.status_code == 202 and time.monotonic() < began + LONGEST:
                if school.totals().get(PROBE, 0) != before:
                    return time.monotonic() - began
                time.sleep(0.2)
        except (httpx.HTTPError, KeyError):
            pass
        time.sleep(0.3)
    return LONGEST
