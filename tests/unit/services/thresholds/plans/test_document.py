"""A plan as people read it."""

from datetime import date

from services.thresholds.pages.masthead import Fact
from services.thresholds.plans.document import document
from services.thresholds.plans.plan import Approach, BaselineFigure, Contact, Edition, Plan, Processes, RoleDuty, YearTarget

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
        Fact("Holds from", "28\u00a0January\u00a02027"),
        Fact("We write it anew by", "2\u00a0November\u00a02029"),
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


def test_the_parts_of_others_stand_at_their_step_and_only_where_there_are_words() -> None:
    steps = document(Plan(thresholds={"10": Approach(parents=["Come to the meeting."], ministry=["Listens."])}), EDITION, 1, "draft").steps
    assert [[part.heading for part in step.others] for step in steps] == [
        [],
        [],
        ["What parents and whānau do", "What the Ministry does"],
        [],
    ]


def test_roles_baseline_and_targets_are_tables_and_the_first_look_is_told() -> None:
    plan = Plan(
        roles=[RoleDuty(role="Deans", duty="Look each Monday.")],
        baseline=[BaselineFigure(measure="Regular, 2025", value="61%")],
        targets=[YearTarget(year=2028, regular_percent=72.5), YearTarget(year=2027, regular_percent=70)],
        first_review_on=date(2027, 6, 1),
    )
    shown = document(plan, EDITION, 1, "published")
    assert [(table.heading, table.rows) for table in shown.tables] == [
        ("Roles and duties", (("Deans", "Look each Monday."),)),
        ("Where we start", (("Regular, 2025", "61%"),)),
        ("Our targets", (("2027", "70%"), ("2028", "72.5%"))),
    ]
    assert shown.facts == (Fact("We look at how it goes", "1\u00a0June\u00a02027"),)
    assert document(Plan(), EDITION, 1, "draft").tables == ()


def test_what_is_not_the_published_version_says_so() -> None:
    assert document(Plan(), EDITION, 1, "draft").notice == "Draft: not published"
    assert document(Plan(), EDITION, 1, "superseded").notice == "This is an earlier plan: a newer one has been published"
