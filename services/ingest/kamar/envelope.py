"""The answers to KAMAR: always in its own envelope, in JSON, or in XML where the request was. Pure."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from xml.sax.saxutils import escape

SERVICE: Final = "STAR"
VERSION: Final = "1.0"
"""The version of our end. A text: as a number, it would come out as 1."""

ROOT: Final = "SMSDirectoryData"

REQUIRED_FIELDS: Final = "firstname;lastname"
OPTIONAL_FIELDS: Final = (
    "schoolindex;nsn;yearlevel;tutor;startingdate;leavingdate;groups;caregivers;caregivers1;caregivers2;caregivers3;caregivers4;caregiver.ref;"
    "caregiver.role;caregiver.name;caregiver.email;caregiver.mobile;caregiver.relationship;caregiver.status"
)

OPTIONS: Final[dict[str, object]] = {
    "ics": False,
    "students": {
        "details": True,
        "passwords": False,
        "photos": False,
        "groups": True,
        "awards": False,
        "timetables": False,
        "attendance": True,
        "assessments": False,
        "pastoral": True,
        "recognitions": False,
        "classefforts": False,
        "learningsupport": False,
        "fields": {"required": REQUIRED_FIELDS, "optional": OPTIONAL_FIELDS},
    },
    "staff": {
        "details": False,
        "passwords": False,
        "photos": False,
        "timetables": False,
        "fields": {"required": "", "optional": ""},
    },
    "common": {"subjects": False, "notices": False, "calendar": False, "bookings": False},
}
"""The fields we ask for: no more than a letter and a total need."""

Envelope = dict[str, object]


def ok() -> Envelope:
    """The message is taken."""
    return _envelope(0, "OK")


def failed(status: int) -> Envelope:
    """The message is not taken. Both ways of not getting in are told alike, as KAMAR expects."""
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return _envelope(status, "Authentication Failed")
    return _envelope(status, HTTPStatus(status).phrase)


def ready(info_url: str, privacy_statement: str, country: str) -> Envelope:
    """The answer to `check`: who we are, and what we ask for."""
    return _envelope(0, "OK") | {
        "status": "Ready",
        "infourl": info_url,
        "privacystatement": privacy_statement,
        "countryDataStored": country,
        "options": OPTIONS,
    }


def render(envelope: Envelope, *, xml: bool) -> tuple[bytes, str]:
    """The body and its media type."""
    if not xml:
        return json.dumps({ROOT: envelope}).encode(), "application/json"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{_element(ROOT, envelope)}\n'.encode(), "application/xml"


def _envelope(error: int, result: str) -> Envelope:
    return {"error": int(error), "result": result, "service": SERVICE, "version": VERSION}


def _element(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        inner = "".join(_element(key, member) for key, member in value.items())
    elif isinstance(value, bool):
        inner = str(value).lower()
    else:
        inner = escape(str(value))
    return f"<{name}>{inner}</{name}>"
