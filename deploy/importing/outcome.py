"""The result for a whole file: the endpoint's reports, added up."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

MOST_REFUSALS: Final = 100
SHOWN: Final = 20


@dataclass(slots=True)
class Outcome:
    """Counts of rows, and where the refused ones stand; never what a row says."""

    reports: int = 0
    rows: int = 0
    accepted: int = 0
    students: int = 0
    """How many students the largest report names; reports of one file don't say which of them are the same."""
    refused: dict[str, int] = field(default_factory=dict)
    refusals: list[Mapping[str, Any]] = field(default_factory=list)
    columns: Mapping[str, str] = field(default_factory=dict)
    ignored_columns: list[str] = field(default_factory=list)
    first_date: str | None = None
    last_date: str | None = None
    effect: Mapping[str, int] | None = None
    """The effect of a roster."""
    last_line: int = 0
    """Every row up to this line of the file is dealt with."""

    def add(self, report: Mapping[str, Any]) -> None:
        """Adds a report of rows behind `last_line`."""
        self.reports += 1
        self.rows += report["rows"]
        self.accepted += report["accepted"]
        self.students = max(self.students, report["students"])
        for reason, count in report["refused"].items():
            self.refused[reason] = self.refused.get(reason, 0) + count
        self.refusals = (self.refusals + report["refusals"])[:MOST_REFUSALS]
        self.columns, self.ignored_columns = report["columns"], report["ignored_columns"]
        self.first_date = min(filter(None, (self.first_date, report["first_date"])), default=None)
        self.last_date = max(filter(None, (self.last_date, report["last_date"])), default=None)
        self.effect = report.get("effect")
        self.last_line = max(self.last_line, report["last_line"])

    @property
    def all_refused(self) -> int:
        """Rows refused for any reason."""
        return sum(self.refused.values())

    def document(self) -> dict[str, Any]:
        """The report, for programs."""
        return asdict(self)

    def lines(self, *, dry_run: bool) -> Iterator[str]:
        """The report, for people."""
        students = f"{self.students} students{' or more' if self.reports > 1 else ''}"
        yield f"{'would accept' if dry_run else 'accepted'} {self.accepted} of {self.rows} rows, of {students}"
        if self.first_date:
            yield f"dates     {self.first_date} to {self.last_date}"
        yield f"columns   {', '.join(f'{name} = {field}' for name, field in self.columns.items())}"
        if self.effect and any(self.effect.values()):
            named = ", ".join(f"{name.replace('_', ' ')}: {number}" for name, number in self.effect.items() if number)
            yield f"{'would do ' if dry_run else 'effect   '} {named}"
        if self.ignored_columns:
            yield f"not read  {', '.join(self.ignored_columns)}"
        if self.refused:
            yield f"refused   {', '.join(f'{reason}: {count}' for reason, count in sorted(self.refused.items()))}"
        for refusal in self.refusals[:SHOWN]:
            yield f"  line {refusal['line']}: {refusal['reason']} ({refusal['detail']})"
        shown = min(SHOWN, len(self.refusals))
        if self.all_refused > shown:
            yield f"  ... and {self.all_refused - shown} more"
