"""The plan: written as a draft, compared with what is published, published, printed."""

from tests.integration.console.conftest import Screens

PLAN = "/console/0999/plan"

WHOLE = {
    "objectives": ["Every student is here every day.", ""],
    "priorities": ["Mondays."],
    "patterns": ["Deans look each Monday."],
    "barriers": ["We ask:\r\n- what makes it hard?"],
    "measures": ["The share of regular attendance."],
    "achievement_links": ["The board sees both."],
    "strategies_expectations": ["Tell us by nine."],
    **{f"strategies_{step}": ["We talk."] for step in (5, 10, 15)},
    **{f"actions_{step}": ["conversation-with-whanau"] for step in (5, 10, 15)},
    "parents_10": ["Come to the meeting."],
    "roles.1.role": "Deans",
    "roles.1.duty": "Look each Monday.",
    "baseline.1.measure": "Regular, 2025",
    "baseline.1.value": "61%",
    "targets.1.year": "2027",
    "targets.1.regular_percent": "70",
    "first_review_on": "2027-06-01",
    "approved_on": "2026-11-16",
    "approved_by": "The board",
    "effective_on": "2026-11-16",
    "review_on": "2028-11-16",
    "contact_name": "The office",
    "contact_email": "office@example.test",
}


async def test_a_plan_is_written_checked_and_published(screens: Screens) -> None:
    person = await screens.person("principal")
    assert "The school has no plan yet. Write it" in (await person.look(PLAN)).text
    half = await person.send(f"{PLAN}/edit", {"objectives": ["Every student is here every day."]})
    assert "points of the checklist to go" in half.text
    waits = await person.look(f"{PLAN}/publish")
    assert "can't be published yet" in waits.text
    assert 'name="version"' not in waits.html
    saved = await person.send(f"{PLAN}/edit", WHOLE)
    assert "The draft is saved: it can be published." in saved.text
    shown = await person.look(f"{PLAN}/publish")
    assert "would be the first plan" in shown.text
    assert "Comes: Every student is here every day." in shown.text
    assert "At 10 days: actions Comes: Conversation with whānau" in shown.text
    done = await person.send(f"{PLAN}/publish", {"version": "2"})
    assert "The plan is published" in done.text
    assert "14 of 14 points are met." in done.text
    assert "Roles and duties Role Duty Deans Look each Monday." in done.text
    assert "Year Per cent 2027 70" in done.text
    again = await person.look(f"{PLAN}/edit")
    assert 'name="targets.1.year" maxlength="4000" value="2027"' in again.html
    paper = await person.http.get(f"{PLAN}/2.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")


async def test_a_draft_is_shown_beside_what_is_published(screens: Screens) -> None:
    person = await screens.person("principal")
    await person.send(f"{PLAN}/edit", WHOLE)
    await person.send(f"{PLAN}/publish", {"version": "1"})
    await person.send(f"{PLAN}/edit", {**WHOLE, "priorities": ["Fridays."]})
    page = await person.look(PLAN)
    assert "Version 1, published" in page.text
    assert "A newer draft waits" in page.text
    shown = await person.look(f"{PLAN}/publish")
    assert "Priorities Goes: Mondays. Comes: Fridays." in shown.text
    assert "Objectives Goes" not in shown.text
    assert "Version 2" in (await person.look(f"{PLAN}/versions")).text


async def test_a_text_that_is_not_taken_is_named(screens: Screens) -> None:
    page = await (await screens.person("principal")).send(f"{PLAN}/edit", {**WHOLE, "contact_email": "nowhere"})
    assert page.status == 422
    assert "Contact email: not an e-mail address." in page.text


async def test_the_office_reads_the_plan_and_does_not_change_it(screens: Screens) -> None:
    office = await screens.person("office")
    assert "Write" not in (await office.look(PLAN)).text
    assert (await office.look(f"{PLAN}/edit")).status == 403
    assert (await office.send(f"{PLAN}/publish", {"version": "1"})).status == 403


async def test_the_school_reviews_what_was_done(screens: Screens) -> None:
    person = await screens.person("principal")
    assert "The school has published no plan yet" in (await person.look(f"{PLAN}/review")).text
    await person.send(f"{PLAN}/edit", WHOLE)
    await person.send(f"{PLAN}/publish", {"version": "1"})
    page = await person.look(f"{PLAN}/review")
    assert page.heading == "What was done against the plan"
    assert "reached this step; for" in page.text
