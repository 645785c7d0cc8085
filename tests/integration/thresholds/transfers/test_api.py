"""A student changes schools: the term goes along, and counts where the new school says so."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.thresholds.app import create_app
from services.thresholds.proof.verifying import verify
from services.thresholds.settings import ThresholdsSettings
from shared.attendance.codes import CodeTable
from shared.bus.headers import headers_from_text
from shared.bus.interface import Outgoing
from shared.events.catalogue import STUDENT_UPDATED
from shared.events.data import Mark, StudentUpdated, TermDates
from shared.identifiers import SchoolNumber, student_id
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences
from tests.support.servers import serving
from tests.support.tokens import bearer, local_token

OLD = "/v1/schools/0189/students/77"
NEW = "/v1/schools/0999/students/12345"


@dataclass
class Registrar:
    """The schools' offices, on one engine."""

    http: httpx.AsyncClient
    data: Path
    heart: Heart

    def headers(self, **staff: Any) -> dict[str, str]:
        return bearer(local_token(self.data, ["star:read", "star:write"], ["0189", "0999"], subject="registrar", **staff))

    async def export(self, **query: Any) -> str:
        answer = await self.http.get(f"{OLD}/transfer", params=query, headers=self.headers())
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/jose"
        return answer.text

    async def bring(self, document: str, **query: Any) -> httpx.Response:
        answer = await self.http.post(f"{NEW}/transfers", content=document, params=query, headers=self.headers())
        await self.deliver()
        return answer

    async def deliver(self) -> None:
        """Does what the relay and the consumer of marks do."""
        async with self.heart.engine.begin() as connection:
            sent = await connection.execute(text("DELETE FROM outbox WHERE topic = 'star.marks.v1' RETURNING topic, key, value, headers"))
            rolls = [Outgoing(row.topic, row.key, row.value, headers_from_text(row.headers)) for row in sent]
        if rolls:
            await self.heart.marks_handler([self.heart.message(roll) for roll in rolls])

    async def attendance(self) -> Any:
        answer = await self.http.get(f"{NEW}/attendance", headers=self.headers())
        assert answer.status_code == 200, answer.text
        return answer.json()


async def enrol(heart: Heart, school: str, student: str, family_name: str = "Example") -> None:
    identity = student_id(SchoolNumber(school), student)
    data = StudentUpdated(
        school=school, student=student, student_id=identity, given_name="Hēmi", family_name=family_name, year_level=9, updated_at=heart.now
    )
    await heart.roster_handler([heart.event(STUDENT_UPDATED, str(identity), data)])


@pytest.fixture
async def registrar(heart: Heart, database_url: str, tmp_path: Path) -> AsyncIterator[Registrar]:
    """Six days absent at the old school, five present; the new school has marked the student present once."""
    await heart.school("0189", name="Old School")
    await heart.school()
    await enrol(heart, "0189", "77")
    await enrol(heart, "0999", "12345")
    await heart.post([*absences(12, student="77"), *absences(10, student="77", code="P", first=12)], "0189")
    await heart.post(absences(2, student="12345", code="P", first=22))
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url)
    async with serving(create_app(settings, clock=lambda: heart.now)) as url, httpx.AsyncClient(base_url=url, timeout=30) as client:
        yield Registrar(client, tmp_path, heart)


async def respond(registrar: Registrar) -> None:
    listed = await registrar.http.get("/v1/schools/0189/star-records", headers=registrar.headers())
    (record,) = listed.json()["items"]
    body = {"activity": "conversation-with-whanau", "occurred_on": "2026-10-20", "staff": "Ms Made-Up", "note": "Moving house."}
    answer = await registrar.http.post(f"/v1/star-records/{record['id']}/responses", json=body, headers=registrar.headers())
    assert answer.status_code == 201, answer.text


async def test_the_history_follows_and_does_not_count_unless_the_school_says_so(registrar: Registrar, heart: Heart) -> None:
    await respond(registrar)
    brought = await registrar.bring(await registrar.export())
    assert brought.status_code == 201, brought.text
    body = brought.json()
    assert (body["from_school_name"], body["absent_days"], body["days_carried"], body["counts"]) == ("Old School", 6.0, 11, False)
    (record,) = body["records"]
    assert (record["school"], record["threshold"], record["status"]) == ("0189", 5, "open")
    assert record["responses"] == [
        {"activity": "conversation-with-whanau", "label": "Conversation with whānau", "occurred_on": "2026-10-20", "note": None}
    ]

    view = await registrar.attendance()
    assert (view["absent_half_days"], view["attended_half_days"], view["star_records"]) == (0, 2, [])
    first = next(day for day in view["days"] if day["date"] == str(FIRST_DAY))
    assert "does not count at this school" in first["explanation"]
    assert any("came from another school" in note for note in view["notes"])

    await heart.school(count_carried_absences=True, updated_at=NOW + timedelta(minutes=1))
    view = await registrar.attendance()
    assert (view["absent_half_days"], view["attended_half_days"], view["tier"]) == (12, 12, "yellow")
    assert sum(day["absent_half_days"] for day in view["days"]) == 12
    assert [record["threshold"] for record in view["star_records"]] == [5]
    listed = await registrar.http.get("/v1/schools/0999/star-records", headers=registrar.headers())
    assert len(listed.json()["items"]) == 1
    async for school in verify(heart.engine, CodeTable.load(), NOW):
        assert school.differences == []

    await heart.school(updated_at=NOW + timedelta(minutes=2))
    assert (await registrar.attendance())["absent_half_days"] == 0


async def test_casework_goes_along_in_words_only_if_the_sender_says_so(registrar: Registrar, heart: Heart) -> None:
    headers = registrar.headers()
    contact = {"at": "2026-11-18T10:15:00+13:00", "how": "phone", "with": "Mere", "outcome": "no-answer", "staff": "Ms Made-Up"}
    plan = {"barriers": ["Moving house"], "goals": [{"text": "Mondays"}], "status": "agreed", "level": "intensive"}
    for place, body in (("contacts", contact), ("support-plans", plan)):
        assert (await registrar.http.post(f"{OLD}/{place}", json=body, headers=headers)).status_code == 201
    brought = (await registrar.bring(await registrar.export())).json()["casework"]
    assert [(piece["kind"], piece["status"], piece["how"], piece["level"], piece["words"]) for piece in brought] == [
        ("contact", "no-answer", "phone", None, None),
        ("support-plan", "agreed", None, "intensive", None),
    ]
    heart.now += timedelta(minutes=1)
    words = (await registrar.bring(await registrar.export(notes=True))).json()["casework"]
    assert (words[0]["words"]["with"], words[1]["words"]["barriers"]) == ("Mere", ["Moving house"])


async def test_the_schools_own_marks_go_before(registrar: Registrar, heart: Heart) -> None:
    await heart.school(count_carried_absences=True, updated_at=NOW + timedelta(minutes=1))
    assert (await registrar.bring(await registrar.export())).status_code == 201
    assert (await registrar.attendance())["absent_half_days"] == 12
    # The new school says that the student was there on the first day.
    await heart.post([Mark("12345", FIRST_DAY, NOW, session="AM", code="P"), Mark("12345", FIRST_DAY, NOW, session="PM", code="P")])
    assert (await registrar.attendance())["absent_half_days"] == 10


async def test_a_school_that_comes_from_another_engine_brings_its_own_students_terms(
    registrar: Registrar, heart: Heart, database_url: str, tmp_path: Path
) -> None:
    document = await registrar.export()
    trusted = tmp_path / "trusted-keys.json"
    trusted.write_text((await registrar.http.get("/v1/transfer-keys")).text)
    settings = ThresholdsSettings(data=tmp_path / "another", database_url=database_url, transfer_trust=trusted)
    headers = bearer(local_token(settings.data, ["star:read", "star:write"], ["0189"], subject="registrar"))
    async with serving(create_app(settings, clock=lambda: heart.now)) as url, httpx.AsyncClient(base_url=url, timeout=30) as another:
        brought = await another.post(f"{OLD}/transfers", content=document, headers=headers)
        assert (brought.status_code, brought.json()["from_school"]) == (201, "0189"), brought.text
        await registrar.deliver()
        # A day with marks of the school counts by those alone.
        view = (await another.get(f"{OLD}/attendance", headers=headers)).json()
        assert (view["absent_half_days"], view["attended_half_days"]) == (12, 10)
        own = await another.get(f"{OLD}/transfer", headers=headers)
        refused = await another.post(f"{OLD}/transfers", content=own.text, headers=headers)
        assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[-1]) == (409, "same-school")


async def test_once_is_enough_and_a_newer_document_takes_the_place(registrar: Registrar, heart: Heart) -> None:
    await heart.school(count_carried_absences=True, updated_at=NOW + timedelta(minutes=1))
    document = await registrar.export()
    first = (await registrar.bring(document)).json()
    again = (await registrar.bring(document)).json()
    assert again["id"] == first["id"]
    assert await heart.rows("SELECT 1 FROM outbox WHERE topic = 'star.marks.v1'") == []

    # The old school corrects its first week, and exports again, later than before.
    corrected = NOW + timedelta(minutes=5)
    await heart.post(absences(10, student="77", code="P", recorded_at=corrected), "0189")
    older = document
    heart.now = corrected
    newer = await registrar.bring(await registrar.export())
    assert newer.status_code == 201, newer.text
    assert (await registrar.attendance())["absent_half_days"] == 2
    refused = await registrar.bring(older)
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[-1]) == (409, "older-document")

    listed = (await registrar.http.get(f"{NEW}/transfers", headers=registrar.headers())).json()["items"]
    assert [item["state"] for item in listed] == ["superseded", "active"]


async def test_a_document_taken_back_counts_no_longer(registrar: Registrar, heart: Heart) -> None:
    await heart.school(count_carried_absences=True, updated_at=NOW + timedelta(minutes=1))
    document = await registrar.export()
    transfer = (await registrar.bring(document)).json()["id"]
    heart.now += timedelta(minutes=2)
    gone = await registrar.http.delete(f"{NEW}/transfers/{transfer}", headers=registrar.headers())
    assert gone.status_code == 204
    await registrar.deliver()
    assert (await registrar.attendance())["absent_half_days"] == 0

    # It was a mistake to take it back.
    heart.now += timedelta(minutes=1)
    assert (await registrar.bring(document)).status_code == 201
    assert (await registrar.attendance())["absent_half_days"] == 12


async def test_what_can_not_be_trusted_or_is_somebody_elses_is_refused(registrar: Registrar, heart: Heart) -> None:
    document = await registrar.export()
    header, payload, signature = document.split(".")
    for damaged in ("", "nonsense", f"{header}.{payload[:-4]}AAAA.{signature}", f"{header}.{payload}"):
        refused = await registrar.bring(damaged)
        assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[-1]) == (422, "untrusted-document")

    own = await registrar.http.post(f"{OLD}/transfers", content=document, headers=registrar.headers())
    assert (own.status_code, own.json()["type"].rsplit(":", 1)[-1]) == (409, "same-school")
    stranger = await registrar.http.post("/v1/schools/0999/students/404/transfers", content=document, headers=registrar.headers())
    assert stranger.status_code == 404

    heart.now += timedelta(minutes=1)
    await enrol(heart, "0999", "12345", "Other")
    refused = await registrar.bring(document)
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[-1]) == (409, "another-name")
    assert "Example" not in refused.text
    assert (await registrar.bring(document, another_name=True)).status_code == 201


@pytest.mark.parametrize("role", ["view", "respond"])
async def test_only_those_who_manage_may_send_or_take_in(registrar: Registrar, role: Any) -> None:
    document = await registrar.export()
    headers = registrar.headers(role=role)
    assert (await registrar.http.get(f"{OLD}/transfer", headers=headers)).status_code == 403
    assert (await registrar.http.post(f"{NEW}/transfers", content=document, headers=headers)).status_code == 403
    assert (await registrar.http.get(f"{NEW}/transfers", headers=headers)).status_code == 200
    dean = registrar.headers(role="manage", groups=["year:10"])
    assert (await registrar.http.get(f"{NEW}/transfers", headers=dean)).status_code == 403


async def test_each_passage_is_in_the_audit_log(registrar: Registrar) -> None:
    await registrar.bring(await registrar.export(notes=True))
    lines = (await registrar.http.get("/v1/schools/0189/audit", headers=registrar.headers())).json()["items"]
    assert [(line["action"], line["students"]) for line in lines if line["action"] == "export-student"] == [("export-student", ["77"])]
    lines = (await registrar.http.get("/v1/schools/0999/audit", headers=registrar.headers())).json()["items"]
    assert ("import-student", ["12345"]) in [(line["action"], line["students"]) for line in lines]


async def test_days_of_no_term_here_stay_outside(registrar: Registrar, heart: Heart) -> None:
    await heart.school(
        terms=[TermDates("2026-T4", FIRST_DAY + timedelta(days=1), date(2026, 12, 18))], updated_at=NOW + timedelta(minutes=1)
    )
    body = (await registrar.bring(await registrar.export())).json()
    assert (body["days_outside"], body["days_carried"]) == ([str(FIRST_DAY)], 10)


async def test_anybody_may_have_the_public_key(registrar: Registrar) -> None:
    (key,) = (await registrar.http.get("/v1/transfer-keys")).json()["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("OKP", "Ed25519", "EdDSA")
    assert "d" not in key
