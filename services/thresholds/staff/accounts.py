"""The accounts that work may be assigned to."""

from collections.abc import Iterable
from http import HTTPStatus

from services.thresholds.staff.holding import member_of
from shared.events.data import SchoolUpdated
from shared.web.problems import ProblemError


def require_accounts(school: SchoolUpdated, accounts: Iterable[str | None]) -> None:
    """Raises ProblemError 422 for an account that is not on the school's list. At a school without a list, any words will do."""
    staff = school.staff
    if staff is not None and staff.people and any(account is not None and member_of(staff, account) is None for account in accounts):
        detail = "assigned_to: an account of the school's staff, see GET /v1/schools/{school}/staff"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "unknown-account", detail)


def name_of(school: SchoolUpdated, account: str) -> str:
    """The person's name; the account itself where the school lists nobody of it."""
    member = member_of(school.staff, account)
    return account if member is None else member.name
