"""Support plans: agreed, reviewed each fortnight, with versions, a page to sign, and the absences beside them."""

import subprocess
from pathlib import Path

from tests.integration.thresholds.casework.pieces import PLANS, plans
from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.records.staffroom import Staffroom, record_path


async def test_an_agreed_plan_is_due_for_review_in_a_fortnight_and_again_after_each(staffroom: Staffroom) -> None:
    await staffroom.crossed()
    made = await staffroom.ok("POST", PLANS, plans(), role="respond")
    assert (made["status"], made["next_review"], made["effect"], made["level"]) == ("draft", None, None, "individual")
    path = f"/v1/support-plans/{made['id']}"
    agreed_by = [{"name": "Mere Example", "role": "mother"}]
    agreed = await staffroom.ok("PATCH", path, {"status": "agreed", "agreed_by": agreed_by}, role="respond")
    assert (agreed["agreed_on"], agreed["next_review"], agreed["version"]) == ("2026-11-20", "2026-12-04", 2)
    assert agreed["agreed_by"] == agreed_by
    review = {"on": "2026-11-20", "note": "Mondays went well", "staff": "Ms Example", "took_part": True}
    reviewed = await staffroom.ok("POST", f"{path}/reviews", review | {"activity": "support-plan-reviewed"}, role="respond")
    assert reviewed["next_review"] == "2026-12-04"
    assert reviewed["reviews"] == [review]
    record = await staffroom.ok("GET", record_path())
    assert [response["activity"] for response in record["responses"]] == ["support-plan-reviewed"]
    ended = await staffroom.ok("PATCH", path, {"status": "ended"})
    assert (ended["ended_on"], ended["next_review"]) == ("2026-11-20", None)
    assert await staffroom.refused("POST", f"{path}/reviews", review) == (422, "not-agreed")
    versions = (await staffroom.ok("GET", f"{path}/versions"))["items"]
    assert [version["document"]["status"] for version in versions] == ["draft", "agreed", "agreed", "ended"]
    assert versions[2]["changed"] == ["reviews"]
    assert (await staffroom.ok("GET", PLANS))["items"][0]["id"] == made["id"]


async def test_a_plan_stands_beside_the_absences_before_and_since(staffroom: Staffroom) -> None:
    await staffroom.heart.post(absences(6))
    await staffroom.heart.post(absences(14, code="P", first=6))
    # Agreed on the tenth school day, 23 October: nine before it, and two full days since.
    await staffroom.heart.post(absences(2, code="P", first=20) + absences(2, first=22))
    made = await staffroom.ok("POST", PLANS, plans(status="agreed", agreed_on="2026-10-23"))
    effect = made["effect"]
    assert effect["before"] == {"days": 9, "absent_half_days": 6, "marked_half_days": 18}
    assert effect["since"] == {"days": 19, "absent_half_days": 2, "marked_half_days": 4}
    assert effect["sentence"] == "Absent for 3 of 9 days before the plan was agreed, and for 1 of 2 days since."
    assert "not why" in effect["caution"]


async def test_the_page_to_sign_is_one_page_with_the_words_of_the_plan(staffroom: Staffroom, tmp_path: Path) -> None:
    await staffroom.student("1", year_level=10)
    body = plans(status="agreed", level="intensive", agreed_by=[{"name": "Mere Tūī", "role": "mother"}])
    made = await staffroom.ok("POST", PLANS, body)
    answer = await staffroom.as_("dean", "view", "GET", f"/v1/support-plans/{made['id']}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    (tmp_path / "plan.pdf").write_bytes(answer.content)
    words = subprocess.run(["pdftotext", "-layout", tmp_path / "plan.pdf", "-"], capture_output=True, text=True, check=True).stdout
    for text in (
        "Intensive support plan",
        "Hemi Example 1, Year 10",
        "the bus is late",
        "5 of 6",
        "School",
        "Mere Tūī, mother",
        "Page 1 of 1",
    ):
        assert text in words.replace("\u00a0", " ")
    assert "4 December 2026" in words.replace("\u00a0", " ")
    unprintable = await staffroom.ok("POST", PLANS, plans(barriers=["\U0001f6b2\ue000"]))
    assert await staffroom.refused("GET", f"/v1/support-plans/{unprintable['id']}.pdf") == (422, "unprintable")


async def test_what_can_t_be_a_plan_is_refused(staffroom: Staffroom) -> None:
    await staffroom.student("1", "9A")
    made = await staffroom.ok("POST", PLANS, plans())
    path = f"/v1/support-plans/{made['id']}"
    assert await staffroom.refused("POST", PLANS, {"status": "agreed"}) == (422, "nothing-planned")
    assert await staffroom.refused("POST", PLANS, plans(status="agreed", agreed_on="2026-11-21")) == (422, "future-date")
    assert await staffroom.refused("PATCH", path, {}) == (422, "bad-field")
    assert await staffroom.refused("PATCH", path, {"goals": None}) == (422, "bad-field")
    action = {"text": "x", "who": "police"}
    for wrong in ({"barrier": []}, {"actions": [action]}, {"review_every_days": 0}, {"goals": [{"text": "x", "why": "y"}]}):
        assert (await staffroom.refused("PATCH", path, wrong))[0] == 422
    for suffix in ("", ".pdf", "/versions"):
        assert await staffroom.refused("GET", path + suffix, groups=["9Z"]) == (404, "unknown-support-plan")
        assert await staffroom.refused("GET", path + suffix, schools="0189") == (404, "unknown-support-plan")
    key = {"Idempotency-Key": "plan-1"}
    first = await staffroom.ok("POST", PLANS, plans(status="agreed"), headers=key)
    assert (await staffroom.ok("POST", PLANS, plans(status="agreed"), headers=key))["id"] == first["id"]


async def test_the_same_review_is_recorded_once(staffroom: Staffroom) -> None:
    await staffroom.crossed()
    plan = await staffroom.ok("POST", PLANS, plans(status="agreed", agreed_by=[{"name": "Mere Example", "role": "mother"}]))
    path, key = f"/v1/support-plans/{plan['id']}/reviews", {"Idempotency-Key": "review-7"}
    review = {"on": "2026-11-20", "note": None, "staff": "Ms Example", "took_part": True, "activity": "support-plan-reviewed"}
    first = await staffroom.ok("POST", path, review, headers=key)
    assert await staffroom.ok("POST", path, review, headers=key) == first
    assert len(first["reviews"]) == 1
    assert await staffroom.refused("POST", path, review | {"took_part": False}, headers=key) == (409, "key-used")
    assert [name for name, _ in await staffroom.said()] == ["response.recorded"]
    assert len((await staffroom.ok("POST", path, review))["reviews"]) == 2
