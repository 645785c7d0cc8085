"""What became of a file: the reports of its chunks, added up."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from deploy.importing.chunks import Chunk

MOST_REFUSALS: Final = 100
SHOWN: Final = 20


class Refusal(Struct, frozen=True):
    """A refused row; never what it says."""

    line: int
    reason: str
    detail: str


class Outcome(Struct):
    """Counts of rows, and where the refused ones stand."""

    rows: int = 0
    accepted: int = 0
    refused: dict[str, int] = {}
    refusals: list[Refusal] = []
    columns: dict[str, str] = {}
    ignored_columns: list[str] = []
    first_date: str | None = None
    last_date: str | None = None

    def add(self, chunk: Chunk, report: Mapping[str, Any]) -> None:
        """Adds what the door answered for a chunk, by the lines of the file."""
        self.rows += chunk.rows
        self.accepted += report["accepted"]
        self.columns, self.ignored_columns = report["columns"], report["ignored_columns"]
        for reason, count in report["refused"].items():
            self.refused[reason] = self.refused.get(reason, 0) + count
        if chunk.damaged:
            self.refused["bad-field"] = self.refused.get("bad-field", 0) + len(chunk.damaged)
        # The header is line 1 of what was sent.
        refusals = [Refusal(chunk.lines[item["line"] - 2], item["reason"], item["detail"]) for item in report["refusals"]]
        refusals += [Refusal(line, "bad-field", "the row's quotes don't match") for line in chunk.damaged]
        self.refusals = (self.refusals + sorted(refusals, key=lambda item: item.line))[:MOST_REFUSALS]
        self.first_date = min(filter(None, (self.first_date, report["first_date"])), default=None)
        self.last_date = max(filter(None, (self.last_date, report["last_date"])), default=None)

    @property
    def all_refused(self) -> int:
        """Rows refused for any reason."""
        return sum(self.refused.values())

    def lines(self, *, students: int, dry_run: bool) -> Iterator[str]:
        """The report, for people."""
        yield f"{'would accept' if dry_run else 'accepted'} {self.accepted} of {self.rows} rows, of {students} students"
        if self.first_date:
            yield f"dates     {self.first_date} to {self.last_date}"
        yield f"columns   {', '.join(f'{name} = {field}' for name, field in self.columns.items())}"
        if self.ignored_columns:
            yield f"not read  {', '.join(self.ignored_columns)}"
        if self.refused:
            yield f"refused   {', '.join(f'{reason}: {count}' for reason, count in sorted(self.refused.items()))}"
        yield from _listed(self.refusals)
        if self.all_refused > min(SHOWN, len(self.refusals)):
            yield f"  ... and {self.all_refused - min(SHOWN, len(self.refusals))} more"


def _listed(refusals: Sequence[Refusal]) -> Iterator[str]:
    for refusal in refusals[:SHOWN]:
        yield f"  line {refusal.line}: {refusal.reason} ({refusal.detail})"
