"""The things that families look for on a plan's page."""

from datetime import UTC, date, datetime

import pytest

from services.thresholds.plans.activities.activity import STANDARD, TO_PARENTS, to_parents
from services.thresholds.plans.for_families import ForFamilies, for_families
from services.thresholds.plans.plan import Contact
from shared.events.calendars import calendar_of
from shared.events.data import SchoolUpdated, TermDates

SCHOOL = SchoolUpdated(
    school="0999",
    name="Example School",
    terms=[TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18)), TermDates("2027-T1", date(2027, 2, 2), date(2027, 4, 9))],
    closed_days=[date(2026, 11, 16), date(2026, 11, 17)],
    half_days=[date(2026, 12, 18)],
    updated_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def dates(today: date) -> list[tuple[str, str]]:
    shown = for_families(SCHOOL, None, calendar_of(SCHOOL), today).dates
    return [(entry.when.replace("\u00a0", " "), entry.what) for entry in shown]


def test_the_running_term_its_closed_days_and_the_holidays_after_it() -> None:
    assert dates(date(2026, 10, 20)) == [
        ("12 October 2026 to 18 December 2026", "Term 4, which runs now"),
        ("Monday 26 October 2026", "Labour Day: the school is closed"),
        ("16 November 2026 to 17 November 2026", "The school is closed"),
        ("Friday 18 December 2026", "The school is open for half the day"),
        ("19 December 2026 to 1 February 2027", "Holidays"),
        ("Tuesday 2 February 2027", "First day of Term 1"),
    ]


def test_what_is_past_is_not_told() -> None:
    assert [what for _, what in dates(date(2026, 11, 17))][:2] == ["Term 4, which runs now", "The school is closed"]
    assert dates(date(2027, 1, 10))[0] == ("2 February 2027 to 9 April 2027", "Term 1")
    assert dates(date(2027, 5, 1)) == []


def test_the_schools_own_number_goes_before_the_plans_contact() -> None:
    contact = Contact(name="Deputy principal", email="plan@example.nz", phone="04 555 0101")
    calendar = calendar_of(SCHOOL)
    assert for_families(SCHOOL, contact, calendar, date(2026, 10, 20)).phone == "04 555 0101"
    assert for_families(SCHOOL, None, calendar, date(2026, 10, 20)) == ForFamilies(
        None, None, for_families(SCHOOL, None, calendar, date(2026, 10, 20)).dates
    )


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("04 555 0100", "045550100"),
        ("+64 4 555-0100 ext 2", "+6445550100"),
        ("(04) 555 0100", None),
        ("the office", None),
        (None, None),
    ],
)
def test_a_number_is_dialled_without_its_extension(written: str | None, dialled: str | None) -> None:
    assert ForFamilies(written, None, ()).dialled == dialled


def test_every_standard_activity_has_its_sentence_but_doing_nothing() -> None:
    assert STANDARD.keys() - TO_PARENTS.keys() == {"no-action-reason-recorded"}
    assert all(sentence.startswith("We ") and sentence.endswith(".") for sentence in TO_PARENTS.values())


@pytest.mark.parametrize(
    ("activity", "label", "standard", "said"),
    [
        ("conversation-with-whanau", "Conversation with whānau", "conversation-with-whanau", "We ring you and ask how we can help."),
        ("meeting-with-whanau", "meeting-with-whanau", None, "We meet with you."),
        ("breakfast", "Breakfast club", "in-school-support", "Breakfast club"),
        ("meeting-with-whanau", "Hui with the dean", "meeting-with-whanau", "Hui with the dean"),
        ("no-action-reason-recorded", "No action, reason recorded", None, None),
        ("nothing", "Wait and see", "no-action-reason-recorded", None),
    ],
)
def test_an_activity_as_parents_read_it(activity: str, label: str, standard: str | None, said: str | None) -> None:
    assert to_parents(activity, label, standard) == said
