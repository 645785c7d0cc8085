"""KAMAR can't be asked: a push that would move much is taken in, and what it would move is held for a decision."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.thresholds.settings import ThresholdsSettings
from services.thresholds.worker import run_worker as run_heart
from tests.integration.ingest.changes.test_confirming import NOTHING, totals
from tests.integration.ingest.conftest import NOW
from tests.integration.ingest.kamar.school import Kamar, attended, document, sql, student
from tests.support.polling import eventually

TERM_DAYS = ["20261012", "20261013", "20261014", "20261015", "20261016"]


def full(*numbers: int, **changes: Any) -> dict[str, Any]:
    return document("full", "students", [student(number, **changes) for number in numbers])


async def names(kamar: Kamar) -> list[str]:
    """The students who are published."""
    return [row["student"] for row in await sql(kamar.settings, "SELECT student FROM ingest.students ORDER BY student")]


@pytest.fixture
async def counting(kamar: Kamar) -> AsyncIterator[Kamar]:
    """With the register."""
    stop = asyncio.Event()
    heart = ThresholdsSettings(data=kamar.door.data, database_url=kamar.settings.database_url)
    worker = asyncio.create_task(run_heart(heart, stop, clock=lambda: NOW))
    yield kamar
    stop.set()
    await worker


async def test_three_of_eight_are_held_and_go_when_they_are_released(kamar: Kamar) -> None:
    async with kamar.working():
        await kamar.send(full(*range(8)))
        await kamar.send(full(*range(5), tutor="9Z"))
        await kamar.settled("done", "done")
        # What else the push says is applied.
        groups = [dict(row)["groups"] for row in await sql(kamar.settings, "SELECT document->'groups'->>0 AS groups FROM ingest.students")]
        assert sorted(groups) == ["9A"] * 3 + ["9Z"] * 5
        (change,) = await kamar.held()
        assert (change["state"], change["students_off"], change["effect"]) == ("held", ["5", "6", "7"], NOTHING | {"students_off": 3})
        assert change["reasons"] == ["3 of 8 students would be off the roll"]
        # Marks flow meanwhile.
        await kamar.send(document("attendance", "attendance", [attended(6, ("20261120", ".P"))]))
        await kamar.settled("done", "done", "done")
        released = await kamar.release()
        assert (released["state"], released["settled_by"]) == ("released", "tests")
    assert await names(kamar) == list("01234")
    again = await kamar.door.send("POST", f"/v1/schools/0999/held-changes/{change['id']}/release")
    assert (again.status_code, again.json()["type"]) == (409, "urn:nz-star:problem:change-settled")


async def test_whoever_is_back_when_it_is_released_stays(kamar: Kamar) -> None:
    async with kamar.working():
        await kamar.send(full(*range(8)))
        await kamar.send(full(*range(5)))
        await kamar.settled("done", "done")
        await kamar.send(document("part", "students", [student(6)]))
        await kamar.settled("done", "done", "done")
        await kamar.release()
    assert await names(kamar) == list("012346")


async def test_the_whole_school_back_supersedes_what_is_held(kamar: Kamar) -> None:
    async with kamar.working():
        for numbers in (range(8), range(5), range(8)):
            await kamar.send(full(*numbers))
        await kamar.settled("done", "done", "done")
    assert [change["state"] for change in await kamar.held()] == ["superseded"]
    assert len(await names(kamar)) == 8


async def test_discarded_it_is_not_asked_about_again(kamar: Kamar) -> None:
    async with kamar.working():
        await kamar.send(full(*range(8)))
        await kamar.send(full(*range(5)))
        await kamar.settled("done", "done")
        (change,) = await kamar.held()
        path = f"/v1/schools/0999/held-changes/{change['id']}/discard"
        assert (await kamar.door.send("POST", path, json={"why": "a wrong export"})).json()["why"] == "a wrong export"
        await kamar.send(full(*range(5)))
        await kamar.settled("done", "done", "done")
        assert [item["state"] for item in await kamar.held()] == ["discarded"]
        # Another one is.
        await kamar.send(full(*range(4)))
        await kamar.settled("done", "done", "done", "done")
        assert sorted(item["state"] for item in await kamar.held()) == ["discarded", "held"]
    assert len(await names(kamar)) == 8


async def test_leaving_dates_of_many_are_held_and_announced_ones_are_not(kamar: Kamar) -> None:
    async with kamar.working():
        await kamar.send(full(*range(8)))
        await kamar.send(document("part", "students", [{"id": number, "leavingdate": "20261113"} for number in range(3)]))
        await kamar.settled("done", "done")
        assert [change["students_off"] for change in await kamar.held()] == [["0", "1", "2"]]
        await kamar.release()
        assert await names(kamar) == list("34567")
        # A last day that was known before it came is no news.
        await sql(
            kamar.settings,
            """UPDATE ingest.students SET document = document || '{"leaves_on": "2026-11-13"}' WHERE student IN ('3', '4')""",
        )
        await kamar.send(document("part", "students", [{"id": number, "leavingdate": "20261113"} for number in (3, 4)]))
        await kamar.settled(*["done"] * 3)
    assert await names(kamar) == list("567")


async def test_a_single_leaver_and_the_first_roster_are_not_held(kamar: Kamar) -> None:
    async with kamar.working():
        await kamar.send(full(*range(3), leavingdate="20261113"))
        await kamar.send(full(*range(8), leavingdate="0"))
        await kamar.send(full(*range(7)))
        await kamar.settled("done", "done", "done")
    assert await kamar.held() == []
    assert len(await names(kamar)) == 7


async def test_starting_dates_that_would_move_totals_are_held(counting: Kamar) -> None:
    kamar = counting
    async with kamar.working():
        await kamar.send(full(*range(3)))
        marks = [attended(number, *((day, ".MMMMM") for day in TERM_DAYS)) for number in range(3)]
        await kamar.send(document("attendance", "attendance", marks))
        await eventually(lambda: totals(kamar.door), [10] * 3)
        # Dates that move nothing are taken.
        await kamar.send(full(*range(3), startingdate="20260202"))
        await kamar.settled(*["done"] * 3)
        assert await kamar.held() == []
        await kamar.send(full(*range(3), startingdate="20261014"))
        await kamar.settled(*["done"] * 4)
        (change,) = await kamar.held()
        assert (change["students_redated"], change["known"]) == (["0", "1", "2"], True)
        assert change["effect"] == NOTHING | {"totals_changed": 3, "crossings_down": 3}
        assert await totals(kamar.door) == [10] * 3
        await kamar.release()
        await eventually(lambda: totals(kamar.door), [6] * 3)


async def test_an_effect_that_nobody_knows_is_held_and_marks_do_not_wait(kamar: Kamar) -> None:
    kamar.settings = kamar.settings.model_copy(update={"effect_wait": kamar.settings.effect_wait / 40})
    async with kamar.working():
        await kamar.send(full(*range(3)))
        await kamar.send(document("attendance", "attendance", [attended(1, ("20261120", ".P"))]))
        await kamar.send(full(*range(3), startingdate="20261014"))
        await kamar.send(document("attendance", "attendance", [attended(2, ("20261120", ".P"))]))
        await kamar.settled(*["done"] * 4)
    (change,) = await kamar.held()
    assert (change["known"], change["students_redated"]) == (False, ["0", "1", "2"])
    assert ("2", "2026-11-20", 2) in await kamar.marks()


async def test_a_change_of_another_school_is_not_there(kamar: Kamar) -> None:
    async with kamar.working():
        await kamar.send(full(*range(8)))
        await kamar.send(full(*range(5)))
        await kamar.settled("done", "done")
    (change,) = await kamar.held()
    token = kamar.door.token(schools="0189")
    for verb in ("release", "discard"):
        answer = await kamar.door.send(
            "POST",
            f"/v1/schools/0189/held-changes/{change['id']}/{verb}",
            token=token,
            **({"json": {"why": "x"}} if verb == "discard" else {}),
        )
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:nz-star:problem:unknown-change")


async def test_an_id_that_comes_with_another_child_is_that_childs(kamar: Kamar) -> None:
    other = {"firstname": "Niko", "lastname": "Fifita", "nsn": "987654321", "caregivers": [{"name": "Lee", "email": "lee@example.org"}]}
    async with kamar.working():
        await kamar.send(full(*range(8), nsn=None))
        await kamar.send(document("part", "students", [student(3) | other]))
        await kamar.send(document("part", "students", [{"id": 3, "tutor": "9Z"}]))
        await kamar.settled("done", "done", "done")
    documents = [row[0] for row in await sql(kamar.settings, "SELECT CAST(document AS text) FROM ingest.students WHERE student = '3~2'")]
    (newer,) = documents
    assert ("Niko" in newer, "9Z" in newer, "lee@example.org" in newer, "pat@example.org" in newer) == (True, True, True, False)
    assert "3" not in await names(kamar)
    questions = (await kamar.door.send("GET", "/v1/schools/0999/identity-questions")).json()["items"]
    assert [child["student"] for item in questions if item["kind"] == "key-reused" for child in item["children"]] == ["3", "3~2"]


async def test_many_ids_with_other_children_are_a_wrong_file(kamar: Kamar) -> None:
    others = [
        student(number, firstname=f"Niko{number}", lastname="Fifita", nsn=str(987654321 + number), caregivers=[]) for number in range(3)
    ]
    async with kamar.working():
        await kamar.send(document("full", "students", [student(number, nsn=str(1000 + number)) for number in range(8)]))
        await kamar.send(document("part", "students", others))
        await kamar.settled("done", "done")
    assert (await kamar.documents())[1]["refused"] == {"keys-reused": 3}
    assert await names(kamar) == list("01234567")
