"""The sandbox loses the letters about an erased student, also those that were on their way while the erasure was applied."""

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from deploy.sandbox.erasing import SandboxErasing
from deploy.sandbox.ministry_store import MinistryStore
from services.notifier.delivery.transports.interface import Parcel
from services.notifier.worker import ROOMS
from shared.db.listen import Wakeup
from shared.deadletters.box import DeadLetterBox
from shared.erasures.handler import ErasuresHandler
from shared.events.catalogue import STUDENT_ERASED
from shared.events.data import StudentErased
from shared.events.envelope import Event, new_event_id
from shared.worklist.runner import Runner
from shared.worklist.tasks import Outcome
from tests.integration.notifier.conftest import HOLD, Desk
from tests.support.applied import Applied
from tests.support.crossings import SCHOOL, STUDENT, STUDENT_ID, up


@dataclass
class ErasedMeanwhile:
    """Applies the erasure, and has the sandbox look, before a letter goes on."""

    desk: Desk
    sandbox: SandboxErasing

    async def send(self, parcel: Parcel) -> Outcome:
        self.desk.passes(timedelta(seconds=1))
        data = StudentErased(school=SCHOOL, student=STUDENT, student_id=STUDENT_ID, erased_at=self.desk.now)
        event = Event(STUDENT_ERASED, new_event_id(), "/ingest", self.desk.now, str(STUDENT_ID), data)
        handler = ErasuresHandler(DeadLetterBox("notifier"), self.desk.clock, rooms=ROOMS)
        await Applied(self.desk.engine, handler)([self.desk.message(event.encode())])
        await self.sandbox.run_once()
        return await self.desk.email.send(parcel)

    async def close(self) -> None:
        """The desk closes its own."""


async def test_a_letter_that_comes_in_after_its_erasure_goes_too(known: Desk, tmp_path: Path) -> None:
    sandbox = SandboxErasing(known.engine, known.catcher, MinistryStore(tmp_path / "ministry"))
    task = replace(known.delivery, transports={"email": ErasedMeanwhile(known, sandbox)})
    tasks = [task if one is known.delivery else one for one in known.tasks]
    known.runner = Runner("notifier", known.engine, tasks, Wakeup(), clock=known.clock)
    await known.say(up(5, 11, to="yellow"))
    known.passes(HOLD)
    await known.work()
    assert known.mail()
    await sandbox.run_once()
    assert known.mail() == []
