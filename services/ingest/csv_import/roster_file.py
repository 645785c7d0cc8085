"""A file of students as one roster: judged once all of it has been read, and ended by those whom it leaves out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.ingest.changes.effect import Effect
from services.ingest.csv_import.sorting import Sorted
from services.ingest.state import IngestState
from services.ingest.students.changing import RosterChange
from services.ingest.students.judging import RosterQuery, judge, require_whole
from services.ingest.students.keeping import forget
from shared.identifiers import SchoolNumber


@dataclass
class RosterFile:
    """The roster of one file."""

    state: IngestState
    school: SchoolNumber
    query: RosterQuery
    effect: Effect = field(default_factory=Effect)
    _change: RosterChange = field(default_factory=RosterChange)

    async def judge(self, batches: Sequence[Sorted]) -> None:
        """Raises ProblemError 409 for a roster that would move much, and 422 for a whole one with rows that can't be taken."""
        sent = [student for batch in batches for student in batch.students]
        if not self.query.dry_run:
            require_whole(self.query, [rejected for batch in batches for rejected in batch.rejected], {})
        if not sent:
            return
        self._change, judgement = await judge(self.state, self.school, sent, self.query)
        self.effect = judgement.effect
        if not self.query.dry_run:
            judgement.require_confirmed(self.query.confirm)

    async def end(self) -> None:
        """Lets go of the students whom a whole roster left out, once all that it has are kept."""
        if self._change.missing:
            async with self.state.engine.begin() as connection:
                await forget(connection, self.school, self._change.missing)
