"""The pages: name, title, path and needs, in the order in which the navigation shows them. Pure."""

from dataclasses import dataclass
from typing import Final

from services.console.people.needs import MINISTRY, OPERATORS, PARTNERS, SCHOOL_SETUP, STAFF, Needs
from shared.auth.principal import Principal

BASE: Final = "/console"
"""The path under which the console lies, alone and in one process."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the navigation. `path` is below the school's, or below the console's for pages of no school."""

    name: str
    title: str
    path: str
    needs: Needs
    of_school: bool = True

    def address(self, school: str | None) -> str:
        """Where it lies."""
        return f"{BASE}/{school}/{self.path}" if self.of_school else f"{BASE}/{self.path}"


TODAY: Final = Page("today", "Today", "today", STAFF)
STUDENTS: Final = Page("students", "Students", "students", STAFF)
RECORDS: Final = Page("records", "Records", "records", STAFF)
LETTERS: Final = Page("letters", "Letters", "letters", STAFF)
PLAN: Final = Page("plan", "Plan", "plan", SCHOOL_SETUP)
ANALYSIS: Final = Page("analysis", "Analysis", "analysis", STAFF)
DATA_QUALITY: Final = Page("data-quality", "Data", "data-quality", STAFF)
MINISTRY_PAGE: Final = Page("ministry", "Ministry", "ministry", MINISTRY)
SETTINGS: Final = Page("settings", "Settings", "settings", SCHOOL_SETUP)
PARTNERS_PAGE: Final = Page("partners", "Partners", "partners", PARTNERS, of_school=False)
OPERATIONS: Final = Page("operations", "Operations", "operations", OPERATORS, of_school=False)

PAGES: Final = (
    TODAY,
    STUDENTS,
    RECORDS,
    LETTERS,
    PLAN,
    ANALYSIS,
    DATA_QUALITY,
    MINISTRY_PAGE,
    SETTINGS,
    PARTNERS_PAGE,
    OPERATIONS,
)
"""The pages that there are. A new one is added here, with its router in `app.py`."""


def shown_to(principal: Principal, school: str | None) -> list[Page]:
    """The pages that a person may see, at a school or at none."""
    return [page for page in PAGES if page.needs.met_by(principal) and (school is not None or not page.of_school)]


def first_page(principal: Principal, school: str | None) -> Page | None:
    """The page that a person begins with."""
    return next(iter(shown_to(principal, school)), None)
