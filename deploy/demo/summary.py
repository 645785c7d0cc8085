"""The demo's last words: what happened, and where to look."""

import shlex
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.demo.outcome import Letters, Outcome
from deploy.demo.posting import Tally
from deploy.demo.school import NUMBER
from deploy.demo.screen import Screen
from shared.attendance.tiers import MEANING, TIERS


@dataclass(frozen=True, slots=True)
class Played:
    """What this run posted."""

    tally: Tally
    corrections: int
    repeats: int


def show_outcome(screen: Screen, played: Played, result: Outcome, upload: dict[str, Any] | None, *, responses: int, different: int) -> None:
    """Says what this run did and how the term stands."""
    screen.heading("\nWhat happened")
    screen.facts(
        [
            *_posted(played, different),
            ("Students", ", ".join(f"{result.tiers[tier]} {tier} ({MEANING[tier].lower()})" for tier in TIERS)),
            ("Crossings", f"{_by_threshold(result.crossed)}; taken back: {_by_threshold(result.retracted)}"),
            ("STAR records", _counts(result.records) + f"; {result.responses} responses on them, {responses} recorded just now"),
            ("Letters", _letters(result.letters)),
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
            ("The Ministry's side", f"{base_url}/sandbox/ministry/uploads"),
        ]
    )
    if student is not None:
        screen.say("\nA student whose absences were corrected, every number explained:")
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
        rows.append(("Among them", f"{played.corrections} corrections; {played.repeats} repeats and late arrivals"))
    verdict = "the same as the school's own count, for every student"
    if different:
        verdict = f"{different} students differ from the demo's own count: somebody else has sent marks, or some are on their way"
    return [*rows, ("Totals", verdict)]


def _by_threshold(counts: Counter[int]) -> str:
    return ", ".join(f"{counts[days]} at {days} days" for days in sorted(counts)) or "none"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "none"


def _letters(letters: Letters) -> str:
    said = ", ".join(f"{count} {status}" for status, count in sorted(letters.by_status.items())) or "none"
    if letters.first_due is None or letters.last_due is None:
        return said
    first, last = (due.astimezone().strftime("%H:%M") for due in (letters.first_due, letters.last_due))
    until = first if first == last else f"{first} to {last}"
    return f"{said}; held until {until}, so that a wrong roll can be mended first (STAR_HOLD=PT0S sends at once)"


def _upload(upload: dict[str, Any] | None) -> str:
    if upload is None:
        return "none: this week lies in the school's holidays"
    what = (
        f"week {upload['week']} number {upload['number']}, {upload['counts']['records']} records, {upload['counts']['responses']} responses"
    )
    if upload["receipt"]:
        return f"{what}: {upload['status']}, receipt {upload['receipt']}"
    return f"{what}: {upload['status']}" + (f", {upload['reason']}" if upload["reason"] else "")


def _short(path: Path) -> str:
    """As it can be typed from here."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
