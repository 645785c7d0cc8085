"""A thing has one holder a day: by assignment or by the student, through absences and roles."""

from datetime import date

import pytest

from services.thresholds.staff.holding import Placement, holder
from shared.events.data import Staff, StaffMember

TODAY = date(2026, 11, 20)
DEAN = StaffMember(account="dean-9", name="Ms Nine", groups=["year:9", "10A"])
LEAD = StaffMember(account="lead", name="Mr Lead", role="manage")
HEAD = StaffMember(account="head", name="Ms Head", role="admin")
NINE, TEN, OTHER = Placement(9, frozenset({"9A"})), Placement(10, frozenset({"10A"})), Placement(11)


def staff(*people: StaffMember, after: int | None = 5) -> Staff:
    return Staff(people=list(people), next_role_after=after)


def held(of: Staff | None, assigned_to: str | None = None, student: Placement = NINE, late: int = 0) -> tuple[str, bool] | None:
    found = holder(of, assigned_to, student, late, TODAY)
    return None if found is None else (found.member.account, found.from_others)


@pytest.mark.parametrize(
    ("student", "account"),
    [(NINE, "dean-9"), (TEN, "dean-9"), (OTHER, "lead"), (Placement(), "lead")],
    ids=["by the year", "by the group", "nobody's part", "who has left"],
)
def test_the_least_role_that_looks_after_the_student(student: Placement, account: str) -> None:
    assert held(staff(HEAD, LEAD, DEAN), student=student) == (account, False)


def test_a_school_without_a_list_has_no_holder() -> None:
    assert held(None) is None
    assert held(staff()) is None
    assert held(staff(DEAN), student=OTHER) is None


def test_the_person_assigned_comes_first_and_words_that_are_no_account_count_as_nobody() -> None:
    assert held(staff(HEAD, LEAD, DEAN), "head") == ("head", False)
    assert held(staff(HEAD, LEAD, DEAN), "Ms Example") == ("dean-9", False)


@pytest.mark.parametrize(
    ("late", "account"), [(0, "dean-9"), (4, "dean-9"), (5, "lead"), (9, "lead"), (10, "head"), (100, "head")], ids=str
)
def test_what_waits_goes_up_a_role_each_time(late: int, account: str) -> None:
    assert held(staff(HEAD, LEAD, DEAN), late=late) == (account, account != "dean-9")
    assert held(staff(HEAD, LEAD, DEAN, after=None), late=late) == ("dean-9", False)


def away(member: str, until: date | None = None, since: date = date(2026, 11, 16), stand_in: str | None = None) -> StaffMember:
    groups = DEAN.groups if member == "dean-9" else []
    role = {"lead": "manage", "head": "admin"}.get(member, "respond")
    return StaffMember(
        account=member,
        name=member,
        groups=groups,
        role=role,
        away_from=since,
        away_until=until,
        stand_in=stand_in,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("people", "account"),
    [
        ((away("dean-9", stand_in="other"), StaffMember(account="other", name="O", groups=["9Z"]), LEAD), "other"),
        ((away("dean-9"), LEAD), "lead"),
        ((away("dean-9", until=date(2026, 11, 20)), LEAD), "lead"),
        ((away("dean-9", until=date(2026, 11, 19)), LEAD), "dean-9"),
        ((away("dean-9", since=date(2026, 11, 21)), LEAD), "dean-9"),
        ((away("dean-9", stand_in="lead"), away("lead", stand_in="head"), HEAD), "head"),
        ((away("dean-9", stand_in="lead"), away("lead", stand_in="dean-9")), "dean-9"),
    ],
    ids=["stand-in", "next role", "last day", "back", "not yet", "two away", "all away"],
)
def test_somebody_else_takes_it_while_a_person_is_away(people: tuple[StaffMember, ...], account: str) -> None:
    assert held(staff(*people)) == (account, account != "dean-9")
