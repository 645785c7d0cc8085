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
from shared.identifiers import student_id
from shared.worklist.runner import Runner
from shared.worklist.tasks import Outcome
from tests.integration.notifier.conftest import HOLD, MERE, Desk, Visitor
from tests.support.applied import Applied
from tests.support.crossings import SCHOOL, STUDENT, up


async def erase(desk: Desk, student: str) -> None:
    desk.passes(timedelta(seconds=1))
    identity = student_id(SCHOOL, student)
    data = StudentErased(school=SCHOOL, student=student, student_id=identity, erased_at=desk.now)
    event = Event(STUDENT_ERASED, new_event_id(), "/ingest", desk.now, str(identity), data)
    handler = ErasuresHandler(DeadLetterBox("notifier"), desk.clock, rooms=ROOMS)
    await Applied(desk.engine, handler)([desk.message(event.encode())])


@dataclass
class ErasedMeanwhile:
    """Applies the erasure, and has the sandbox look, before a letter goes on."""

    desk: Desk
    sandbox: SandboxErasing

    async def send(self, parcel: Parcel) -> Outcome:
        await erase(self.desk, STUDENT)
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


async def test_the_e_mail_goes_that_held_the_letter_of_another_child(known: Desk, visitor: Visitor, tmp_path: Path) -> None:
    sandbox = SandboxErasing(known.engine, known.catcher, MinistryStore(tmp_path / "ministry"))
    await visitor.policy(together=True)
    await known.roster([known.joined(MERE, student="Anahera", given_name="Anahera")])
    await known.say(*(up(5, 10, to="yellow", student=student, said_at=known.now) for student in (STUDENT, "Anahera")))
    known.passes(HOLD)
    await known.work()
    (along,) = await known.rows(
        """
        SELECT c.student FROM deliveries d JOIN letters l ON l.id = d.letter_id JOIN cases c USING (student_id, term)
        WHERE d.sent_with IS NOT NULL
        """
    )
    await erase(known, along.student)
    await sandbox.run_once()
    assert [mail for mail in known.mail() if "Anahera" in mail["text"] and "Tāne" in mail["text"]] == []
