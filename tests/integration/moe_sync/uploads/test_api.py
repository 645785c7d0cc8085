"""Runs by hand, the list, the preview, and who may see what."""

import asyncio
import csv
import io
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest

from deploy.sandbox.ministry_document import Upload
from services.moe_sync.app import create_app
from shared.identifiers import upload_key
from tests.integration.moe_sync.office import CLOSE, MONDAY, WEEK, Office
from tests.support.polling import eventually
from tests.support.servers import serving


async def test_a_run_by_hand_twice_is_one_upload(office: Office) -> None:
    await office.publish(office.crossed(), office.responded())
    first = await office.run()
    assert first.status_code == HTTPStatus.ACCEPTED
    upload = first.json()
    assert (upload["status"], upload["number"], upload["counts"]) == ("pending", 1, {"records": 1, "responses": 1})
    assert upload["id"] == upload["idempotency_key"] == str(upload_key("0999", "2026-W43", 1))
    assert [item["kind"] for item in upload["items"]] == ["record", "response"]

    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    second = await office.run()
    assert second.status_code == HTTPStatus.OK
    assert (second.json()["id"], second.json()["status"]) == (upload["id"], "accepted")
    assert second.json()["receipt"] == (await office.at_ministry())[0]["receipt"]
    assert await office.weeks_there() == [("2026-W43", 1, 1)]


async def test_many_runs_at_once_are_one_upload(office: Office) -> None:
    await office.publish(office.crossed())
    answers = await asyncio.gather(*(office.run() for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1
    await eventually(office.weeks_there, [("2026-W43", 1, 1)])


async def test_a_late_change_gets_into_its_own_week_by_hand(office: Office) -> None:
    await office.publish(office.crossed())
    await office.turn_to(CLOSE)
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    # Saturday.
    await office.turn_to(CLOSE + timedelta(days=1))
    await office.publish(office.retracted())
    late = await office.run()
    assert (late.status_code, late.json()["number"]) == (HTTPStatus.ACCEPTED, 2)
    await eventually(office.weeks_there, [("2026-W43", 1, 1), ("2026-W43", 2, 1)])
    await office.turn_to(CLOSE + WEEK)
    await eventually(office.weeks_there, [("2026-W43", 1, 1), ("2026-W43", 2, 1), ("2026-W44", 1, 0)])


async def test_a_run_by_hand_without_anything_to_say_is_a_nil_return(office: Office) -> None:
    assert (await office.run("2026-W42")).status_code == HTTPStatus.ACCEPTED
    assert (await office.run("2026-W42")).status_code == HTTPStatus.OK
    await eventually(office.weeks_there, [("2026-W42", 1, 0)])


async def test_a_week_whose_upload_was_refused_can_be_run_again(office: Office) -> None:
    await office.fault(status=403)
    await office.publish(office.crossed())
    await office.run()
    await eventually(office.statuses, [("2026-W43", 1, "refused")])
    assert (await office.run()).json()["number"] == 2
    await eventually(office.statuses, [("2026-W43", 1, "refused"), ("2026-W43", 2, "accepted")])
    assert await office.weeks_there() == [("2026-W43", 2, 1)]


async def test_without_an_address_uploads_wait_and_say_why(closed_office: Office) -> None:
    office = closed_office
    await office.start()
    await office.publish(office.school())
    await office.stop()
    bare = office.settings.model_copy(update={"ministry_url": ""})
    async with serving(create_app(bare, clock=office.clock)) as office.api:
        upload = (await office.run()).json()
    assert (upload["status"], upload["reason"]) == ("pending", "no address to send to: STAR_MINISTRY_URL is not set")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"week": "2026-W44"}, "week-not-begun"),
        ({"week": "2026-W41"}, "week-outside-term"),
        ({"week": "2025-W53"}, "invalid-request"),
        ({"week": "last"}, "invalid-request"),
        ({"week": None}, "invalid-request"),
        ({}, "invalid-request"),
        ({"week": "2026-W43", "force": True}, "invalid-request"),
    ],
)
async def test_what_is_no_week_to_run(office: Office, body: dict[str, Any], kind: str) -> None:
    answer = await office.http.post(f"{office.api}/v1/schools/0999/uploads", json=body, headers=office.token())
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["type"] == f"urn:nz-star:problem:{kind}"
    assert await office.uploads() == []


async def test_the_preview_is_what_goes(office: Office) -> None:
    await office.publish(office.crossed(), office.responded())
    preview = (await office.get("/v1/schools/0999/uploads/preview", week="2026-W43")).json()
    Upload.model_validate(preview)
    assert await office.uploads() == []
    assert (await office.get("/v1/schools/999/uploads/preview")).json() == preview
    await office.run()
    await eventually(office.weeks_there, [("2026-W43", 1, 1)])
    (upload,) = await office.at_ministry()
    assert {name: upload[name] for name in preview} == preview
    after = (await office.get("/v1/schools/0999/uploads/preview", week="2026-W43")).json()
    assert (after["number"], after["counts"]) == (2, {"records": 0, "responses": 0})
    assert (await office.get("/v1/schools/0999/uploads/preview", week="2026-W50")).status_code == 422
    assert (await office.get("/v1/schools/0999/uploads/preview", wek="2026-W43")).status_code == 422


async def test_the_list_is_newest_first_in_pages(office: Office) -> None:
    for minute in range(5):
        office.clock.now = MONDAY + timedelta(minutes=minute)
        await office.publish(office.crossed(str(minute)))
        await office.run()
    numbers: list[int] = []
    cursor: dict[str, Any] = {}
    for expected in (2, 2, 1):
        page = (await office.get("/v1/schools/0999/uploads", limit=2, **cursor)).json()
        assert len(page["items"]) == expected
        numbers += [upload["number"] for upload in page["items"]]
        cursor = {"cursor": page["next"]}
    assert numbers == [5, 4, 3, 2, 1]
    assert page["next"] is None
    # A larger wish is cut, not refused.
    assert len((await office.get("/v1/schools/0999/uploads", limit=10_000)).json()["items"]) == 5
    wrongs: list[dict[str, Any]] = [{"cursor": "nonsense"}, {"cursor": "WyJ4Il0"}, {"limit": 0}, {"page": 1}]
    for wrong in wrongs:
        assert (await office.get("/v1/schools/0999/uploads", **wrong)).status_code == 422


async def test_who_may_see_and_run_what(office: Office) -> None:
    upload = (await office.run()).json()["id"]
    paths = ["/v1/schools/0999/uploads", "/v1/schools/0999/uploads/preview", f"/v1/uploads/{upload}"]
    own, others = office.token(schools=["0999"]), office.token(schools=["0189"])
    for path in paths:
        assert (await office.get(path, headers={})).status_code == 401
        assert (await office.get(path, headers=office.token(["uploads:run"]))).status_code == 403
        assert (await office.get(path, headers=others)).status_code == (404 if upload in path else 403)
        assert (await office.get(path, headers=own)).status_code == 200
    url, body = f"{office.api}/v1/schools/0999/uploads", {"week": "2026-W43"}
    for headers, status in (({}, 401), (office.token(["star:read"]), 403), (others, 403), (own, 200)):
        assert (await office.http.post(url, json=body, headers=headers)).status_code == status


async def test_what_is_not_known_is_404(office: Office) -> None:
    for path in ("/v1/schools/0001/uploads", "/v1/schools/0001/uploads/preview", "/v1/schools/x/uploads", f"/v1/uploads/{uuid4()}"):
        assert (await office.get(path)).status_code == 404
    assert (await office.run(school="0001")).status_code == 404


async def test_the_service_tells_of_itself(office: Office) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/docs"):
        assert (await office.get(path, headers={})).status_code == 200
    paths = set((await office.get("/openapi.json", headers={})).json()["paths"])
    assert {
        "/v1/schools/{school}/uploads",
        "/v1/schools/{school}/uploads/preview",
        "/v1/uploads/{upload}",
        "/v1/dead-letters",
    } <= paths


async def test_looks_at_children_of_one_key_are_on_record_by_the_names_of_their_school(office: Office) -> None:
    """The children are told apart by their records alone: the topic with the names is not read for it."""
    await office.publish(office.school(), office.crossed("12345"), office.crossed("678"), office.crossed("88~2", school="0189"))
    assert (await office.get("/v1/schools/0999/uploads/preview")).status_code == 200
    await office.publish(office.crossed("12345~2"), office.crossed("12345~3"), office.crossed("88"))
    assert (await office.get("/v1/schools/0999/uploads/preview")).status_code == 200

    async def looks(**filters: str) -> list[list[str]]:
        answer = await office.get("/v1/schools/0999/audit", action="preview-upload", **filters)
        return [sorted(line["students"]) for line in answer.raise_for_status().json()["items"]]

    # The newest child has the key, the one between has the number that the engine gave; another school's keys are its own.
    assert await looks() == [["12345", "12345~1", "12345~2", "678", "88"], ["12345~1", "678"]]
    assert [len(await looks(student=name)) for name in ("12345", "12345~1", "12345~2", "678")] == [1, 2, 1, 2]
    table = (await office.get("/v1/schools/0999/audit", action="preview-upload", student="12345", format="csv")).text
    (row,) = csv.DictReader(io.StringIO(table))
    assert sorted(row["students"].split("; ")) == ["12345", "12345~1", "12345~2", "678", "88"]
