"""Asks for the effect of a change, and waits for the answer, for a bounded time."""

import asyncio
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.changes import repository as proposals
from services.ingest.changes.effect import Effect
from shared.clock import Clock
from shared.events.catalogue import CHANGE_PROPOSED
from shared.events.data import ChangeProposed, ProposedEnrolment, SchoolUpdated
from shared.events.envelope import Event
from shared.outbox import repository as outbox
from shared.web.errors import ProblemError
from shared.web.problems import RETRY_AFTER

FIRST_LOOK: Final = 0.02
LONGEST_PAUSE: Final = 0.25
"""Seconds between looks for the answer: it takes a tenth of a second, or for a large school's whole register, a second or two."""

UNANSWERED: Final = "what this change would do could not be found out: nothing was changed; send it again in a while"


@dataclass(frozen=True, slots=True)
class Asking:
    """The way to the answer. `wait` is how long a caller waits for it."""

    engine: AsyncEngine
    clock: Clock
    wait: timedelta

    async def effect(
        self,
        school: str,
        based_on: datetime,
        *,
        calendar: SchoolUpdated | None = None,
        enrolments: Sequence[ProposedEnrolment] = (),
        students_off: int = 0,
    ) -> Effect:
        """The effect of the school as it would be, or of students' dates as they would be.

        Raises ProblemError 503 when no answer comes in time, and MessageTooLargeError for more students than an event holds.
        """
        proposal, now = uuid.uuid4(), self.clock()
        data = ChangeProposed(proposal_id=proposal, school=school, based_on=based_on, calendar=calendar, enrolments=list(enrolments))
        async with self.engine.begin() as connection:
            await proposals.ask(connection, proposal, school, now)
            await outbox.add(connection, [Event(CHANGE_PROPOSED, str(proposal), "/ingest", now, school, data).encode()])
        until, pause = time.monotonic() + self.wait.total_seconds(), FIRST_LOOK
        while time.monotonic() < until:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
            async with self.engine.connect() as connection:
                judged = await proposals.answer_to(connection, proposal)
            if judged is not None:
                return Effect(
                    students_off=students_off,
                    totals_changed=judged.totals_changed,
                    crossings_up=judged.crossings_up,
                    crossings_down=judged.crossings_down,
                    letters=judged.letters,
                )
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "effect-unknown", UNANSWERED, headers={"Retry-After": RETRY_AFTER})
