"""A change of the school: shown with its effect first, then made, and confirmed where it moves much.

The change travels in the form as JSON. Ingest is sent the stored school with the change in it, so that nobody undoes what
somebody else changed meanwhile; if the same fields were changed, the person is shown the change anew.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import Field, field_validator
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.forms import BadFormError, Form, form
from services.console.frame.navigation import SETTINGS
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.settings.changes import effect_sentences, sentences
from services.console.pages.settings.stored import stored_school
from services.console.pages.settings.tabs import TABS, address_of, tabs_of
from services.console.people.needs import SETTINGS_ADMINS

router = PageRouter()

CHANGEABLE: Final = frozenset(
    {
        *("name", "terms", "closed_days", "half_days", "open_days", "region", "slots", "slots_from", "timetables"),
        *("blanks_are_truant", "count_carried_absences", "code_classes"),
        *("contact_email", "phone", "contact_name", "postal_address", "website", "deans", "staff"),
    }
)
"""The fields of a school that these pages change."""

KEPT_ELSEWHERE: Final = ("school", "past_timetables", "past_terms")
"""Fields of the stored school that ingest keeps by itself, and takes from nobody."""

_PLACE: Final = re.compile(r"(^|; )body[\w.]*: (?:Value error, )?")
"""The place in a request's body, where the API says what is wrong with it: people know their form."""


class MakeForm(Form):
    """A change that was shown, the fields as they were then, and what confirms the effect if it moves much."""

    change: str = Field(max_length=200_000)
    base: str
    tab: str = ""
    confirm: str | None = None
    corrects: str | None = Field(default=None, max_length=20)

    @field_validator("change")
    @classmethod
    def _is_a_change(cls, change: str) -> str:
        read = json.loads(change)
        if not isinstance(read, dict) or not read.keys() <= CHANGEABLE:
            raise ValueError("no change of a school")
        return change

    @property
    def changes(self) -> dict[str, Any]:
        """The fields with their new values."""
        changes: dict[str, Any] = json.loads(self.change)
        return changes


async def propose(
    visit: Visit,
    tab: str,
    changes: Mapping[str, Any],
    *,
    note: str | None = None,
    stored: Part[Any] | None = None,
    corrects: str | None = None,
) -> Response:
    """The page that shows what a change would do; `corrects` is a term that is over and is to be counted by it. Raises BadFormError for
    one that ingest does not take."""
    stored = stored or await stored_school(visit)
    if stored.data is None:
        raise BadFormError(["The school's settings can't be reached now: nothing was changed."])
    real = {name: value for name, value in changes.items() if value != stored.data.get(name)}
    if not real:
        # With a note, the change was to be made: it has been, by this form a moment ago or by somebody else.
        said = "Nothing is different: nothing was changed." if note is None else "The change is made already."
        return visit.leave(address_of(visit, tab), said)
    answer = await visit.apis.ingest.send(
        "PUT", f"/v1/schools/{visit.school}", with_changes(stored.data, real), dry_run="true", corrects=corrects
    )
    if answer.data is None:
        raise BadFormError([_refused(answer)])
    return _shown(visit, tab, stored.data, real, answer.data["effect"], note=note, corrects=corrects)


@router.post("/{school}/settings/make", SETTINGS_ADMINS)
async def make(visit: VisitHere, body: Annotated[MakeForm, form(MakeForm)]) -> Response:
    """Makes a change that was shown."""
    tab = body.tab if body.tab in TABS else ""
    stored, changes = await stored_school(visit), body.changes
    if stored.data is not None and fingerprint(stored.data, changes) != body.base:
        note = "Somebody has changed the same settings meanwhile. This is what your change would do now."
        return await propose(visit, tab, changes, note=note, stored=stored, corrects=body.corrects)
    if stored.data is None:
        raise BadFormError(["The school's settings can't be reached now: nothing was changed."])
    path = f"/v1/schools/{visit.school}"
    answer = await visit.apis.ingest.send("PUT", path, with_changes(stored.data, changes), confirm=body.confirm, corrects=body.corrects)
    if answer.came:
        return visit.leave(address_of(visit, tab), "The change is made.")
    failure = answer.failure
    if failure is not None and failure.kind == "confirm-change":
        asked = {"dangers": _dangers(failure.detail), "confirm": failure.extra["confirm"], "corrects": body.corrects}
        return _shown(visit, tab, stored.data, changes, failure.extra["effect"], **asked)
    raise BadFormError([_refused(answer)])


def with_changes(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The school to send: as it is stored, with the changes."""
    body = {name: value for name, value in stored.items() if name not in KEPT_ELSEWHERE} | dict(changes)
    if "slots" in changes and "slots_from" not in changes:
        # New periods hold from the day that ingest chooses, not from that of the periods before them.
        body["slots_from"] = None
    return body


def fingerprint(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> str:
    """Changes whenever a field that is to be changed does."""
    fields = json.dumps({name: stored.get(name) for name in sorted(changes)}, sort_keys=True)
    return hashlib.sha256(fields.encode()).hexdigest()


def _shown(
    visit: Visit,
    tab: str,
    stored: Mapping[str, Any],
    changes: Mapping[str, Any],
    effect: Mapping[str, int],
    *,
    note: str | None = None,
    dangers: str | None = None,
    confirm: str | None = None,
    corrects: str | None = None,
) -> Response:
    view = {
        "tabs": tabs_of(visit, tab),
        "back": address_of(visit, tab),
        "tab": tab,
        "note": note,
        "said": sentences(stored, changes),
        "effect": effect_sentences(effect),
        "dangers": dangers,
        "change": json.dumps(dict(changes)),
        "fingerprint": fingerprint(stored, changes),
        "confirm": confirm,
        "corrects": corrects,
    }
    status = HTTPStatus.CONFLICT if dangers else HTTPStatus.OK
    return visit.show("settings/change.html", SETTINGS, view, title="What this would do", status=status)


def _dangers(detail: str) -> str:
    """Why a change is shown once more, without the API's own hint at the end."""
    reasons = detail.partition(". If that is meant")[0]
    return f"{reasons[:1].upper()}{reasons[1:]}."


def _refused(answer: Part[Any]) -> str:
    assert answer.failure is not None
    if answer.failure.kind == "effect-unknown" or answer.failure.why == "away":
        return "What this change would do could not be found out now. Nothing was changed: try again in a minute."
    reason = _PLACE.sub(r"\1", answer.failure.detail)
    return f"This can't be kept: {reason or 'something in it is not right'}."
