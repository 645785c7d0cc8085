"""Reads the clients' logs, asks the product what it made of them, and counts. It knows nothing of how the product works."""

import contextlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.receiver import Receiver
from tests.chaos.traffic import STUDENTS
from tests.e2e.school import School, eventually
from tests.support.stack import ClusterStack

CROSSINGS = ("nz.star.threshold.crossed.v1", "nz.star.threshold.retracted.v1")

SETTLE = 240.0
"""Seconds until all that was accepted has to be counted, said, sent and answered, after the last fault."""

Totals = dict[str, dict[str, int]]


@dataclass
class Report:
    """The figures."""

    accepted: int = 0
    not_counted: list[str] = field(default_factory=list)
    crossings: Counter[int] = field(default_factory=Counter)
    """How many crossings were said so many times in the feed."""
    out_of_step: list[str] = field(default_factory=list)
    """Students whose crossings don't add up to their totals."""
    webhooks: Counter[int] = field(default_factory=Counter)
    letters: Counter[int] = field(default_factory=Counter)
    """How many letters that are `sent` came into a mailbox so many times."""
    letters_late: int = 0
    uploads: Counter[str] = field(default_factory=Counter)
    uploads_twice: int = 0
    standstill: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By fault, the longest: seconds without an accepted roll, at the door; and from the fault's end until a mark counted."""
    hangs: list[str] = field(default_factory=list)
    lines_a_minute: dict[str, float] = field(default_factory=dict)

    def failures(self) -> list[str]:
        """Faults: each breaks a promise."""
        found = [f"not counted: {entry}" for entry in self.not_counted] + [f"out of step: {entry}" for entry in self.out_of_step]
        found += [f"a hang at TERM: {entry}" for entry in self.hangs]
        found += [f"{count} crossings said {times} times" for times, count in self.crossings.items() if times != 1 and count]
        found += [f"{count} events came to the subscription 0 times" for times, count in self.webhooks.items() if times == 0 and count]
        found += [f"{count} letters came {times} times" for times, count in self.letters.items() if times == 0 and count]
        if self.letters_late:
            found.append(f"{self.letters_late} letters are due and did not go")
        found += [f"{count} uploads are {status}" for status, count in self.uploads.items() if status != "accepted"]
        return found + ([f"{self.uploads_twice} uploads were taken twice"] if self.uploads_twice else [])

    def lines(self) -> Iterator[str]:
        """The figures, for people."""
        yield f"marks accepted {self.accepted}, students not counted right {len(self.not_counted)}"
        yield _times("crossings", self.crossings, "said")
        yield _times("events at the subscription", self.webhooks, "came")
        yield f"{_times('letters', self.letters, 'came')}; still due {self.letters_late}"
        done = self.uploads["accepted"]
        yield f"uploads due {sum(self.uploads.values())}, done {done}, taken twice {self.uploads_twice}"
        for fault, (door, heart) in self.standstill.items():
            yield f"{fault:<38} the door {door:5.1f} s, then until counted {heart:5.1f} s"
        yield f"hangs at TERM {len(self.hangs)}"
        for name, rate in sorted(self.lines_a_minute.items(), key=lambda item: -item[1])[:10]:
            yield f"{name:<30} {rate:7.1f} lines of log a minute"


def expected_totals(logs: Iterable[Path]) -> tuple[int, Totals]:
    """The marks that were accepted, and each student's total by the newest mark of each half day."""
    accepted = 0
    newest: dict[tuple[str, str, str, str], tuple[str, str]] = {}
    for entry in entries(logs):
        for mark in entry.get("marks", ()):
            accepted += 1
            at = (entry["school"], mark["student"], mark["date"], mark["session"])
            newest[at] = max(newest.get(at, ("", "")), (mark["recorded_at"], mark["code"]))
    totals: Totals = {}
    for (school, student, _, _), (_, code) in newest.items():
        of_school = totals.setdefault(school, {})
        of_school[student] = of_school.get(student, 0) + (code == "M")
    return accepted, totals


def entries(logs: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """The lines of the logs."""
    for log in logs:
        for line in log.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def longest_pause(moments: Sequence[float], begin: float, end: float) -> float:
    """The longest time without a moment between two times."""
    within = [begin, *(moment for moment in sorted(moments) if begin < moment < end), end]
    return max(later - earlier for earlier, later in itertools.pairwise(within))


def check(stack: ClusterStack, schools: Sequence[School], receiver: Receiver, logs: Sequence[Path]) -> Report:
    """Waits until everything has settled, and counts."""
    report = Report()
    report.accepted, totals = expected_totals(logs)
    for school in schools:
        wanted = {student: totals.get(school.number, {}).get(student, 0) for student in STUDENTS}
        try:
            eventually(lambda school=school, wanted=wanted: {name: school.totals().get(name, 0) for name in wanted}, wanted, SETTLE)
        except AssertionError:
            now = school.totals()
            wrong = {name: half for name, half in wanted.items() if now.get(name, 0) != half}
            report.not_counted += [f"{school.number} {name}: {now.get(name)} of {half}" for name, half in wrong.items()]
    for schema in ("ingest", "thresholds", "notifier", "moe_sync"):
        eventually(lambda schema=schema: stack.sql(f"SELECT count(*) FROM {schema}.outbox"), "0", SETTLE)
    _count_crossings(report, schools, receiver, totals)
    _count_letters(report, stack)
    _count_uploads(report, stack, schools)
    return report


def _count_crossings(report: Report, schools: Sequence[School], receiver: Receiver, totals: Mapping[str, Mapping[str, int]]) -> None:
    ids: list[str] = []
    for school in schools:
        events = [event for event in school.events() if event["type"] in CROSSINGS]
        ids += [event["id"] for event in events]
        said = Counter((event["data"]["student"], event["data"]["threshold"], event["data"]["direction"]) for event in events)
        for student in STUDENTS:
            for threshold in (5, 10, 15):
                stands = said[student, threshold, "up"] - said[student, threshold, "down"]
                if stands != (totals.get(school.number, {}).get(student, 0) >= 2 * threshold):
                    report.out_of_step.append(f"{school.number} {student}, {threshold} days: {stands}")
    report.crossings = Counter(Counter(ids).values())
    report.crossings[0] = len(report.out_of_step)
    with contextlib.suppress(AssertionError):
        eventually(lambda: [event for event in set(ids) if not receiver.taken[event]], [], SETTLE)
    report.webhooks = Counter(receiver.taken[event] for event in set(ids))


def _count_letters(report: Report, stack: ClusterStack) -> None:
    late = "SELECT count(*) FROM notifier.work WHERE kind IN ('letter', 'delivery') AND state IN ('waiting', 'leased')"
    try:
        eventually(lambda: stack.sql(late), "0", SETTLE)
    except AssertionError:
        report.letters_late = int(stack.sql(late))
    sent = stack.sql("SELECT message_id FROM notifier.deliveries WHERE status = 'sent'").splitlines()
    came = Counter(message["message_id"] for message in stack.mail())
    report.letters = Counter(came[message] for message in sent)


def _count_uploads(report: Report, stack: ClusterStack, schools: Sequence[School]) -> None:
    for school in schools:
        path = f"/v1/schools/{school.number}/uploads"

        def statuses(path: str = path, school: School = school) -> set[str]:
            return {item["status"] for item in school.get("moe-sync", path)["items"]} - {"accepted"}

        with contextlib.suppress(AssertionError):
            eventually(statuses, set(), SETTLE)
        report.uploads.update(item["status"] for item in school.get("moe-sync", path)["items"])
    taken = Counter((upload["school"], upload["week"], upload.get("number")) for upload in stack.uploads())
    report.uploads_twice = sum(count > 1 for count in taken.values())


def _times(things: str, counts: Mapping[int, int], verb: str) -> str:
    more = sum(count for times, count in counts.items() if times > 1)
    return f"{things} {verb} 0 times {counts[0]}, once {counts[1]}, twice or more {more}"
