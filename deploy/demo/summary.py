"""The demo's last words: what happened, and where to look."""

import shlex
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from deploy.console_links import link_address
from deploy.demo.outcome import WAITS, Letters, Outcome
from deploy.demo.posting import Tally
from deploy.demo.school import NUMBER
from deploy.demo.screen import Screen
from services.console.identity.links import LinkRole
from shared.attendance.tiers import MEANING, TIERS
from shared.clock import HOME_ZONE

SIGN_INS: Final[tuple[tuple[LinkRole, list[str], list[str]], ...]] = (
    ("dean", [NUMBER], ["year:10"]),
    ("office", [NUMBER], []),
    ("principal", [NUMBER], []),
    ("partner", [NUMBER], []),
    ("ops", ["*"], []),
)
"""The people who can look around: their role, schools and groups."""

LETTERS: Final = {
    "waiting": "being sent",
    "sent": "sent: read them in the sandbox",
    "failed": "failed",
    "no-contact": "due, with nobody's address known",
    "on-hold": "held by staff",
    "awaiting-release": "waiting for somebody to release them, as more were due than may go in a day",
    "cancelled": "cancelled, as the absences were corrected in time",
}
"""The meaning of the statuses, except for letters that wait."""


_WHY: Final = {
    "held": "held, as its waiting time or the letter window is not over",
    "on-hold": "held by staff",
    "awaiting-release": "waits for somebody to release it",
    "no-contact": "nobody's address is known",
}


@dataclass(frozen=True, slots=True)
class Played:
    """The marks that this run posted."""

    tally: Tally
    corrections: int
    repeats: int


def show_outcome(
    screen: Screen, played: Played, result: Outcome, upload: dict[str, Any] | None, *, responses: int, casework: int, different: int
) -> None:
    """Says what this run did and how the term stands."""
    screen.heading("\nWhat happened")
    screen.facts(
        [
            *_posted(played, different),
            ("Students", ", ".join(f"{result.tiers[tier]} {tier} ({MEANING[tier].lower()})" for tier in TIERS)),
            ("Crossings", f"{_by_threshold(result.crossed)}; taken back: {_by_threshold(result.retracted)}"),
            ("STAR records", _records(result, responses)),
            *([("Casework", f"{casework} contacts, meetings and support plans recorded just now")] if casework else []),
            ("Letters", _letters(result.letters)),
            *_waiting(result.letters),
            ("Upload", _upload(upload)),
        ]
    )


def show_addresses(screen: Screen, base_url: str, data: Path, student: str | None) -> None:
    """Says where to look, and how to ask."""
    folder = _short(data)
    star = _short(Path(sys.executable).with_name("star"))
    screen.heading("\nWhere to look")
    screen.facts(
        [
            ("Everything", f"{base_url}/"),
            *((f"{service} API", f"{base_url}/{service}/docs") for service in ("ingest", "thresholds", "notifier", "moe-sync")),
            ("Letters", f"{base_url}/sandbox/"),
            ("The school's plan", f"{base_url}/thresholds/plans/{NUMBER}"),
            ("Events", f"{base_url}/thresholds/asyncapi"),
            ("The Ministry's side", f"{base_url}/sandbox/ministry.html"),
        ]
    )
    screen.say("\nSign in to the screens, each once and within ten minutes (later: star console link --role office):")
    now = datetime.now(UTC)
    for role, schools, groups in SIGN_INS:
        screen.say(f"  {role}: {link_address(data, role, schools, groups, now)}")
    if student is not None:
        screen.say("\nOne student's term, every number explained:")
        issue = f"{star} token issue --data {folder} --subject me --scopes star:read --schools {NUMBER}"
        url = f"{base_url}/thresholds/v1/schools/{NUMBER}/students/{student}/attendance"
        screen.say(f'  curl -sH "Authorization: Bearer $({issue})" {url}')
    screen.say(f"\nServing on {base_url}. Ctrl-C stops; the data stays in {folder}, and the next run carries on.")


def _posted(played: Played, different: int) -> list[tuple[str, str]]:
    tally = played.tally
    rows: list[tuple[str, str]] = []
    if tally.requests:
        refused = f", {tally.refused} refused" if tally.refused else ""
        rows.append(
            ("Marks posted", f"{tally.accepted:,} in {tally.requests} requests{refused}: {tally.rate:,.0f} a second, over the REST API")
        )
    if played.corrections:
        rows.append(
            ("Corrections", f"{played.corrections} after the roll; {played.repeats} repeats and late arrivals, which change nothing")
        )
    verdict = "the same as the school's own count, for every student"
    if different:
        verdict = f"{different} students differ from the demo's own count: somebody else has sent marks, or some are on their way"
    return [*rows, ("Totals", verdict)]


def _by_threshold(counts: Counter[int]) -> str:
    return ", ".join(f"{counts[days]} at {days} days" for days in sorted(counts)) or "none"


def _records(result: Outcome, responses: int) -> str:
    by_status = ", ".join(f"{count} {status}" for status, count in sorted(result.records.items())) or "none"
    return f"{by_status}; {result.responses} responses on them" + (f", {responses} of them recorded just now" if responses else "")


def _letters(letters: Letters) -> str:
    said = [f"{letters.by_status[status]} {meaning}" for status, meaning in LETTERS.items() if status in letters.by_status]
    if letters.first_due is not None:
        held = letters.by_status["held"]
        said.insert(
            0,
            f"{held} held until {_clock(letters.first_due)}, so that a wrong roll can be mended first",
        )
    return "; ".join(said) or "none"


def _waiting(letters: Letters) -> list[tuple[str, str]]:
    """Some of the letters that wait: since or until when, and why."""
    total = sum(letters.by_status.get(status, 0) for status in WAITS)
    lines = [
        f"student {letter.student}, {letter.threshold} days: {_WHY[letter.status]}, {'until' if letter.status == 'held' else 'due'} "
        f"{_clock(letter.due_at)}"
        for letter in letters.waiting
    ]
    if total > len(lines):
        lines.append(f"and {total - len(lines)} more: GET /notifier/v1/schools/{NUMBER}/deliveries, or Letters on the screens")
    return [("Waiting" if number == 0 else "", line) for number, line in enumerate(lines)]


def _clock(due: datetime) -> str:
    """On the school's clock; with the day, when that is another one."""
    zone = ZoneInfo(HOME_ZONE)
    here, now = due.astimezone(zone), datetime.now(zone)
    return here.strftime("%H:%M" if here.date() == now.date() else "%A %d %B, %H:%M")


def _upload(upload: dict[str, Any] | None) -> str:
    if upload is None:
        return "none: this week lies in the school's holidays"
    counts = upload["counts"]
    said = [
        f"week {upload['week']} number {upload['number']}",
        f"{counts['records']} records and {counts['responses']} responses: {upload['status']}",
        upload["receipt"] and f"receipt {upload['receipt']}",
        upload["reason"],
    ]
    return ", ".join(filter(None, said))


def _short(path: Path) -> str:
    """As it can be typed from here."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
