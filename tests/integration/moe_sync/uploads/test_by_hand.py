"""Uploads that a person carries: the files, the word that they were sent, and the way back to a machine's."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from deploy.sandbox.ministry_document import read_upload
from services.moe_sync.app import create_app
from services.moe_sync.uploads.document import encode_document
from tests.integration.moe_sync.office import CLOSE, MONDAY, WEEK, Office
from tests.support.csv_documents import document_in
from tests.support.polling import eventually
from tests.support.servers import serving


async def placed(office: Office) -> list[str]:
    rows = await office.sql("SELECT week FROM moe_sync.uploads WHERE delivered_at IS NOT NULL AND status = 'pending' ORDER BY place")
    return [row["week"] for row in rows]


async def test_a_school_by_hand_gets_its_files_and_says_when_they_were_sent(closed_office: Office, tmp_path: Path) -> None:
    office, folder = closed_office, tmp_path / "by-hand"
    await office.start(ministry_folder=folder)
    await office.publish(office.school(), office.crossed(), office.responded())
    assert (await office.change(adapter="folder"))["effective_adapter"] == "folder"
    await office.turn_to(CLOSE)
    await eventually(lambda: placed(office), ["2026-W43"])
    (upload,) = await office.uploads()
    assert (upload["status"], upload["reason"], upload["outcome_unknown"]) == ("pending", "waits to be uploaded by hand", False)
    assert await office.at_ministry() == []

    # In the folder, and for download: the very same.
    files = {file["name"]: file for file in (await office.get(f"/v1/uploads/{upload['id']}/files")).json()["items"]}
    assert sorted(files) == ["manifest.csv", "records.csv", "responses.csv", "upload.json", "upload.zip"]
    got = await office.get(f"/v1/uploads/{upload['id']}/files/upload.json")
    assert got.headers["content-disposition"] == 'attachment; filename="star-upload-0999-2026-W43-1-upload.json"'
    assert (folder / "0999" / "2026-W43-1.json").read_bytes() == got.content
    assert hashlib.sha256(got.content).hexdigest() == files["upload.json"]["sha256"] == upload["digest"]
    assert read_upload(got.content).counts.records == 1
    archive = await office.get(f"/v1/uploads/{upload['id']}/files/upload.zip")
    assert (folder / "0999" / "2026-W43-1.zip").read_bytes() == archive.content
    with zipfile.ZipFile(io.BytesIO(archive.content)) as unpacked:
        csv = {name: unpacked.read(name) for name in unpacked.namelist()}
    assert encode_document(document_in(csv)) == got.content
    assert (await office.get(f"/v1/uploads/{upload['id']}/files/records.csv")).content == csv["records.csv"]
    assert (await office.get(f"/v1/uploads/{upload['id']}/files/names.csv")).status_code == 404
    assert oct((folder / "0999" / "2026-W43-1.json").stat().st_mode & 0o777) == "0o600"

    # The week after waits for its turn: what is new in it depends on this one.
    await office.turn_to(CLOSE + timedelta(hours=1))
    await office.publish(office.closed())
    await office.turn_to(CLOSE + WEEK)
    await eventually(office.finished_windows, ["2026-W43", "2026-W44"])
    second, first = await office.uploads()
    early = await office.post(f"/v1/uploads/{second['id']}/mark-sent", {"receipt": "M-2"})
    assert (early.status_code, early.json()["type"]) == (409, "urn:nz-star:problem:not-its-turn")
    marked = await office.post(f"/v1/uploads/{first['id']}/mark-sent", {"receipt": "M-1", "note": "Portal, Friday evening"})
    assert marked.status_code == 200
    said = marked.json()
    assert (said["status"], said["receipt"], said["adapter"], said["marked_by"], said["note"]) == (
        "accepted",
        "M-1",
        "by-hand",
        "tests",
        "Portal, Friday evening",
    )
    await eventually(lambda: placed(office), ["2026-W44"])
    record = json.loads((folder / "0999" / "2026-W44-1.json").read_bytes())["records"][0]
    assert (record["change"], record["status"]) == ("amended", "closed")
    again = await office.post(f"/v1/uploads/{first['id']}/mark-sent", {"receipt": "M-1"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:nz-star:problem:answered")
    for wrong in ({}, {"receipt": ""}, {"receipt": "a\nb"}, {"receipt": "x", "notes": "y"}):
        assert (await office.post(f"/v1/uploads/{second['id']}/mark-sent", wrong)).status_code == 422


async def test_a_school_that_changes_over_goes_on_by_machine(office: Office) -> None:
    await office.change(adapter="folder")
    await office.publish(office.crossed())
    await office.turn_to(CLOSE)
    await eventually(lambda: placed(office), ["2026-W43"])
    await office.change(adapter=None)
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    assert await office.weeks_there() == [("2026-W43", 1, 1)]


async def test_a_way_that_is_not_set_up_waits_and_says_so(office: Office) -> None:
    assert (await office.change(adapter="sftp"))["effective_adapter"] is None
    await office.run()
    (upload,) = await office.uploads()
    assert (upload["status"], upload["reason"]) == ("pending", "the way that the school has chosen is not set up")


async def test_a_paused_school_sends_nothing_until_it_resumes_and_then_all_in_order(office: Office) -> None:
    paused = (await office.post("/v1/schools/0999/uploads/pause", {"reason": "calendar being mended"})).json()
    assert paused["paused"] == {"at": "2026-10-18T20:00:00Z", "by": "tests", "reason": "calendar being mended"}
    await office.publish(office.crossed())
    await office.turn_to(CLOSE)
    await office.turn_to(CLOSE + WEEK)
    await eventually(office.finished_windows, ["2026-W43", "2026-W44"])
    assert [(upload["status"], upload["reason"]) for upload in await office.uploads()] == [("pending", "paused by the school")] * 2
    # A restart does not forget it.
    await office.stop()
    await office.start()
    await eventually(office.leads, True)
    await office.turn_to(CLOSE + WEEK + timedelta(hours=1))
    assert await office.at_ministry() == []
    assert (await office.post("/v1/schools/0999/uploads/resume")).json()["paused"] is None
    await eventually(office.weeks_there, [("2026-W43", 1, 1), ("2026-W44", 1, 0)])
    assert (await office.post("/v1/schools/0999/uploads/pause", {})).status_code == 422


async def test_an_upload_under_way_cant_be_marked_and_one_in_doubt_can(office: Office) -> None:
    await office.fault(status=503, after_storing=True, times=9)
    await office.publish(office.crossed())
    await office.turn_to(CLOSE)

    async def doubt() -> list[tuple[str, bool]]:
        return [(upload["status"], upload["outcome_unknown"]) for upload in await office.uploads()]

    await eventually(doubt, [("sending", True)])
    (upload,) = await office.uploads()
    lease = "UPDATE moe_sync.work SET state = 'leased', lease = gen_random_uuid(), due_at = due_at + interval '1 day'"
    await office.sql(lease)
    busy = await office.post(f"/v1/uploads/{upload['id']}/mark-sent", {"receipt": "by telephone"})
    assert (busy.status_code, busy.json()["type"]) == (409, "urn:nz-star:problem:being-sent")
    await office.sql("UPDATE moe_sync.work SET state = 'waiting', lease = NULL")
    assert (await office.post(f"/v1/uploads/{upload['id']}/mark-sent", {"receipt": "by telephone"})).status_code == 200
    assert await doubt() == [("accepted", False)]


async def test_who_may_decide_and_carry(office: Office) -> None:
    await office.change(adapter="folder")
    upload = (await office.run()).json()["id"]
    view = office.token(role="manage")
    admin, elsewhere = office.token(role="admin"), office.token(schools=["0189"])
    for method, path, body in (
        ("PATCH", "/v1/schools/0999/upload-settings", {"closes": "thursday 15:00"}),
        ("POST", "/v1/schools/0999/uploads/pause", {"reason": "x"}),
        ("POST", "/v1/schools/0999/uploads/resume", None),
        ("GET", f"/v1/uploads/{upload}/files", None),
        ("GET", f"/v1/uploads/{upload}/files/upload.json", None),
        ("POST", f"/v1/uploads/{upload}/mark-sent", {"receipt": "r"}),
    ):
        # What another school's upload is called is not told apart from what there is not.
        foreign = 404 if path.startswith("/v1/uploads/") else 403
        for headers, status in (({}, 401), (view, 403), (elsewhere, foreign), (office.token(["events:subscribe"]), 403), (admin, 200)):
            answer = await office.http.request(method, f"{office.api}{path}", json=body, headers=headers)
            assert answer.status_code == status, (method, path, answer.text)
    assert (await office.get("/v1/schools/0999/upload-settings", headers=view)).status_code == 200
    for path in ("/v1/schools/0001/upload-settings", f"/v1/uploads/{uuid4()}/files", f"/v1/uploads/{uuid4()}/certificate"):
        assert (await office.get(path)).status_code == 404
    for wrong in ({"closes": "never"}, {"adapter": "pigeon"}, {"nsn": None}, {"close": "friday 18:00"}):
        answer = await office.http.patch(f"{office.api}/v1/schools/0999/upload-settings", json=wrong, headers=admin)
        assert answer.status_code == 422


async def test_without_any_way_a_service_still_has_the_files(closed_office: Office) -> None:
    office = closed_office
    office.settings = office.settings.model_copy(update={"ministry_url": ""})
    await office.start()
    await office.publish(office.school(), office.crossed())
    async with serving(create_app(office.settings, clock=office.clock)) as office.api:
        office.clock.now = MONDAY
        upload = (await office.run()).json()
        assert upload["reason"] == "no address to send to: STAR_MINISTRY_URL is not set"
        await eventually(lambda: placed(office), ["2026-W43"])
        assert (await office.get(f"/v1/uploads/{upload['id']}/files/upload.json")).status_code == 200
        assert (await office.post(f"/v1/uploads/{upload['id']}/mark-sent", {"receipt": "r"})).json()["status"] == "accepted"
