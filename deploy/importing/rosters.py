"""A zip in OneRoster CSV: the school that it is about, and the endpoint's report for people."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from services.ingest.oneroster.archive import Archive
from services.ingest.oneroster.orgs import schools_of
from shared.identifiers import SchoolNumber

SHOWN: Final = 20


def only_school(path: Path) -> SchoolNumber:
    """The school of a zip that has one. Raises OneRosterError for a zip that can't be read, and ValueError, which says what to do."""
    with path.open("rb") as file:
        schools = schools_of(Archive(file))
    numbers = sorted({org.number for org in schools if org.number is not None})
    if len(numbers) == 1:
        return numbers[0]
    named = f"it is about {', '.join(numbers)}" if numbers else "no org of it has a school number as its identifier"
    raise ValueError(f"{named}: say which school is meant")


class RosterOutcome:
    """The report of one zip; never what a row says."""

    last_line = 0

    def __init__(self) -> None:
        self._report: Mapping[str, Any] = {}

    def add(self, report: Mapping[str, Any]) -> None:
        """Takes the report."""
        self._report = report

    @property
    def all_refused(self) -> int:
        """Students refused for any reason."""
        return sum(self._report.get("refused", {}).values())

    def document(self) -> dict[str, Any]:
        """The report, for programs."""
        return dict(self._report)

    def lines(self, *, dry_run: bool) -> Iterator[str]:
        """The report, for people."""
        report = self._report
        whole = "the whole roster" if report["full"] else "a part of the roster"
        accepted = "would accept" if dry_run else "accepted"
        yield f"{accepted} {report['accepted']} of {report['rows']} students, {report['caregivers']} caregivers"
        yield f"file      OneRoster {report['version']}, {whole}"
        if report["left"]:
            yield f"left      {report['left']} students"
        if any(report["effect"].values()):
            named = ", ".join(f"{name.replace('_', ' ')}: {number}" for name, number in report["effect"].items() if number)
            yield f"{'would do ' if dry_run else 'effect   '} {named}"
        for note in report["notes"]:
            yield f"note      {note['about']} ({note['count']}): {note['detail']}"
        if report["refused"]:
            yield f"refused   {', '.join(f'{reason}: {count}' for reason, count in sorted(report['refused'].items()))}"
        for refusal in report["refusals"][:SHOWN]:
            yield f"  users.csv line {refusal['line']}: {refusal['reason']} ({refusal['detail']})"
        if self.all_refused > SHOWN:
            yield f"  ... and {self.all_refused - SHOWN} more"
