"""To whom of a student's caregivers letters go, and why to nobody else: as staff see it."""

from typing import Any

from msgspec.structs import replace

from services.notifier.contacts.repository import bad_addresses
from shared.events.data import Caregiver
from shared.identifiers import student_id
from tests.integration.notifier.conftest import HOLD, MERE, WIREMU, Desk, Visitor
from tests.support.crossings import SCHOOL, STUDENT, up

PATH = f"/v1/schools/{SCHOOL}/students/{STUDENT}/caregivers"
FAMILY = (
    MERE,
    WIREMU,
    Caregiver(name="Hana", phone="021 123 4567"),
    Caregiver(name="Rangi", email="rangi@example.test", status="Purple", relationship="Uncle"),
    Caregiver(name="Aroha", email="aroha@example.test", role="Emergency contact"),
    Caregiver(name="Pita", email="pita@example.test", notify=False),
    Caregiver(name="Moana", email="moana@example.test", status="No contact"),
    Caregiver(name="Tama", email="MOANA@example.test"),
    Caregiver(name="Kiri", email="kiri@example.test"),
)


async def listed(visitor: Visitor, **staff: Any) -> list[tuple[str, str | None, str | None]]:
    answer = await visitor.http.get(PATH, headers=visitor.headers("star:read", **staff))
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    assert all(item["written_to"] == (item["address"] is not None) == (item["why"] is None) for item in items)
    return [(item["name"], item["address"], item["why"]) for item in items]


async def test_each_caregiver_has_an_address_or_a_reason(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    elsewhere = [Caregiver(name="Kiri", email="kiri@example.test", notify=False)]
    await desk.roster([desk.joined(*FAMILY, other_caregivers=elsewhere)])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(HOLD)
    await desk.work()
    ((delivery,),) = await desk.rows("SELECT id FROM deliveries WHERE recipient = 'wiremu@example.test'")
    async with desk.engine.begin() as connection:
        address = ("email", "wiremu@example.test")
        await bad_addresses.mark(connection, SCHOOL, *address, status="5.1.1", cause="bounce", delivery_id=delivery, now=desk.now)
    # The letters went where this says that letters go.
    assert sorted(message["to"] for message in desk.mail()) == [["mere@example.test"], ["wiremu@example.test"]]
    assert await listed(visitor) == [
        ("Mere Ngata", "mere@example.test", None),
        ("Wiremu Parata", None, "came-back"),
        ("Hana", None, "no-address"),
        ("Rangi", None, "undecided"),
        ("Aroha", None, "no-correspondent"),
        ("Pita", None, "not-wanted"),
        ("Moana", None, "protected"),
        ("Tama", None, "shared"),
        ("Kiri", None, "other-key"),
    ]
    decided = {"text": "Purple", "decision": "never"}
    await visitor.http.put(f"/v1/schools/{SCHOOL}/caregiver-statuses", json=decided, headers=visitor.headers("star:write"))
    assert ("Rangi", None, "never") in await listed(visitor)


async def test_the_schools_policy_counts(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE, WIREMU, replace(MERE, name="Ana Ngata"))])
    await visitor.policy(recipients="first")
    assert await listed(visitor) == [
        ("Mere Ngata", "mere@example.test", None),
        ("Wiremu Parata", None, "first-only"),
        ("Ana Ngata", "mere@example.test", None),
    ]


async def test_those_who_manage_see_their_own_and_the_look_is_on_record(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE, year_level=10, groups=["10A"])])
    for groups in (("year:10",), ("10A",)):
        assert await listed(visitor, role="manage", groups=groups) == [("Mere Ngata", "mere@example.test", None)]
    assert await desk.rows("SELECT action, student_ids FROM audit") == [("read-caregivers", [student_id(SCHOOL, STUDENT)])] * 2
    for staff in ({"role": "manage", "groups": ("year:9",)}, {"role": "respond"}, {"schools": ("0189",)}):
        answer = await visitor.http.get(PATH, headers=visitor.headers("star:read", **staff))
        assert answer.status_code == 403, staff
        assert "Mere" not in answer.text
    nobody = PATH.replace(STUDENT, "99999")
    assert (await visitor.http.get(nobody, headers=visitor.headers("star:read"))).status_code == 404
    assert (await visitor.http.get(nobody, headers=visitor.headers("star:read", groups=("10A",)))).status_code == 403
