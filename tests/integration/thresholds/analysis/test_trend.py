"""The line of a school's terms over REST: as the analyses have it, beside the plan's targets."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.thresholds.app import create_app
from services.thresholds.settings import ThresholdsSettings
from shared.events.data import TermDates
from tests.integration.thresholds.conftest import FIRST_DAY, Heart
from tests.integration.thresholds.office import FRIDAY_EVENING, Office, mark_term, send_students
from tests.integration.thresholds.plans.board import whole
from tests.support.servers import serving

TERMS = [
    TermDates("2025-T4", date(2025, 10, 6), date(2025, 12, 19)),
    TermDates("2026-T3", date(2026, 7, 20), date(2026, 9, 25)),
    TermDates("2026-T4", FIRST_DAY, date(2026, 12, 18)),
    TermDates("2027-T1", date(2027, 2, 1), date(2027, 4, 9)),
]
TREND = "/v1/schools/0999/analysis/trend"


@pytest.fixture
async def office(heart: Heart, database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    settings = ThresholdsSettings(data=tmp_path, database_url=database_url)
    async with (
        serving(create_app(settings, clock=lambda: FRIDAY_EVENING)) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        yield Office(client, tmp_path, TREND)


def key(number: int) -> str:
    return f"{number:03}"


async def full_school(heart: Heart) -> None:
    """Year 9 of ten, six of them absent five days; year 10 of twelve, five of them absent ten days."""
    await heart.school(terms=TERMS)
    await send_students(heart, range(10), 9, "9A", key=key)
    await send_students(heart, range(10, 22), 10, "10A", key=key)
    await mark_term(heart, {key(number): 10 if number < 6 else 20 if 10 <= number < 15 else 0 for number in range(22)})


async def publish(office: Office, targets: list[dict[str, Any]]) -> None:
    headers = {"Authorization": f"Bearer {office.token('star:read star:write', role='admin')}"}
    saved = await office.http.put("/v1/schools/0999/plan", json=whole(targets=targets), headers=headers)
    assert saved.status_code == 200, saved.text
    published = await office.http.post("/v1/schools/0999/plan/publish", headers=headers)
    assert published.status_code == 200, published.text


async def test_a_term_stands_beside_the_target_of_the_published_plan(heart: Heart, office: Office) -> None:
    await full_school(heart)
    body = await office.read()
    # Nothing was marked in the terms before, and the next one has not begun.
    (term,) = body["terms"]
    assert term == {
        "term": "2026-T4",
        "starts_on": FIRST_DAY.isoformat(),
        "ends_on": "2026-12-18",
        "students": 22,
        "absence_rate": 0.1254,
        "regular_share": 0.5,
        "target": None,
        "points_from_target": None,
        "points_in_a_year": None,
    }
    await publish(office, [{"year": 2025, "regular_percent": 48}, {"year": 2026, "regular_percent": 65}])
    (term,) = (await office.read())["terms"]
    assert (term["target"], term["points_from_target"]) == ({"year": 2026, "regular_percent": 65}, -15.0)


async def test_it_says_no_more_than_the_analysis(heart: Heart, office: Office) -> None:
    await full_school(heart)
    for part in ({}, {"year_level": 9}, {"year_level": 10}, {"group": "9A"}, {"year_level": 11}):
        (term,) = (await office.read(**part))["terms"]
        analysis = await office.read("/v1/schools/0999/analysis", **part)
        share = analysis["target"]["regular_share"] if analysis["target"] else None
        assert (term["students"], term["absence_rate"], term["regular_share"]) == (analysis["students"], analysis["absence_rate"], share)
    # A dean of year 9 has year 9's line, with four regular students of ten hidden.
    (term,) = (await office.read(year_level=9))["terms"]
    assert (term["students"], term["regular_share"], term["points_from_target"]) == (10, None, None)


async def test_it_ends_with_the_term_that_is_asked_for(heart: Heart, office: Office) -> None:
    await full_school(heart)
    assert (await office.read(term="2026-T3"))["terms"] == []
    assert (await office.get(term="2031-T1")).status_code == 404
    assert (await office.get(token=office.token(schools="0998"))).status_code in (403, 404)
