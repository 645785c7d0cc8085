"""Publishing: what it takes, what it says, and what everybody then sees."""

import asyncio
from datetime import date, timedelta

from services.thresholds.app import create_app
from shared.events.data import PlanPublished
from tests.integration.thresholds.plans.board import NOW, PLAN, Board, whole
from tests.support.polling import eventually
from tests.support.servers import serving


async def test_a_published_plan_can_be_read_by_everybody(board: Board) -> None:
    published = await board.published(whole())
    assert (published["state"], published["published_at"], published["published_by"]) == (
        "published",
        "2026-11-20T02:00:00Z",
        "board-secretary",
    )
    assert (published["page"], published["pdf"]) == (f"{board.api}/plans/0999", f"{board.api}/plans/0999.pdf")
    assert await board.found(PLAN) == published

    page = await board.http.get(published["page"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    for said in (
        "Ōtaki Example College",
        "By 2028, 80% of our students",
        "We ring you and ask how we can help.",
        "20\u00a0November\u00a02026",
        'href="0999.pdf"',
    ):
        assert said in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["cache-control"] == "public, max-age=300"

    pdf = await board.http.get(published["pdf"])
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.headers["content-disposition"] == 'inline; filename="attendance-management-plan-0999.pdf"'
    for answer in (page, pdf):
        again = await board.http.get(answer.request.url, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    for path, target in (("page", "page"), ("plan.pdf", "pdf")):
        sent_on = await board.public(f"{PLAN}/{path}")
        assert sent_on.status_code == 308
        assert str(sent_on.next_request.url if sent_on.next_request else None) == published[target]

    for target in ("page", "pdf"):
        head = await board.http.head(published[target])
        assert (head.status_code, head.content) == (200, b"")


async def test_nobody_sees_what_is_not_published(board: Board) -> None:
    await board.save(whole())
    for path in ("/plans/0999", "/plans/0999.pdf", "/plans/0188", "/plans/0188.pdf", "/plans/nonsense"):
        assert (await board.public(path)).status_code == 404, path
    await board.publish()
    await board.save(whole(objectives="Not for everybody yet."))
    assert "Not for everybody yet." not in (await board.public("/plans/0999")).text
    assert (await board.public("/plans/999")).status_code == 200


async def test_an_incomplete_plan_is_refused_with_what_it_lacks(board: Board) -> None:
    steps = {**whole()["thresholds"], "15": {"strategies": "Agencies help."}}
    await board.save(whole(thresholds=steps, priorities=...))
    answer = await board.publish()
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:nz-star:problem:incomplete-plan")
    assert answer.json()["errors"] == [
        {"at": "priorities", "why": "States the board's strategic priorities: nothing is written yet"},
        {"at": "threshold-15", "why": "Has strategies and actions at 15 days: no action is named for 15 days"},
    ]
    assert (await board.found(PLAN))["state"] == "draft"
    assert (await board.public("/plans/0999")).status_code == 404


async def test_the_next_version_takes_the_place_of_the_one_before(board: Board) -> None:
    first = await board.published(whole())
    await board.save(whole(objectives="A draft that nobody wanted."))
    board.now += timedelta(days=1)
    third = await board.published(whole(objectives="Better aims."))
    states = [(item["version"], item["state"], item["published_at"]) for item in (await board.found(f"{PLAN}/versions"))["items"]]
    assert states == [
        (3, "published", "2026-11-21T02:00:00Z"),
        (2, "superseded", None),
        (1, "superseded", "2026-11-20T02:00:00Z"),
    ]
    before = await board.found(f"{PLAN}/versions/1")
    assert before == {**first, "state": "superseded", "superseded_at": "2026-11-21T02:00:00Z", "page": None, "pdf": None}
    assert "Better aims." in (await board.http.get(third["page"])).text
    assert (await board.get(PLAN, draft=True)).status_code == 404

    for version in (1, 2):
        answer = await board.publish(version=version)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:nz-star:problem:superseded-plan")
    # What was printed once is printed so again, and says what became of it.
    old = await board.get(f"{PLAN}/versions/1/plan.pdf")
    assert old.headers["content-disposition"] == 'inline; filename="attendance-management-plan-0999-1-superseded.pdf"'


async def test_publishing_is_said_once_however_often_it_is_asked_for(board: Board) -> None:
    await board.save(whole())
    answers = await asyncio.gather(*(board.publish(version=1) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.text for answer in answers}) == 1
    await board.published(whole(objectives="Other aims."))
    await eventually(
        board.said,
        [
            PlanPublished(
                school="0999",
                version=version,
                effective_on=date(2027, 1, 28),
                review_on=date(2029, 11, 2),
                published_at=NOW,
                activities={
                    "5": ["written-communication", "conversation-with-whanau"],
                    "10": ["meeting-with-whanau"],
                    "15": ["attendance-service-referral"],
                },
            )
            for version in (1, 2)
        ],
    )
    assert await board.sql("SELECT filters FROM thresholds.audit WHERE action = 'publish-plan' ORDER BY id") == [
        ('{"version": 1}',),
        ('{"version": 2}',),
    ]
    assert (await board.publish(version=9)).status_code == 404


async def test_a_draft_that_is_named_is_published_though_a_newer_one_is_there(board: Board) -> None:
    await board.save(whole(objectives="Approved by the board."))
    await board.save(whole(objectives="Ideas for next year."))
    assert (await board.publish(version=1)).json()["objectives"] == ["Approved by the board."]
    assert (await board.found(PLAN, draft=True))["objectives"] == ["Ideas for next year."]


async def test_what_the_board_approved_keeps_its_words(board: Board) -> None:
    published = await board.published(whole())
    page, pdf = [(await board.http.get(published[kind])).content for kind in ("page", "pdf")]
    await board.school(name="Ōtaki New College", updated_at=NOW + timedelta(minutes=1))
    assert (await board.http.get(published["page"])).content == page
    assert (await board.http.get(published["pdf"])).content == pdf


async def test_links_begin_where_the_public_reaches_the_service(board: Board) -> None:
    settings = board.settings.model_copy(update={"public_url": "https://star.example.nz/thresholds/"})
    async with serving(create_app(settings, clock=board.clock)) as board.api:
        published = await board.published(whole())
        assert published["page"] == "https://star.example.nz/thresholds/plans/0999"
