"""A term that gets another name while it runs: its days go along, and no family hears of a threshold twice."""

import json
import uuid
from datetime import date, timedelta

import pytest

from services.thresholds.proof.verifying import verify
from services.thresholds.recalculation.handler import ProposalsHandler
from services.thresholds.recalculation.task import RecalculationTask
from services.thresholds.register.folding import Folder
from services.thresholds.roster.calendars import CalendarCache
from shared.attendance.codes import CodeTable
from shared.db.listen import Wakeup
from shared.deadletters.box import DeadLetterBox
from shared.events.catalogue import CHANGE_JUDGED, CHANGE_PROPOSED, STUDENT_UPDATED
from shared.events.data import Caregiver, ChangeProposed, SchoolUpdated, StudentUpdated, TermDates
from shared.identifiers import student_id
from shared.worklist.runner import Runner
from tests.integration.thresholds.conftest import FIRST_DAY, NOW, Heart, absences
from tests.support.applied import Applied

LATER = NOW + timedelta(minutes=1)
END = date(2026, 12, 18)
RENAMED = TermDates("2026-T3", FIRST_DAY, END)
NEXT = [
    pytest.param([RENAMED], id="the same dates"),
    pytest.param([TermDates("2026-T3", date(2026, 10, 5), date(2026, 12, 11))], id="other dates"),
]


async def totals(heart: Heart) -> dict[tuple[str, str], int]:
    rows = await heart.rows("SELECT term, student, absent_half_days FROM register")
    return {(row.term, row.student): row.absent_half_days for row in rows}


async def calendar(heart: Heart, *terms: TermDates, minutes: int = 1) -> None:
    """The school's new calendar, and what follows a moment later."""
    await heart.school(terms=list(terms), updated_at=NOW + timedelta(minutes=minutes))
    later = lambda: NOW + timedelta(hours=1)  # noqa: E731
    runner = Runner(
        "thresholds",
        heart.engine,
        [RecalculationTask(heart.engine, Folder(CodeTable.load()), CalendarCache(), later)],
        Wakeup(),
        clock=later,
    )
    while await runner.run_once():
        pass


async def effect(heart: Heart, *terms: TermDates) -> tuple[int, int, int, int]:
    """Totals that change, crossings up and down, and letters."""
    handler = Applied(heart.engine, ProposalsHandler(DeadLetterBox("thresholds"), lambda: LATER, folder=Folder(CodeTable.load())))
    proposed = SchoolUpdated(school="0999", name="Example School", terms=list(terms), updated_at=LATER)
    change = ChangeProposed(proposal_id=uuid.uuid4(), school="0999", based_on=NOW, calendar=proposed)
    await handler([heart.event(CHANGE_PROPOSED, "0999", change)])
    (*_, row) = await heart.rows(f"SELECT value FROM outbox WHERE topic = '{CHANGE_JUDGED.topic.name}' ORDER BY id")
    said = json.loads(row.value)
    return said["totals_changed"], said["crossings_up"], said["crossings_down"], said["letters"]


async def reachable(heart: Heart, *students: str) -> None:
    for student in students:
        identity = student_id("0999", student)
        mother = Caregiver(name="Mere Example", email="mere@example.test")
        data = StudentUpdated(
            school="0999", student=student, student_id=identity, given_name="A", family_name="B", caregivers=[mother], updated_at=NOW
        )
        await heart.roster_handler([heart.event(STUDENT_UPDATED, str(identity), data)])


@pytest.mark.parametrize("terms", NEXT)
async def test_its_marks_go_along_and_what_families_were_told_is_held(heart: Heart, terms: list[TermDates]) -> None:
    await heart.school()
    await reachable(heart, "1", "2", "3")
    await heart.post(absences(11, student="1") + absences(21, student="2") + absences(3, student="3"))
    # The question before it has the true numbers: three totals, three crossings, and nobody is written to.
    assert await effect(heart, *terms) == (3, 3, 0, 0)
    await calendar(heart, *terms)
    under = {student: total for (term, student), total in (await totals(heart)).items() if term == "2026-T3"}
    assert under == {"1": 11, "2": 21, "3": 3}
    holds = await heart.rows("SELECT student, term, threshold, held_by FROM holds ORDER BY student, threshold")
    assert [tuple(row) for row in holds] == [
        ("1", "2026-T3", 5, "engine"),
        ("2", "2026-T3", 5, "engine"),
        ("2", "2026-T3", 10, "engine"),
    ]
    topics = [
        row.topic
        for row in await heart.rows("SELECT topic FROM outbox WHERE topic IN ('star.letter-holds.v1', 'star.crossings.v1') ORDER BY id")
    ]
    assert topics == ["star.crossings.v1"] * 3 + ["star.letter-holds.v1"] * 3 + ["star.crossings.v1"] * 3
    assert [what async for school in verify(heart.engine, CodeTable.load(), NOW) for what in school.differences] == []
    # Nothing was taken back: a family must not hear that days no longer count.
    assert {direction for direction, _, _ in await heart.said()} == {"up"}


async def test_what_is_new_under_the_other_name_is_told(heart: Heart) -> None:
    await heart.school()
    await reachable(heart, "1")
    await heart.post(absences(11))
    await calendar(heart, RENAMED)
    await heart.post(absences(10, first=11))
    assert (await totals(heart))["2026-T3", "1"] == 21
    assert [threshold for _, threshold, _ in await heart.said()] == [5, 5, 10]
    assert [row.threshold for row in await heart.rows("SELECT threshold FROM holds")] == [5]
    # A mistake that is put right: the term has its first name again, with all that was marked meanwhile.
    t4 = TermDates("2026-T4", FIRST_DAY, END)
    assert await effect(heart, t4) == (1, 1, 0, 0)
    await calendar(heart, t4, minutes=2)
    assert (await totals(heart))["2026-T4", "1"] == 21
    held = await heart.rows("SELECT term, threshold FROM holds ORDER BY term, threshold")
    assert [tuple(row) for row in held] == [("2026-T3", 5), ("2026-T4", 10)]


async def test_a_term_that_nothing_takes_the_place_of_stays_as_it_is(heart: Heart) -> None:
    await heart.school()
    await heart.post(absences(11))
    spring = TermDates("2027-T1", date(2027, 2, 1), date(2027, 4, 9))
    assert await effect(heart, spring) == (0, 0, 0, 0)
    await calendar(heart, spring)
    assert await totals(heart) == {("2026-T4", "1"): 11}
    assert await heart.rows("SELECT * FROM holds") == []


async def test_a_name_that_moves_to_other_days_leaves_the_running_ones_to_the_new_name(heart: Heart) -> None:
    """A wrong name was sent for the running term: the calendar that puts it right has both."""
    await heart.school()
    await reachable(heart, "1", "2")
    await heart.post(absences(11, student="1") + absences(3, student="2"))
    right = [RENAMED, TermDates("2026-T4", date(2027, 1, 11), date(2027, 4, 1))]
    # The total under the old name is nought, and the one under the new name is new; a family that was written to is not again.
    assert await effect(heart, *right) == (2, 1, 1, 0)
    await calendar(heart, *right)
    assert await totals(heart) == {("2026-T3", "1"): 11, ("2026-T3", "2"): 3, ("2026-T4", "1"): 0, ("2026-T4", "2"): 0}
    assert [what async for school in verify(heart.engine, CodeTable.load(), NOW) for what in school.differences] == []
    # The record goes with the days. A letter that still waits for the old one goes under the new name: none is held here.
    records = await heart.rows("SELECT term, threshold, status FROM star_records ORDER BY term")
    assert [tuple(row) for row in records] == [("2026-T3", 5, "open"), ("2026-T4", 5, "withdrawn")]
    assert await heart.said() == [("up", 5, 1), ("up", 5, 1), ("down", 5, 1)]
    assert await heart.rows("SELECT * FROM holds") == []
    # What is marked from now on counts under the new name alone, also what was marked under the old one before.
    await heart.post(absences(1, student="2", first=3) + absences(2, student="1", code="P"))
    assert await totals(heart) == {("2026-T3", "1"): 9, ("2026-T3", "2"): 4, ("2026-T4", "1"): 0, ("2026-T4", "2"): 0}


async def test_a_term_that_keeps_its_name_and_moves_counts_the_days_that_it_has(heart: Heart) -> None:
    """Its start a week later, and back: no second record, and the crossing that is back is the second one of the same."""
    await heart.school()
    await reachable(heart, "1")
    await heart.post(absences(11))
    later = TermDates("2026-T4", date(2026, 10, 19), END)
    assert await effect(heart, later) == (1, 0, 1, 0)
    await calendar(heart, later)
    assert await totals(heart) == {("2026-T4", "1"): 1}
    await calendar(heart, TermDates("2026-T4", FIRST_DAY, END), minutes=2)
    assert await totals(heart) == {("2026-T4", "1"): 11}
    assert await heart.said() == [("up", 5, 1), ("down", 5, 1), ("up", 5, 2)]
    records = await heart.rows("SELECT term, threshold, status FROM star_records")
    assert [tuple(row) for row in records] == [("2026-T4", 5, "open")]
    assert await heart.rows("SELECT * FROM holds") == []
