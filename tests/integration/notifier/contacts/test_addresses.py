"""The owner of an address is known, also for contacts that a worker of the release before wrote, without a word of their addresses."""

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from services.notifier.contacts.repository import contacts
from shared.events.data import Caregiver
from shared.identifiers import address_id
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk, Visitor
from tests.support.crossings import SCHOOL, STUDENT_ID, up

MERES = address_id(SCHOOL, "mere@example.test")
BY_ADDRESS = "SELECT student_id, caregivers FROM contact_addresses WHERE address_id = :id ORDER BY student_id"

# What the release before does: it knows neither the table nor the column.
OLDER_CHANGE = """
    UPDATE contacts SET caregivers = CAST(:caregivers AS jsonb), updated_at = updated_at + interval '1 second' WHERE student_id = :student
"""
OLDER_DELETE = "DELETE FROM contacts WHERE student_id = :student"


async def run(desk: Desk, sql: str, **values: Any) -> None:
    async with desk.engine.begin() as connection:
        await connection.execute(text(sql), values)


async def bounced(desk: Desk) -> None:
    """A letter to Mere's address came back at the door."""
    desk.catcher.refuse(550, times=1, text="5.1.1 nobody")
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    await desk.work()


async def owners(visitor: Visitor) -> list[tuple[str, list[list[str]]]]:
    """The bad addresses, each with the names of the caregivers who have it, student by student."""
    answer = await visitor.http.get(f"/v1/schools/{SCHOOL}/bad-addresses", headers=visitor.headers("star:read"))
    assert answer.status_code == 200, answer.text
    return [(item["address"], [student["caregivers"] for student in item["students"]]) for item in answer.json()["items"]]


async def test_an_address_stands_once_with_all_who_have_it(desk: Desk) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE, Caregiver(name="Hana Ngata", email="MERE@example.test"), WIREMU)])

    assert [tuple(row) for row in await desk.rows(BY_ADDRESS, id=MERES)] == [(STUDENT_ID, ["Mere Ngata", "Hana Ngata"])]
    assert len(await desk.rows("SELECT * FROM contact_addresses")) == 2


async def test_addresses_go_with_their_student(known: Desk) -> None:
    await known.roster([known.left()])

    assert await known.rows("SELECT * FROM contact_addresses") == []


async def test_a_contact_from_before_is_found_when_somebody_asks(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE)])
    await bounced(desk)
    await run(desk, "DELETE FROM contact_addresses")
    await run(desk, "UPDATE contacts SET addresses_at = NULL")

    assert await owners(visitor) == [("mere@example.test", [["Mere Ngata"]])]
    assert await desk.rows("SELECT * FROM contacts WHERE addresses_at IS DISTINCT FROM updated_at") == []


async def test_a_change_by_an_older_worker_is_noticed(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE)])
    await bounced(desk)
    await run(desk, OLDER_CHANGE, student=STUDENT_ID, caregivers='[{"name": "Aunt Hana", "email": "mere@example.test"}]')

    assert await owners(visitor) == [("mere@example.test", [["Aunt Hana"]])]


async def test_a_delete_by_an_older_worker_takes_addresses_along(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE)])
    await bounced(desk)
    await run(desk, OLDER_DELETE, student=STUDENT_ID)

    assert await owners(visitor) == [("mere@example.test", [])]


async def test_an_address_that_an_older_worker_wrote_is_cleared_when_it_is_replaced(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(WIREMU)])
    await run(desk, OLDER_CHANGE, student=STUDENT_ID, caregivers='[{"name": "Mere Ngata", "email": "mere@example.test"}]')
    await bounced(desk)
    desk.passes(timedelta(minutes=1))
    await desk.roster([desk.joined(WIREMU)])

    assert await owners(visitor) == []


async def test_an_address_of_a_sibling_whom_an_older_worker_wrote_stays_bad(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE), desk.joined(WIREMU, student="2", given_name="Hana")])
    await bounced(desk)
    sibling = (await desk.rows("SELECT student_id FROM contacts WHERE given_name = 'Hana'"))[0].student_id
    await run(desk, OLDER_CHANGE, student=sibling, caregivers='[{"name": "Mere N", "email": "mere@example.test"}]')
    desk.passes(timedelta(minutes=1))
    await desk.roster([desk.joined(WIREMU)])

    assert await owners(visitor) == [("mere@example.test", [["Mere N"]])]


async def test_two_who_fill_in_at_once_do_not_wait_for_each_other(known: Desk) -> None:
    await run(known, "DELETE FROM contact_addresses")
    await run(known, "UPDATE contacts SET addresses_at = NULL")
    async with known.engine.begin() as first, known.engine.begin() as second:
        await contacts.index_addresses(first, schools=[SCHOOL])
        await contacts.index_addresses(second, schools=[SCHOOL])

    assert len(await known.rows("SELECT * FROM contact_addresses")) == 2
