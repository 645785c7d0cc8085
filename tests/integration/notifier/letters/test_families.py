"""The children of one family at a school, as staff see them together, and nobody who only shares a mailbox."""

from typing import Any

from msgspec.structs import replace

from shared.events.data import Caregiver
from shared.identifiers import student_id
from tests.integration.notifier.conftest import MERE, WIREMU, Desk, Visitor
from tests.support.crossings import SCHOOL, STUDENT

PATH = f"/v1/schools/{SCHOOL}/students/{STUDENT}/family"
BARRED = replace(MERE, status="No contact")


async def family(visitor: Visitor, **staff: Any) -> list[tuple[str, list[str]]]:
    answer = await visitor.http.get(PATH, headers=visitor.headers("star:read", **staff))
    assert answer.status_code == 200, answer.text
    return [(item["name"], item["caregivers"]) for item in answer.json()["items"]]


async def child(desk: Desk, given_name: str, *caregivers: Caregiver, school: str = SCHOOL, **changes: Any) -> None:
    fields = {"given_name": given_name, "school": school, "student_id": student_id(school, given_name), **changes}
    await desk.roster([desk.joined(*caregivers, student=given_name, **fields)])


async def test_students_who_share_a_caregiver_by_name_and_address(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(MERE, WIREMU)])
    await child(desk, "Anahera", replace(MERE, name="Ngata, Mere", email="MERE@example.test"), groups=["9A"])
    await child(desk, "Both", WIREMU, MERE, year_level=13)
    await child(desk, "Hostel", replace(WIREMU, name="Hostel Office"))
    await child(desk, "Namesake", replace(MERE, email="another@example.test"))
    await child(desk, "Unwanted", replace(MERE, notify=False))
    assert await family(visitor) == [("Both Ngata", ["Mere Ngata", "Wiremu Parata"]), ("Anahera Ngata", ["Mere Ngata"])]
    # A dean sees those of their own students.
    assert (await visitor.http.get(PATH, headers=visitor.headers("star:read", role="manage", groups=["9A"]))).status_code == 403


async def test_a_caregiver_who_must_not_be_written_to_about_one_makes_no_family(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(BARRED, WIREMU)])
    await child(desk, "Anahera", MERE)
    assert await family(visitor) == []
    assert (await visitor.http.get(f"/v1/schools/{SCHOOL}/students/nobody/family", headers=visitor.headers("star:read"))).status_code == 404
    assert (await visitor.http.get(PATH, headers=visitor.headers("star:read", role="respond"))).status_code == 403


async def test_siblings_who_have_only_a_mobile_in_common(desk: Desk, visitor: Visitor) -> None:
    phones = Caregiver(name="Mere Ngata", email=None, phone="021 555 0142")
    await desk.school()
    await desk.roster([desk.joined(replace(phones, phone="+64 21 5550142"))])
    await child(desk, "Anahera", phones)
    await child(desk, "Hostel", replace(phones, name="Hostel Office"))
    await child(desk, "Other", replace(phones, phone="021 555 0143"))
    await child(desk, "Two", replace(phones, phone="0215"), replace(phones, name="Mere Ngata", phone="550142"))
    assert await family(visitor) == [("Anahera Ngata", ["Mere Ngata"])]


async def test_a_child_at_another_school_is_shown_where_the_rights_cover_both(desk: Desk, visitor: Visitor) -> None:
    there = "0189"
    await desk.school()
    await desk.school(school=there, name="Ōtaki Example School")
    await desk.roster([desk.joined(MERE, WIREMU)])
    await child(desk, "Anahera", MERE, school=there, groups=["9A"])
    await child(desk, "Barred", replace(WIREMU, status="No contact"), school=there)
    assert await family(visitor) == []
    assert await family(visitor, schools=(SCHOOL, there)) == [("Anahera Ngata", ["Mere Ngata"])]
    assert await family(visitor, schools=("*",)) == [("Anahera Ngata", ["Mere Ngata"])]
    lines = await desk.rows("SELECT school, student_ids FROM audit WHERE action = 'read-caregivers'")
    assert [list(row.student_ids) for row in lines if row.school == there] == [[student_id(there, "Anahera")]] * 2
