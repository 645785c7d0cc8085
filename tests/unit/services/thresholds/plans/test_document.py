"""A plan as people read it."""

from datetime import date

from services.thresholds.pages.masthead import Fact
from services.thresholds.plans.document import document
from services.thresholds.plans.plan import Approach, Contact, Edition, Plan, Processes

EDITION = Edition(school_name="Ōtaki Example College", labels={"ring": "We ring home"})


def test_dates_are_words_and_actions_labels() -> None:
    plan = Plan(
        thresholds={"5": Approach(actions=["ring", "unknown-key"])},
        approved_on=date(2026, 11, 3),
        approved_by="The board",
        effective_on=date(2027, 1, 28),
        review_on=date(2029, 11, 2),
        contact=Contact(name="Attendance lead", email="office@example.test"),
    )
    shown = document(plan, EDITION, 3, "published")
    assert shown.facts == (
        Fact("Approved by", "The board, 3\u00a0November\u00a02026"),
        Fact("In effect from", "28\u00a0January\u00a02027"),
        Fact("Review by", "2\u00a0November\u00a02029"),
    )
    assert shown.steps[1].actions == ("We ring home", "unknown-key")
    assert (shown.school, shown.version, shown.notice) == ("Ōtaki Example College", 3, None)
    assert (shown.contact_name, shown.contact_email, shown.contact_phone) == ("Attendance lead", "office@example.test", None)


def test_all_four_steps_are_there_and_only_sections_with_words() -> None:
    shown = document(Plan(processes=Processes(barriers=["We ask."])), EDITION, 1, "draft")
    assert [(step.heading, step.tier, step.meaning) for step in shown.steps] == [
        ("Fewer than 5 days away", "green", "Good"),
        ("5 to 9.5 days away", "yellow", "Worrying"),
        ("10 to 14.5 days away", "orange", "Concerning"),
        ("15 days away or more", "red", "Serious concern"),
    ]
    assert [section.heading for section in shown.sections] == ["How we find out why students are away"]
    assert [part.heading for part in shown.sections[0].parts] == ["Barriers and underlying causes"]
    assert shown.facts == ()


def test_what_is_not_the_published_version_says_so() -> None:
    assert document(Plan(), EDITION, 1, "draft").notice == "Draft: not published"
    assert document(Plan(), EDITION, 1, "superseded").notice == "Superseded: a later version has been published"
