"""The result for a file: counts, and the lines of the first refused rows. It has no cell of a row."""

from services.ingest.answers import Rejected
from services.ingest.csv_import.columns import Columns, Kind
from services.ingest.csv_import.schemas import MOST_REFUSALS, MOST_STUDENTS, ImportReport, RefusedRow


class Tally:
    """Counts rows as they are sorted."""

    def __init__(self, from_line: int = 0) -> None:
        self.rows = 0
        self.accepted = 0
        self.refused: dict[str, int] = {}
        self.refusals: list[RefusedRow] = []
        self.first_date: str | None = None
        self.last_date: str | None = None
        self.last_line = from_line
        self._students: set[str] = set()

    def saw(self, student: str) -> None:
        """A row names this student."""
        if student and len(self._students) < MOST_STUDENTS:
            self._students.add(student)

    def saw_day(self, day: str) -> None:
        """A row is about this day."""
        if self.first_date is None or day < self.first_date:
            self.first_date = day
        if self.last_date is None or day > self.last_date:
            self.last_date = day

    def settle(self, rows: int, accepted: int, rejected: list[Rejected], last_line: int) -> None:
        """A batch of rows has been dealt with, its accepted ones kept."""
        self.rows += rows
        self.accepted += accepted
        self.last_line = max(self.last_line, last_line)
        for item in sorted(rejected, key=lambda item: item.index):
            self.refused[item.reason] = self.refused.get(item.reason, 0) + 1
            if len(self.refusals) < MOST_REFUSALS:
                self.refusals.append(RefusedRow(line=item.index, reason=item.reason, detail=item.detail))

    def report(self, kind: Kind, *, dry_run: bool, columns: Columns | None) -> ImportReport:
        """The report so far."""
        return ImportReport(
            kind=kind,
            dry_run=dry_run,
            rows=self.rows,
            accepted=self.accepted,
            refused=self.refused,
            refusals=self.refusals,
            columns=dict(columns.names) if columns else {},
            ignored_columns=list(columns.ignored) if columns else [],
            first_date=self.first_date,
            last_date=self.last_date,
            students=len(self._students),
            last_line=self.last_line,
        )
