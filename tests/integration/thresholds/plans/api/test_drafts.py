"""Saving a plan: versions, refusals, and who may."""

import asyncio

import pytest

from tests.integration.thresholds.plans.board import PLAN, SCHOOL, Board, whole

NO_PARTS = {"parents": [], "students": [], "ministry": []}


async def test_a_draft_is_kept_as_it_was_sent(board: Board) -> None:
    assert (await board.get(PLAN)).json()["type"] == "urn:nz-star:problem:no-plan"
    saved = await board.save(whole())
    assert saved == {
        "roles": [],
        "baseline": [],
        "targets": [],
        "first_review_on": None,
        "school": "0999",
        "version": 1,
        "state": "draft",
        "saved_at": "2026-11-20T02:00:00Z",
        "saved_by": "board-secretary",
        "published_at": None,
        "published_by": None,
        "superseded_at": None,
        "page": None,
        "pdf": None,
        "objectives": ["Every ākonga comes to school every day.", "By 2028, 80% of our students attend regularly."],
        "priorities": ["Years 9 and 10 first:\n- Mondays\n- Fridays"],
        "processes": {"patterns": ["Deans look at absences every fortnight."], "barriers": ["We ask at home for the reason."]},
        "monitoring": {"measures": ["Students at each step, each term."], "achievement_links": ["Beside credits, twice a year."]},
        "thresholds": {
            "expectations": {"strategies": ["Whānau tell us by 8:45."], "actions": [], **NO_PARTS},
            "5": {
                "strategies": ["We ring within three days."],
                "actions": ["written-communication", "conversation-with-whanau"],
                **NO_PARTS,
            },
            "10": {"strategies": ["We meet, and write a plan of support."], "actions": ["meeting-with-whanau"], **NO_PARTS},
            "15": {"strategies": ["Agencies help."], "actions": ["attendance-service-referral"], **NO_PARTS},
        },
        "approved_on": "2026-11-03",
        "approved_by": "Board of Ōtaki Example College",
        "effective_on": "2027-01-28",
        "review_on": "2029-11-02",
        "contact": {"name": "Attendance lead", "email": "attendance@otaki.example", "phone": "04 000 0000"},
    }
    assert await board.found(PLAN) == saved
    assert await board.found(PLAN, draft=True) == saved
    assert await board.found(f"{PLAN}/versions/1") == saved


async def test_each_change_is_a_version_and_the_same_again_none(board: Board) -> None:
    assert (await board.save({}))["version"] == 1
    assert (await board.save({"objectives": "Be here."}))["version"] == 2
    assert (await board.save({"objectives": ["Be here."]}))["version"] == 2
    assert (await board.save({}))["version"] == 3
    assert (await board.found(f"{PLAN}/versions/2"))["objectives"] == ["Be here."]
    rows = await board.sql("SELECT action, fields, filters FROM thresholds.audit WHERE action = 'change-plan' ORDER BY id")
    assert [(fields, filters) for _, fields, filters in rows] == [
        ([], '{"version": 1}'),
        (["objectives"], '{"version": 2}'),
        (["objectives"], '{"version": 3}'),
    ]


async def test_drafts_saved_at_once_take_a_number_each(board: Board) -> None:
    saved = await asyncio.gather(*(board.save({"objectives": f"Aim {number}."}) for number in range(6)))
    assert sorted(version["version"] for version in saved) == [1, 2, 3, 4, 5, 6]
    for version in saved:
        assert await board.found(f"{PLAN}/versions/{version['version']}") == version


async def test_versions_newest_first_page_by_page(board: Board) -> None:
    for number in range(5):
        await board.save({"objectives": f"Aim {number}."})
    pages, cursor = [], None
    while True:
        page = await board.found(f"{PLAN}/versions", limit=2, **({"cursor": cursor} if cursor else {}))
        pages.append([item["version"] for item in page["items"]])
        cursor = page["next"]
        if cursor is None:
            break
    assert pages == [[5, 4], [3, 2], [1]]
    assert set(page["items"][0]) == {
        "school", "version", "state", "saved_at", "saved_by", "published_at", "published_by", "superseded_at",
    }  # fmt: skip
    assert (await board.get(f"{PLAN}/versions", cursor="nonsense")).status_code == 422
    assert (await board.get(f"{PLAN}/versions", cursor="WyItMSJd")).status_code == 422


@pytest.mark.parametrize(
    ("body", "at", "why"),
    [
        ({"objectivs": []}, "body.objectivs", "Extra inputs are not permitted"),
        ({"thresholds": {"6": {}}}, "body.thresholds.6.[key]", "Input should be 'expectations', '5', '10' or '15'"),
        (
            {"thresholds": {"15": {"actions": ["meeting-with-whanau", "tea"]}}},
            "body.thresholds.15.actions.1",
            "not among the school's activities",
        ),
        ({"approved_on": "soon"}, "body.approved_on", "Input should be a valid date or datetime, input is too short"),
    ],
)
async def test_refusals_say_where_and_keep_nothing(board: Board, body: object, at: str, why: str) -> None:
    answer = await board.put(body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"] == [{"at": at, "why": why}]
    assert await board.sql("SELECT * FROM thresholds.plans") == []


async def test_text_that_could_not_be_printed_is_refused_at_once(board: Board) -> None:
    answer = await board.put(whole(objectives="Kia ora 😀"))
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:nz-star:problem:unprintable-text"
    assert answer.json()["detail"] == "there is no letter in the fonts for U+1F600 (grinning face)"


async def test_who_may_look_and_who_may_change(board: Board) -> None:
    url = board.api + PLAN
    await board.save(whole())
    assert (await board.http.get(url)).status_code == 401
    assert (await board.http.get(url, headers=board.token("star:write"))).status_code == 403
    assert (await board.http.get(url, headers=board.token("star:read", schools=("0188",)))).status_code == 403
    for role in ("view", "respond", "manage"):
        assert (await board.http.get(url, headers=board.token("star:read", role=role))).status_code == 200
        for change in (
            await board.http.put(url, json={}, headers=board.token("star:write", role=role)),
            await board.http.post(f"{url}/publish", json={}, headers=board.token("star:write", role=role)),
        ):
            assert (change.status_code, change.json()["type"]) == (403, "urn:nz-star:problem:missing-role")
    assert (await board.http.put(url, json={}, headers=board.token("star:read"))).status_code == 403
    # A teacher of one group works by the plan too, but does not write it.
    teacher = board.token("star:read", "star:write", role="admin", groups=("9A",))
    assert (await board.http.get(url, headers=teacher)).status_code == 200
    assert (await board.http.put(url, json={}, headers=teacher)).status_code == 403


async def test_a_school_that_was_never_sent_has_no_plan(board: Board) -> None:
    headers = board.token(schools=("*",))
    for method, path in (("GET", "plan"), ("PUT", "plan"), ("GET", "plan/checklist"), ("GET", "plan/versions"), ("POST", "plan/publish")):
        answer = await board.http.request(
            method, f"{board.api}/v1/schools/0188/{path}", json={} if method != "GET" else None, headers=headers
        )
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:nz-star:problem:unknown-school"), path
    assert (await board.get(f"/v1/schools/{SCHOOL}/plan/versions/1")).status_code == 404
    assert (await board.get(f"/v1/schools/{SCHOOL}/plan/versions/99999999999")).status_code == 422
    assert (await board.get(PLAN, draft=True)).json()["detail"] == "there is no draft"


async def test_the_checklist_of_the_newest_version_or_of_one(board: Board) -> None:
    await board.save(whole())
    await board.save(whole(review_on="2030-11-03"))
    newest = await board.found(f"{PLAN}/checklist")
    assert (newest["version"], newest["state"], newest["complete"], newest["next"]) == (2, "draft", False, None)
    assert [(point["point"], point["why"]) for point in newest["items"] if not point["met"]] == [
        ("review", "the review, 2030-11-03, is due more than three years after the approval: 2029-11-03 at the latest"),
        ("published", "this version is a draft"),
    ]
    first = await board.found(f"{PLAN}/checklist", version=1)
    assert (first["version"], first["complete"]) == (1, True)
    assert first["items"][0] == {
        "point": "objectives",
        "asks": "States the board's attendance objectives",
        "met": True,
        "why": "2 objectives",
    }
    assert (await board.get(f"{PLAN}/checklist", version=3)).status_code == 404


async def test_a_draft_can_be_read_as_a_pdf_before_the_board_approves_it(board: Board) -> None:
    await board.save({"objectives": "Be here."})
    answer = await board.get(f"{PLAN}/versions/1/plan.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == 'inline; filename="attendance-management-plan-0999-1-draft.pdf"'
    assert answer.content.startswith(b"%PDF-")
    assert (await board.public(f"{PLAN}/versions/1/plan.pdf")).status_code == 401
