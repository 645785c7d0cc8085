"""The tabs of the settings: each with what it needs of a person. Pure."""

from typing import Final

from services.console.frame.tabs import Tab
from services.console.frame.visit import Visit
from services.console.people.needs import AUDITORS, SCHOOL_SETUP, SETTINGS_ADMINS, Needs

TABS: Final[dict[str, tuple[str, Needs]]] = {
    "": ("Calendar", SCHOOL_SETUP),
    "timetable": ("Timetable", SCHOOL_SETUP),
    "school": ("The school", SCHOOL_SETUP),
    "staff": ("Staff", SCHOOL_SETUP),
    "activities": ("Activities", SCHOOL_SETUP),
    "due-days": ("Due days", SCHOOL_SETUP),
    "codes": ("Codes", SCHOOL_SETUP),
    "kamar": ("KAMAR", SCHOOL_SETUP),
    "accounts": ("Accounts", AUDITORS),
    "audit": ("Audit log", AUDITORS),
    "erasure": ("Erase a student", SETTINGS_ADMINS),
}


def address_of(visit: Visit, name: str) -> str:
    """The address of a tab."""
    return visit.address(*(["settings", name] if name else ["settings"]))


def tabs_of(visit: Visit, current: str) -> list[Tab]:
    """The tabs that the person may see."""
    return [Tab(title, None, address_of(visit, name), name == current) for name, (title, needs) in TABS.items() if visit.may(needs)]
