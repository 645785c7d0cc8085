"""How long a new letter waits: the school's policy and calendar, looked up once for all schools of a batch."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.repository import contacts
from services.notifier.contacts.sending_window import Window
from services.notifier.letters.case import Case
from services.notifier.letters.policy import Policy, due_at
from services.notifier.letters.repository import policies
from shared.attendance.calendar import SchoolCalendar
from shared.events.data import LetterOccasion


@dataclass(frozen=True, slots=True)
class WaitingTimes:
    """Knows when letters that begin to wait are due. `hold` and `window` are the service's own."""

    hold: timedelta
    window: Window
    _schools: dict[str, tuple[Policy, SchoolCalendar | None]] = field(default_factory=dict)

    async def know(self, connection: AsyncConnection, numbers: Collection[str]) -> None:
        """Looks up those of the schools that are not known yet, in two statements for all."""
        new = set(numbers) - self._schools.keys()
        if not new:
            return
        chosen, sent = await policies.current_of(connection, new), await contacts.schools(connection, new)
        for number in new:
            policy = chosen.get(number, Policy())
            policy = policy if policy.window is not None else structs.replace(policy, window=self.window)
            self._schools[number] = policy, sent[number].calendar() if number in sent else None

    def policy_of(self, school: str) -> Policy:
        """The policy of a school that is known; the default one where it has set none."""
        return self._schools[school][0]

    def due_at(self, case: Case, now: datetime, occasion: LetterOccasion | None = None) -> datetime:
        """The time at which a letter of the case, whose school is known, is due; of a school that has not been sent, after the waiting
        time alone."""
        policy, calendar = self._schools[case.school]
        if calendar is None:
            return now + (self.hold if policy.hold is None else policy.hold)
        return due_at(policy, self.hold, calendar.term_named(case.term), calendar, now, occasion)
