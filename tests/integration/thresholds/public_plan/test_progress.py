"""The progress against a plan's targets on its public page, from which nobody can be picked out."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.thresholds.app import create_app
from services.thresholds.settings import ThresholdsSettings
from tests.integration.thresholds.conftest import Heart
from tests.integration.thresholds.office import FRIDAY_EVENING, Office, mark_term, send_students
from tests.integration.thresholds.plans.board import whole
from tests.support.servers import serving

PATH = "/v1/schools/0999/plan"


@pytest.fixture
async def office(heart: Heart, database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url)
    async with (
        serving(create_app(settings, clock=lambda: FRIDAY_EVENING)) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        yield Office(client, tmp_path, PATH)


async def published(heart: Heart, office: Office, students: int, away: int, **changes: Any) -> str:
    """The page of a school of so many students, of whom so many missed half of their half days."""
    await heart.school()
    await send_students(heart, range(students), 9, key=str)
    await mark_term(heart, {str(number): 29 if number < away else 0 for number in range(students)})
    headers = {"Authorization": f"Bearer {office.token('star:write')}"}
    for method, path, body in (("PUT", PATH, whole(**changes)), ("POST", f"{PATH}/publish", {})):
        answer = await office.http.request(method, path, json=body, headers=headers)
        assert answer.is_success, answer.text
    return (await office.http.get("/plans/0999")).text


async def test_progress_stands_beside_the_targets(heart: Heart, office: Office) -> None:
    page = await published(heart, office, 20, 8, targets=[{"year": 2026, "regular_percent": 70}])
    assert "In Term 4 of 2026, 60% of our students attend regularly. The target for 2026 is 70%." in page


async def test_of_a_few_students_there_is_no_progress(heart: Heart, office: Office) -> None:
    page = await published(heart, office, 20, 2, targets=[{"year": 2026, "regular_percent": 70}])
    assert "70%" in page and "In Term 4" not in page


async def test_a_plan_of_the_last_release_reads_as_it_did(heart: Heart, office: Office) -> None:
    page = await published(heart, office, 6, 0)
    assert "Our targets" not in page and "What parents" not in page and "First look" not in page
