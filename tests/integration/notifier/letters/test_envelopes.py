"""Letters of one day to one family, by choice in one e-mail; each letter stays its own."""

import dataclasses
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.sandbox.letters import Message as Mail
from services.notifier.delivery.deliveries.announcing import say_sent
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.delivery.transports.interface import Parcel, Transport
from services.notifier.letters.writing import LetterWriter, Sheet
from shared.db.listen import Wakeup
from shared.events.data import Caregiver
from shared.identifiers import student_id
from shared.worklist import repository as worklist
from shared.worklist import settling
from shared.worklist.runner import Runner
from shared.worklist.tasks import Outcome
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk, Visitor
from tests.support.crossings import SCHOOL, STUDENT, down, up

LATER = timedelta(minutes=20)


@pytest.fixture
async def family(desk: Desk, visitor: Visitor) -> Desk:
    """A desk at a school that sends letters together, with Tāne, whom two caregivers have, and Anahera, whom the first of them has."""
    await desk.school()
    await visitor.policy(together=True)
    await child(desk, "Tāne", MERE, WIREMU, student=STUDENT)
    await child(desk, "Anahera", replace(MERE, name="Ngata, Mere", email="MERE@example.test"))
    return desk


async def child(desk: Desk, given_name: str, *caregivers: Caregiver, student: str | None = None, **changes: Any) -> None:
    key = student or given_name
    await desk.roster([desk.joined(*caregivers, student=key, given_name=given_name, student_id=student_id(SCHOOL, key), **changes)])


async def crosses(desk: Desk, *students: str) -> None:
    await desk.say(*(up(5, 10, to="yellow", student=student, said_at=desk.now) for student in students))


async def one_after_the_other(desk: Desk, *students: str) -> None:
    """Their letters are due at times that lie apart; all are over."""
    for student in students:
        await crosses(desk, student)
        desk.passes(LATER)
    desk.passes(HOLD - LATER * len(students))
    for _ in students:
        await desk.work()
        desk.passes(LATER)


def mail_to(desk: Desk, caregiver: Caregiver) -> list[list[str]]:
    """The children that each e-mail to the caregiver names."""
    children = ("Tāne", "Anahera", "Hemi")
    return [[name for name in children if name in mail["text"]] for mail in to(desk, caregiver)]


def to(desk: Desk, caregiver: Caregiver) -> list[Mail]:
    return [mail for mail in desk.mail() if caregiver.email in [address.lower() for address in mail["to"]]]


async def statuses(visitor: Visitor) -> dict[tuple[str, str], tuple[str, bool]]:
    """The status of each letter by student and address, and whether it went in another one's e-mail."""
    items = (await visitor.deliveries())["items"]
    return {(item["student"], item["recipient"].lower()): (item["status"], item["sent_with"] is not None) for item in items}


async def test_letters_of_one_day_go_in_one_e_mail(family: Desk, visitor: Visitor) -> None:
    await one_after_the_other(family, STUDENT, "Anahera")
    assert sorted(map(sorted, mail_to(family, MERE))) == [["Anahera", "Tāne"]]
    assert mail_to(family, WIREMU) == [["Tāne"]]
    (mail,) = to(family, MERE)
    assert mail["html"].count("<h1") == 2 and mail["html"].count("<body") == mail["html"].count("</body>") == 1
    assert mail["subject"] == "Attendance in Term 4"
    found = await statuses(visitor)
    assert {status for status, _ in found.values()} == {"sent"} and len(found) == 3
    assert sum(along for _, along in found.values()) == 1
    # Each letter is kept with its own words.
    assert {row.count for row in await family.rows("SELECT count(*) FROM deliveries WHERE body_text LIKE '%Tāne%'")} == {2}
    # What was taken along has nothing left to do.
    family.passes(timedelta(hours=1))
    await family.work()
    assert len(family.mail()) == 2


async def test_letters_go_one_by_one_where_nobody_chose_otherwise(family: Desk, visitor: Visitor) -> None:
    await visitor.policy()
    await one_after_the_other(family, STUDENT, "Anahera")
    assert sorted(mail_to(family, MERE)) == [["Anahera"], ["Tāne"]]


async def test_no_letter_waits_for_one_of_another_family(family: Desk) -> None:
    await child(family, "Hemi", replace(MERE, name="Hostel Office"))
    await one_after_the_other(family, STUDENT, "Hemi")
    assert sorted(mail_to(family, MERE)) == [["Hemi"], ["Tāne"]]


async def test_a_caregiver_who_is_barred_for_one_of_the_children_gets_no_letter_about_them(family: Desk) -> None:
    family.passes(LATER)
    await child(family, "Anahera", replace(MERE, status="No contact"), WIREMU)
    await one_after_the_other(family, STUDENT, "Anahera")
    assert mail_to(family, MERE) == [["Tāne"]]
    assert list(map(sorted, mail_to(family, WIREMU))) == [["Anahera", "Tāne"]]


async def test_a_caregiver_who_is_barred_while_letters_wait_is_left_out(family: Desk) -> None:
    await crosses(family, STUDENT, "Anahera")
    family.passes(HOLD)
    await family.catcher.stop()
    await family.work()
    await child(family, "Anahera", replace(MERE, status="No contact"), WIREMU)
    await family.mail_server_is_back()
    for _ in range(3):
        family.passes(timedelta(hours=1))
        await family.work()
    assert mail_to(family, MERE) == [["Tāne"]]
    assert ("MERE@example.test", "cancelled", "no-correspondent") in await family.deliveries()


@pytest.mark.parametrize("gone", [STUDENT, "Anahera"])
async def test_a_letter_that_is_taken_back_leaves_the_envelope(family: Desk, visitor: Visitor, gone: str) -> None:
    await crosses(family, STUDENT, "Anahera")
    family.passes(HOLD)
    await family.catcher.stop()
    await family.work()
    await family.say(down(5, 9, to="green", student=gone, said_at=family.now))
    await family.mail_server_is_back()
    for _ in range(3):
        family.passes(timedelta(hours=1))
        await family.work()
    left = "Anahera" if gone == STUDENT else "Tāne"
    assert mail_to(family, MERE) == [[left]]
    assert {status for (student, _), (status, _) in (await statuses(visitor)).items() if student == gone} == {"cancelled"}


async def test_an_e_mail_that_comes_back_comes_back_for_each_of_its_letters(family: Desk, visitor: Visitor) -> None:
    await crosses(family, STUDENT, "Anahera")
    family.passes(HOLD)
    await family.work()
    (mail,) = to(family, MERE)
    body = {"message_id": mail["message_id"], "action": "failed", "status": "5.1.1"}
    for _ in range(2):
        answer = await visitor.http.post("/v1/bounces", json=body, headers=visitor.headers("ops", schools=("*",)))
        assert answer.status_code == 200, answer.text
    found = await statuses(visitor)
    assert sorted(status for (_, address), (status, _) in found.items() if address == MERE.email) == ["bounced", "bounced"]
    assert [row.count for row in await family.rows("SELECT count(*) FROM bad_addresses")] == [1]


async def due_together(desk: Desk) -> None:
    """Both letters are written, and nobody has begun to send them for longer than the second one leaves it to the first."""
    await crosses(desk, STUDENT, "Anahera")
    desk.passes(HOLD)
    assert await Runner("notifier", desk.engine, [desk.letter], Wakeup(), clock=desk.clock).run_once() == 2
    desk.passes(timedelta(hours=1))


async def test_letters_that_were_written_while_nobody_sent_any_go_in_one_e_mail(family: Desk) -> None:
    await due_together(family)
    await family.work()
    assert list(map(sorted, mail_to(family, MERE))) == [["Anahera", "Tāne"]]
    family.passes(timedelta(hours=1))
    await family.work()
    assert len(to(family, MERE)) == 1


async def test_an_e_mail_of_which_nothing_was_kept_goes_again_with_the_same_letters(family: Desk) -> None:
    """The process died between the mail server's yes and the commit: what goes again is the same e-mail, by its Message-ID as well."""
    await due_together(family)
    items = [row.id for row in await family.rows("SELECT id FROM deliveries WHERE envelope IS NULL OR envelope = id")]
    async with family.engine.begin() as connection:
        claimed = await worklist.claim_these(connection, items, family.delivery.lease, now=family.now)
    async for _ in family.delivery.perform_all(claimed):
        pass
    async with family.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE work SET due_at = clock_timestamp() - interval '1 second' WHERE state = 'leased'")
    await family.work()
    first, second = to(family, MERE)
    assert (first["message_id"], first["text"]) == (second["message_id"], second["text"])
    family.passes(timedelta(hours=1))
    await family.work()
    assert len(to(family, MERE)) == 2


async def test_letters_that_went_are_kept_as_such_although_the_database_was_away(
    family: Desk, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = [ConnectionResetError()]

    async def says(*args: Any) -> None:
        if away:
            raise away.pop()
        await say_sent(*args)

    monkeypatch.setattr("services.notifier.delivery.deliveries.task.say_sent", says)
    monkeypatch.setattr(settling, "AWAY_PAUSE", 0)
    await crosses(family, STUDENT, "Anahera")
    family.passes(HOLD)
    await family.work()
    assert away == []
    assert {status for status, _ in (await statuses(visitor)).values()} == {"sent"}
    family.passes(timedelta(hours=1))
    await family.work()
    assert len(to(family, MERE)) == 1


async def test_a_letter_that_is_stopped_while_its_e_mail_is_made_is_not_in_it(
    family: Desk, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_envelope = deliveries.in_envelope

    async def stopped_meanwhile(connection: AsyncConnection, envelope: uuid.UUID) -> list[uuid.UUID]:
        first, *others = await in_envelope(connection, envelope)
        for other in others:
            answer = await visitor.http.post(f"/v1/deliveries/{other}/cancel", headers=visitor.headers("star:write"))
            assert answer.status_code == 200, answer.text
        return [first, *others]

    monkeypatch.setattr(deliveries, "in_envelope", stopped_meanwhile)
    await crosses(family, STUDENT, "Anahera")
    family.passes(HOLD)
    await family.work()
    assert [len(names) for names in mail_to(family, MERE)] == [1]
    found = await statuses(visitor)
    assert sorted(status for (_, address), (status, _) in found.items() if address == MERE.email) == ["cancelled", "sent"]


@dataclass
class ComesBackAtOnce:
    """Sends, and has a report that it came back before it is known that it went."""

    transport: Transport
    visitor: Visitor

    async def send(self, parcel: Parcel) -> Outcome:
        outcome = await self.transport.send(parcel)
        body = {"message_id": parcel.message_id, "action": "failed", "status": "5.1.1"}
        answer = await self.visitor.http.post("/v1/bounces", json=body, headers=self.visitor.headers("ops", schools=("*",)))
        assert answer.status_code == 200, answer.text
        return outcome

    async def close(self) -> None:
        """The desk closes its own."""


async def test_a_report_that_is_here_before_the_letters_are_kept_is_about_all_of_them(family: Desk, visitor: Visitor) -> None:
    task = dataclasses.replace(family.delivery, transports={"email": ComesBackAtOnce(family.email, visitor)})
    tasks = [task if one is family.delivery else one for one in family.tasks]
    family.runner = Runner("notifier", family.engine, tasks, Wakeup(), clock=family.clock)
    await crosses(family, STUDENT, "Anahera")
    family.passes(HOLD)
    await family.work()
    assert [status for status, _ in (await statuses(visitor)).values()] == ["bounced"] * 3


async def test_a_letter_goes_although_another_of_the_family_can_not_be_written(family: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    write = LetterWriter.write

    def writes(self: LetterWriter, sheet: Sheet, *args: Any) -> Any:
        if sheet.contact.given_name == "Anahera":
            raise ValueError
        return write(self, sheet, *args)

    monkeypatch.setattr(LetterWriter, "write", writes)
    await crosses(family, STUDENT, "Anahera")
    family.passes(HOLD)
    await family.work()
    assert mail_to(family, MERE) == [["Tāne"]]
