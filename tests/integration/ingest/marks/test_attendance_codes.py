"""The door tells which codes it takes, and takes an operator's own."""

from pathlib import Path

import httpx

from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from tests.integration.ingest.conftest import MARK, NOW, SCHOOL, Door
from tests.support.servers import serving


async def test_the_codes_are_told_to_any_token(door: Door) -> None:
    answer = await door.send("GET", "/v1/attendance-codes?on=2026-10-13", token=door.token("ops", "0189"))
    assert answer.status_code == 200
    assert [item["code"] for item in answer.json()["items"]] == list("PLADIQMJUOEGT?X")
    assert (await door.http.get("/v1/attendance-codes")).status_code == 401


async def test_an_operators_file_decides(door: Door, database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "codes.toml"
    path.write_text('[[code]]\ncode = "B"\nmeaning = "At the marae"\nclass = "present"\n')
    settings = IngestSettings(data=door.data, database_url=database_url, attendance_codes=path)
    async with (
        serving(create_app(settings, clock=lambda: NOW)) as url,
        httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {door.token()}"}) as client,
    ):
        assert [item["code"] for item in (await client.get("/v1/attendance-codes")).json()["items"]] == ["B"]
        assert (await client.put("/v1/schools/0999", json=SCHOOL)).status_code == 200
        marks = [MARK | {"code": "B"}, MARK | {"session": "PM"}]
        answer = (await client.post("/v1/schools/0999/marks", json={"marks": marks})).json()
        assert (answer["accepted"], [rejection["reason"] for rejection in answer["rejected"]]) == (1, ["unknown-code"])
