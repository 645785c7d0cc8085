"""Letters on paper: who gets one, the pile, the PDF, the day on which it was posted, and what is taken back before that."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from shared.events.data import Caregiver
from shared.identifiers import student_id
from tests.integration.notifier.conftest import MERE, Desk, Visitor
from tests.support.crossings import SCHOOL, STUDENT, STUDENT_ID, days, down, stands, up
from tests.support.pdfs import pdf_text

PATH = f"/v1/schools/{SCHOOL}/printings"
NANNY = Caregiver(name="Nanny Example", postal_address="12 Example Street, Ōtaki 5512")
KOKO = Caregiver(name="Koko Example", postal_address="9 Sample Road\nLevin 5510")


async def asked(visitor: Visitor, method: str, path: str, body: Any = None, *, status: int = 200, **headers: str) -> Any:
    answer = await visitor.http.request(
        method, path, json=body, headers=visitor.headers("star:read", "star:write", role="manage") | headers
    )
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content and "json" in answer.headers["content-type"] else answer.content


async def written(desk: Desk, visitor: Visitor) -> None:
    """Two letters on paper: to the first student's grandmother, beside an e-mail to another caregiver, and to the second's grandfather."""
    await desk.school(postal_address="1 School Road, Ōtaki 5512", phone="04 555 0100")
    await visitor.policy(paper={"unreached": True, "steps": []})
    await desk.roster([desk.joined(MERE, NANNY), desk.joined(KOKO, student="2", given_name="Aroha", family_name="Ātea")])
    await desk.say(up(10, 20, to="orange"), up(5, 10, to="yellow", student="2"))
    desk.passes(timedelta(hours=1))
    await desk.work()


async def on_paper(desk: Desk) -> list[tuple[str | None, str, str | None]]:
    rows = await desk.rows("SELECT recipient, status, reason FROM deliveries WHERE channel = 'paper' ORDER BY recipient")
    return [tuple(row) for row in rows]


async def test_a_pile_is_printed_posted_on_a_day_and_recorded(desk: Desk, visitor: Visitor, tmp_path: Path) -> None:
    await written(desk, visitor)
    assert [mail["to"] for mail in desk.mail()] == [["mere@example.test"]]
    assert await on_paper(desk) == [
        ("Koko Example\n9 Sample Road\nLevin 5510", "waiting", None),
        ("Nanny Example\n12 Example Street\nŌtaki 5512", "waiting", None),
    ]
    assert await asked(visitor, "GET", f"{PATH}/waiting") == {"letters": 2}
    made = await asked(visitor, "POST", PATH, {}, status=201, **{"Idempotency-Key": "once"})
    again = await asked(visitor, "POST", PATH, {}, status=201, **{"Idempotency-Key": "once"})
    assert (made["id"], made["letters"], made["taken_back"]) == (again["id"], 2, [])
    assert await asked(visitor, "GET", f"{PATH}/waiting") == {"letters": 0}
    refused = await asked(visitor, "POST", PATH, {}, status=409)
    assert refused["type"].endswith(":nothing-to-print")

    path = f"/v1/printings/{made['id']}.pdf"
    words = pdf_text(await asked(visitor, "GET", path), tmp_path)
    levin, otaki = "Koko Example, 9 Sample Road, Levin 5510", "Nanny Example, 12 Example Street, Ōtaki 5512"
    # The list, then each letter in the order of the postcodes: Levin before Ōtaki.
    assert words.index(levin) < words.index(otaki) < words.index("has now been away") < words.index("No. 1") < words.index("No. 2")
    assert words.count("12 Example Street") == words.count("9 Sample Road") == 2
    assert "1 School Road" in words
    assert "e-mail" not in words
    assert "0123456789" not in words

    posted = f"/v1/printings/{made['id']}/posted"
    assert (await asked(visitor, "POST", posted, {"on": "2026-11-21"}, status=422))["type"].endswith(":future-date")
    assert (await asked(visitor, "POST", posted, {"on": "2026-11-19"}, status=422))["type"].endswith(":past-date")
    done = await asked(visitor, "POST", posted, {"on": "2026-11-20"})
    assert (done["posted_on"], done["posted_by"], done["taken_back"]) == ("2026-11-20", "test", [])
    assert [status for _, status, _ in await on_paper(desk)] == ["sent", "sent"]
    assert (await asked(visitor, "POST", posted, {"on": "2026-11-20"}, status=409))["type"].endswith(":printing-settled")
    items = (await visitor.deliveries(student=STUDENT, status="sent"))["items"]
    assert sorted((item["channel"], item["sent_at"] is not None) for item in items) == [("email", True), ("paper", True)]
    # What was posted is kept as it went.
    assert "Posted 20 November 2026" in pdf_text(await asked(visitor, "GET", path), tmp_path)
    rows = await desk.rows(
        "SELECT action, cardinality(student_ids) FROM audit WHERE action LIKE '%-letters' OR action = 'read-letter' ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [("print-letters", 2), ("read-letter", 2), ("post-letters", 2), ("read-letter", 2)]


async def test_a_letter_that_is_taken_back_leaves_the_pile(desk: Desk, visitor: Visitor, tmp_path: Path) -> None:
    await written(desk, visitor)
    made = await asked(visitor, "POST", PATH, {"sorted_by": "name"}, status=201)
    await desk.say(down(5, 9, to="green", student="2", said_at=desk.now))
    gone = [{"place": 1, "student": "2", "student_id": str(student_id(SCHOOL, "2"))}]
    assert (await asked(visitor, "GET", f"/v1/printings/{made['id']}"))["taken_back"] == gone
    words = pdf_text(await asked(visitor, "GET", f"/v1/printings/{made['id']}.pdf"), tmp_path)
    assert ("taken back: do not post" in words, "No. 1" in words, "No. 2" in words) == (True, False, True)
    done = await asked(visitor, "POST", f"/v1/printings/{made['id']}/posted", {"on": "2026-11-20"})
    assert done["taken_back"] == gone
    assert [(status, reason) for _, status, reason in await on_paper(desk)] == [("cancelled", "retracted"), ("sent", None)]


async def test_a_dropped_pile_waits_again_and_is_written_by_what_is_so_then(desk: Desk, visitor: Visitor) -> None:
    await written(desk, visitor)
    made = await asked(visitor, "POST", PATH, {}, status=201)
    assert await asked(visitor, "DELETE", f"/v1/printings/{made['id']}", status=204) == b""
    assert await asked(visitor, "GET", f"{PATH}/waiting") == {"letters": 2}
    await desk.stands(stands(days(11), 2, said_at=desk.now))
    # The grandfather has another home by now: the letter to the first one does not go.
    moved = Caregiver(name="Koko Example", postal_address="10 Sample Road, Levin 5510")
    desk.passes(timedelta(minutes=1))
    await desk.roster([desk.joined(moved, student="2", given_name="Aroha", family_name="Ātea")])
    again = await asked(visitor, "POST", PATH, {}, status=201)
    assert again["letters"] == 1
    text = (await desk.rows("SELECT body_text FROM deliveries WHERE channel = 'paper' AND status = 'waiting'"))[0].body_text
    assert "for 11 days" in text
    # The crossing has a letter to the new home instead.
    desk.passes(timedelta(hours=1))
    await desk.work()
    assert ("Koko Example\n10 Sample Road\nLevin 5510", "waiting", None) in await on_paper(desk)
    assert [one["dropped_at"] is not None for one in (await asked(visitor, "GET", PATH))["items"]] == [False, True]


async def test_a_formal_notice_goes_to_every_home_beside_the_e_mail(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await visitor.policy(paper={"unreached": False, "steps": [10, 15]})
    home = Caregiver(name=MERE.name, email=MERE.email, postal_address=NANNY.postal_address)
    await desk.roster([desk.joined(home, NANNY)])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(timedelta(hours=1))
    await desk.work()
    assert await on_paper(desk) == []
    await desk.say(up(10, 20, to="orange", said_at=desk.now))
    desk.passes(timedelta(hours=1))
    await desk.work()
    assert await on_paper(desk) == [("Mere Ngata, Nanny Example\n12 Example Street\nŌtaki 5512", "waiting", None)]
    assert len(desk.mail()) == 2


async def test_a_letter_that_reached_nobody_waits_for_a_policy_with_paper(desk: Desk, visitor: Visitor) -> None:
    await desk.school()
    await desk.roster([desk.joined(NANNY)])
    await desk.say(up(5, 10, to="yellow"))
    desk.passes(timedelta(hours=1))
    await desk.work()
    assert [state for _, state, _ in await desk.letters()] == ["no-contact"]
    await visitor.policy(paper={})
    await desk.work()
    assert len(await on_paper(desk)) == 1


async def test_an_address_goes_with_a_student_who_leaves(desk: Desk, visitor: Visitor) -> None:
    await written(desk, visitor)
    made = await asked(visitor, "POST", PATH, {}, status=201)
    await desk.roster([desk.left(), desk.left("2")])
    assert await on_paper(desk) == [(None, "cancelled", "student-left")] * 2
    assert (await asked(visitor, "GET", f"/v1/printings/{made['id']}.pdf", status=409))["type"].endswith(":erased")
    assert (await desk.rows("SELECT count(*) FROM contacts WHERE student_id = :id", id=STUDENT_ID))[0][0] == 0


async def test_piles_are_for_those_who_manage_the_school(desk: Desk, visitor: Visitor) -> None:
    await written(desk, visitor)
    made = await asked(visitor, "POST", PATH, {}, status=201)

    async def status(method: str, path: str, *scopes: str, **token: Any) -> int:
        return (await visitor.http.request(method, path, json={"on": "2026-11-20"}, headers=visitor.headers(*scopes, **token))).status_code

    pdf, posted = f"/v1/printings/{made['id']}.pdf", f"/v1/printings/{made['id']}/posted"
    assert await status("GET", pdf, "star:read", role="respond") == 403
    assert await status("GET", pdf, "star:read", role="manage", groups=("10A",)) == 403
    assert await status("GET", pdf, "star:read", role="manage", schools=("0189",)) == 404
    assert await status("POST", posted, "star:write", role="respond") == 403
    assert await status("POST", posted, "star:write", role="manage", schools=("0189",)) == 404
    assert await status("DELETE", f"/v1/printings/{made['id']}", "star:write", role="manage", schools=("0189",)) == 404
    assert await status("GET", PATH, "star:read", schools=("0189",)) == 403


async def posted(desk: Desk, visitor: Visitor) -> dict[str, str]:
    """The ids of the letters on paper that were written and posted, by student."""
    await written(desk, visitor)
    made = await asked(visitor, "POST", PATH, {}, status=201)
    await asked(visitor, "POST", f"/v1/printings/{made['id']}/posted", {"on": "2026-11-20"})
    return {item["student"]: item["id"] for item in (await visitor.deliveries())["items"] if item["channel"] == "paper"}


async def test_an_envelope_that_came_back_is_said_once_and_its_home_gets_no_more(desk: Desk, visitor: Visitor) -> None:
    sent = await posted(desk, visitor)
    by_mail = next(item["id"] for item in (await visitor.deliveries())["items"] if item["channel"] == "email")
    refused = await asked(visitor, "POST", f"/v1/deliveries/{by_mail}/returned", status=409)
    assert refused["type"].endswith(":not-posted")
    for _ in range(2):
        said = await asked(visitor, "POST", f"/v1/deliveries/{sent['2']}/returned")
        assert (said["id"], said["status"]) == (sent["2"], "bounced")
    (item,) = (await visitor.deliveries(student="2"))["items"]
    assert (item["status"], item["reason"], item["letter_state"]) == ("bounced", "envelope-returned", "not-reached")
    bad = (await asked(visitor, "GET", f"/v1/schools/{SCHOOL}/bad-addresses"))["items"]
    shown = [(one["address"], one["channel"], one["students"][0]["caregivers"]) for one in bad]
    assert shown == [("9 Sample Road\nLevin 5510", "paper", ["Koko Example"])]
    caregivers = (await asked(visitor, "GET", f"/v1/schools/{SCHOOL}/students/2/caregivers"))["items"]
    assert [(one["written_to"], one["why"]) for one in caregivers] == [(False, "came-back")]
    # It went with its pile: nobody had to take it out.
    (pile,) = (await asked(visitor, "GET", PATH))["items"]
    assert (await asked(visitor, "GET", f"/v1/printings/{pile['id']}"))["taken_back"] == []
    # The next step's letter reaches nobody, until the school sends another home.
    await desk.say(up(10, 20, to="orange", student="2", said_at=desk.now))
    desk.passes(timedelta(hours=1))
    await desk.work()
    newest = (await visitor.deliveries(student="2"))["items"][0]
    assert (newest["status"], newest["threshold"]) == ("no-contact", 10)
    moved = Caregiver(name="Koko Example", postal_address="10 Sample Road, Levin 5510")
    await desk.roster([desk.joined(moved, student="2", given_name="Aroha", family_name="Ātea")])
    await desk.work()
    assert ("Koko Example\n10 Sample Road\nLevin 5510", "waiting", None) in await on_paper(desk)
    assert (await asked(visitor, "GET", f"/v1/schools/{SCHOOL}/bad-addresses"))["items"] == []
    assert len(await desk.rows("SELECT action FROM audit WHERE action = 'return-letter'")) == 2


async def test_a_letter_that_waits_for_the_pile_does_not_go_to_a_home_that_an_envelope_came_back_from(desk: Desk, visitor: Visitor) -> None:
    sent = await posted(desk, visitor)
    await asked(visitor, "POST", f"/v1/deliveries/{sent['2']}/resend", {"reason": "asked for"}, status=201)
    await asked(visitor, "POST", f"/v1/deliveries/{sent['2']}/returned")
    assert (await asked(visitor, "POST", PATH, {}, status=409))["type"].endswith(":nothing-to-print")
    assert sorted(status for recipient, status, _ in await on_paper(desk) if "Koko" in str(recipient)) == ["bounced", "failed"]
    assert await asked(visitor, "GET", f"{PATH}/waiting") == {"letters": 0}


async def test_a_letter_on_paper_is_taken_back_on_paper(desk: Desk, visitor: Visitor, tmp_path: Path) -> None:
    await desk.school(postal_address="1 School Road, Ōtaki 5512")
    await visitor.policy(paper={"unreached": True, "steps": []})
    await desk.roster([desk.joined(NANNY)])
    await desk.stands(stands(days(6), 1, said_at=desk.now))
    await desk.say(up(5, 12, to="yellow", standing=1))
    desk.passes(timedelta(hours=1))
    await desk.work()
    made = await asked(visitor, "POST", PATH, {}, status=201)
    await asked(visitor, "POST", f"/v1/printings/{made['id']}/posted", {"on": "2026-11-20"})
    await desk.stands(stands(days(5), 2, said_at=desk.now))
    (item,) = (await visitor.deliveries())["items"]
    assert (item["channel"], item["can_be_corrected"]) == ("paper", True)
    correction = await asked(visitor, "POST", f"/v1/deliveries/{item['id']}/correct", status=201)
    assert await asked(visitor, "GET", f"{PATH}/waiting") == {"letters": 1}
    # It is a letter like the others: it waits for the pile, is written anew when more is wrong, and posted by a person.
    await desk.stands(stands(days(4), 3, said_at=desk.now))
    pile = await asked(visitor, "POST", PATH, {}, status=201)
    words = pdf_text(await asked(visitor, "GET", f"/v1/printings/{pile['id']}.pdf"), tmp_path)
    assert "Our roll was wrong about some of them" in words
    assert "been away for 4 days" in words
    assert "12 Example Street" in words
    await asked(visitor, "POST", f"/v1/printings/{pile['id']}/posted", {"on": "2026-11-20"})
    found = {one["id"]: (one["status"], one["corrects"]) for one in (await visitor.deliveries())["items"]}
    assert found == {item["id"]: ("sent", None), correction["id"]: ("sent", item["id"])}
