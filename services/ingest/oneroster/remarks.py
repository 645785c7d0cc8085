"""Words about a guardian that the format has no field for, and that exporters put into columns of their own. Pure.

Source: OneRoster CSV Tables 1.1 and 1.2 (extensions are columns named `metadata.` and a name, in any table; many exporters leave that out).
"""

import re
from typing import Final

from services.ingest.oneroster.archive import Line
from services.ingest.students.schemas import LONGEST_WORDS
from shared.correspondents import judged, said_in, shortened

_OF_THE_FORMAT: Final = frozenset(
    {
        *("sourcedid", "status", "datelastmodified", "enableduser", "orgsourcedids", "role", "username", "userids", "identifier"),
        *("givenname", "familyname", "middlename", "preferredgivenname", "preferredmiddlename", "preferredfamilyname", "pronouns"),
        *("email", "sms", "phone", "agentsourcedids", "grades", "password", "usermasteridentifier", "resourcesourcedids"),
        *("primaryorgsourcedid", "usersourcedid", "roletype", "begindate", "enddate", "orgsourcedid", "userprofilesourcedid"),
    }
)
"""Columns of users.csv and roles.csv that say nothing of contact."""

_STATUS: Final = re.compile(r"(?:(?:caregiver|guardian|parent|contact) )?(?:status|type)")
"""Titles whose text is the caregiver's status itself."""

_PREFIX: Final = re.compile(r"^\s*metadata\W*", re.IGNORECASE)
_HUMPS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MARKS: Final = re.compile(r"[\W_]+")


def status_of(line: Line) -> str | None:
    """A guardian's status by the columns of a row that are not the format's own; None if nothing in them restricts contact."""
    said = dict.fromkeys(
        words
        for column, text in line.items()
        if column not in _OF_THE_FORMAT and (words := _said(_title(line.titles[column]), _one_line(text)))
    )
    return shortened("; ".join(said), LONGEST_WORDS) if said else None


def _said(title: str, text: str) -> str | None:
    if _STATUS.fullmatch(title):
        return None if judged(text) == "harmless" else text
    return said_in(title, text)


def _title(name: str) -> str:
    """`metadata.courtOrder` as `court order`."""
    return _MARKS.sub(" ", _HUMPS.sub(" ", _PREFIX.sub("", name))).strip().casefold()


def _one_line(text: str) -> str:
    """The text without breaks and signs that nobody sees: a door refuses a student for those."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
