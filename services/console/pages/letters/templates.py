"""`/console/{school}/letters/templates`: the words of letters, tried out on a family before they are saved."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from pydantic import Field
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.forms import BadFormError, Form, FormOnce, form
from services.console.frame.meanwhile import FormOfWhole, check_base, fingerprint
from services.console.frame.navigation import LETTERS
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.frame.words import letter_kind
from services.console.pages.letters.framed import OWN_POLICY, framed
from services.console.pages.letters.tabs import POLICY_READERS, letter_tabs
from services.console.pages.letters.template_words import (
    SAMPLES,
    SHAPES,
    Fault,
    Shape,
    family_of,
    fault_of,
    insertion,
    page_in,
    said_of,
    versions_of,
)
from services.console.pages.letters.what_if import REHEARSERS, rehearse, what_if_page
from services.console.people.needs import STAR_ADMINS, Needs

router = PageRouter()

Step = Literal["5", "10", "15", "statement", "back-on-track", "full-term"]

TESTERS: Final = Needs("star:write", "manage", whole_school=True, of_staff=True)
"""Those who send a letter to the school itself."""

FAMILIES: Final = 50
"""Students whose letter the words can be tried out on."""

VERSIONS: Final = 20


class WordsForm(FormOnce, FormOfWhole):
    """The words as they stand in the editor, and how they are tried out."""

    language: str = Field(default="en", max_length=35)
    subject: str | None = Field(default=None, title="The subject", max_length=1_000)
    body: str | None = Field(default=None, title="The letter", max_length=50_000)
    checked_by: str | None = Field(default=None, title="The speaker", max_length=200)
    family: str = Field(default="sample", max_length=80)
    shape: Shape = "mail"
    to: str | None = Field(default=None, title="The address", max_length=254)

    def words(self) -> dict[str, Any]:
        """The words as the API tries them out."""
        return {"language": self.language, "subject": self.subject, "body": self.body}


class RestoreForm(Form):
    """The version whose words are to be in force again; none for the house's words."""

    language: str = Field(default="en", max_length=35)
    version: int | None = None


@router.get("/{school}/letters/templates", LETTERS.needs)
async def templates(visit: VisitHere) -> Response:
    """The words in force at each step and in each language."""
    path = f"/v1/schools/{visit.school}"
    parts = await visit.ask(
        templates=visit.apis.notifier.get(f"{path}/templates", occasions=True),
        languages=visit.apis.notifier.get(f"{path}/letter-languages"),
        counted=visit.apis.notifier.get(f"{path}/letters/summary"),
    )
    view = {
        "templates": parts["templates"],
        "languages": parts["languages"].otherwise({"items": []})["items"],
        "tabs": letter_tabs(visit, "templates", parts["counted"].data or {}),
    }
    return visit.show("letters/templates.html", LETTERS, view, title="Letters: templates")


@router.get("/{school}/letters/templates/{step}", LETTERS.needs)
async def template(visit: VisitHere, step: Step, language: str = "en") -> Response:
    """The words of one step and language, as an editor for those who may change them."""
    return await _editor(visit, step, language)


@router.post("/{school}/letters/templates/{step}", STAR_ADMINS)
async def save(visit: VisitHere, step: Step, body: Annotated[WordsForm, form(WordsForm)]) -> Response:
    """Puts the words in force, or shows the line that could not be sent to every family."""
    sent = {"language": body.language, "subject": body.subject or "", "body": body.body or "", "checked_by": body.checked_by}
    stored = await visit.apis.notifier.get(_path(visit, step), language=body.language)
    if stored.failure is not None and stored.failure.why == "away":
        return await _editor(visit, step, body.language, written=body, fault=fault_of(stored, sent))
    of_school = stored.otherwise({}).get("origin") == "school" and stored.otherwise({})["language"] == body.language
    if of_school:
        check_base(body.base, stored.data, body.words(), _address(visit, step, body.language))
    answer = await visit.apis.notifier.send("PUT", _path(visit, step), sent)
    if answer.failure is not None:
        return await _editor(visit, step, body.language, written=body, fault=fault_of(answer, sent))
    note = f"Version {said_of(answer.otherwise({}))} is in force for every letter that is written from now on."
    return visit.leave(_address(visit, step, body.language), note)


@router.get("/{school}/letters/templates/{step}/preview", POLICY_READERS)
async def preview_in_force(visit: VisitHere, step: Step, language: str = "en", family: str = "sample", shape: Shape = "mail") -> Response:
    """The letter in the words that are in force, for the frame beside the editor."""
    return await _previewed(visit, step, WordsForm(language=language, family=family, shape=shape))


@router.post("/{school}/letters/templates/{step}/preview", POLICY_READERS)
async def preview(visit: VisitHere, step: Step, body: Annotated[WordsForm, form(WordsForm)]) -> Response:
    """The letter in the words that stand in the editor; nothing is saved."""
    return await _previewed(visit, step, body)


@router.post("/{school}/letters/templates/{step}/what-if", REHEARSERS)
async def what_if(visit: VisitHere, step: Step, body: Annotated[WordsForm, form(WordsForm)]) -> Response:
    """The families of the last weeks that would have got the words in the editor; nothing is saved."""
    sent = {"threshold": int(step), "language": body.language, "subject": body.subject or "", "body": body.body or ""}
    answer = await rehearse(visit, {"words": [sent]})
    if answer.failure is not None and answer.failure.why != "away":
        return await _editor(visit, step, body.language, written=body, fault=fault_of(answer, sent))
    back = _address(visit, step, body.language)
    return what_if_page(visit, answer, title=f"What if: these words at {step} days", tab="templates", back=back, only="words")


@router.post("/{school}/letters/templates/{step}/test", TESTERS)
async def test(visit: VisitHere, step: Step, body: Annotated[WordsForm, form(WordsForm)]) -> Response:
    """Sends the letter in these words, to a made-up family, to an address of the school."""
    sent = {**body.words(), "to": body.to or ""} | ({"sample": SAMPLES[body.family].sample} if body.family in SAMPLES else {})
    answer = await visit.apis.notifier.send("POST", f"{_path(visit, step)}/test", sent, once=body.once)
    if answer.failure is not None:
        return await _editor(visit, step, body.language, written=body, fault=fault_of(answer, sent))
    return await _editor(visit, step, body.language, written=body, tested=answer.otherwise({})["to"])


@router.get("/{school}/letters/templates/{step}/versions", LETTERS.needs)
async def versions(visit: VisitHere, step: Step, language: str = "en", cursor: str | None = None) -> Response:
    """Every version, newest first, each with what it changed."""
    path = f"{_path(visit, step)}/versions"
    # One more than is shown: the oldest one shown is compared with it.
    parts = await visit.ask(versions=visit.apis.notifier.get(path, language=language, limit=VERSIONS + 1, cursor=cursor))
    shown = parts["versions"].map(lambda sent: versions_of(sent["items"], VERSIONS))
    view = {
        "versions": shown,
        "step": step,
        "language": language,
        "may_change": visit.may(STAR_ADMINS),
        "address": _address(visit, step, language),
        "goes_on": len(parts["versions"].otherwise({"items": []})["items"]) > VERSIONS,
        "tabs": letter_tabs(visit, "templates", {}),
    }
    return visit.show("letters/versions.html", LETTERS, view, title=f"{_title(step)}: versions")


@router.post("/{school}/letters/templates/{step}/restore", STAR_ADMINS)
async def restore(visit: VisitHere, step: Step, body: Annotated[RestoreForm, form(RestoreForm)]) -> Response:
    """Puts an earlier version, or the house's words, in force again."""
    if body.version is None:
        answer = await visit.apis.notifier.send("DELETE", _path(visit, step), language=body.language)
        note = "The house's words are in force again."
    else:
        answer = await visit.apis.notifier.send(
            "POST", f"{_path(visit, step)}/restore", {"version": body.version, "language": body.language}
        )
        note = f"The words of version {body.version} are in force again."
    if answer.failure is not None:
        raise BadFormError([f"Nothing was changed: {answer.failure.detail or 'letters can not be reached now'}."])
    return visit.leave(_address(visit, step, body.language), note)


async def _editor(
    visit: Visit, step: str, language: str, *, written: WordsForm | None = None, fault: Fault | None = None, tested: str | None = None
) -> Response:
    tries = visit.may(POLICY_READERS)
    parts = await visit.ask(
        template=visit.apis.notifier.get(_path(visit, step), language=language),
        variables=visit.apis.notifier.get("/v1/letter-variables"),
        **({"records": _records(visit, step)} if tries else {}),
    )
    found = parts["template"]
    if found.failure is not None and found.failure.why == "invalid":
        raise NotThereError
    records: Part[Any] = parts.get("records", Part({"items": []}))
    view = {
        "template": found,
        "variables": [insertion(one) for one in parts["variables"].otherwise({"items": []})["items"]],
        "families": _families(records),
        "samples": SAMPLES,
        "shapes": SHAPES,
        "step": step,
        "language": language,
        "subject": written.subject if written else found.otherwise({}).get("subject"),
        "body": written.body if written else found.otherwise({}).get("body"),
        "base_of_words": written.base if written else fingerprint(found.data),
        "family": written.family if written else "sample",
        "shape": written.shape if written else "mail",
        "to": written.to if written else None,
        "checked_by": written.checked_by if written else None,
        "fault": fault,
        "tested": tested,
        "may_change": visit.may(STAR_ADMINS),
        "may_test": visit.may(TESTERS),
        "may_try": visit.may(REHEARSERS),
        "tries": tries,
        "address": visit.address("letters", "templates", step),
        "tabs": letter_tabs(visit, "templates", {}),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if fault is not None else HTTPStatus.OK
    return visit.show("letters/template.html", LETTERS, view, title=_title(step), status=status)


async def _previewed(visit: Visit, step: str, body: WordsForm) -> Response:
    sent = {**body.words(), **family_of(body.family)}
    answer = await visit.apis.notifier.send("POST", f"{_path(visit, step)}/preview", sent)
    if answer.data is not None:
        if body.shape == "text":
            return _document(visit, "letters/preview_text.html", text=answer.data["text_message"])
        return framed(page_in(answer.data["html"], body.shape))
    return _document(visit, "letters/preview_fault.html", fault=fault_of(answer, sent))


def _document(visit: Visit, template: str, **view: Any) -> Response:
    """A page of our own in the frame."""
    answer = visit.show(template, None, title="Preview", **view)
    answer.headers["Content-Security-Policy"] = OWN_POLICY
    return answer


def _families(records: Part[Any]) -> list[dict[str, Any]]:
    """The students who have a record at this step, by name, each once."""
    found = {item["student"]: item for item in records.otherwise({"items": []})["items"]}
    return sorted(found.values(), key=lambda item: item["name"] or "")


def _records(visit: Visit, step: str) -> Awaitable[Part[Any]]:
    """Records of students on whose families the words can be tried out: those of the step, or of any."""
    path = f"/v1/schools/{visit.school}/star-records"
    return visit.apis.thresholds.get(path, threshold=step if step.isdecimal() else None, limit=FAMILIES)


def _title(step: str) -> str:
    return f"The letter at {step} days" if step.isdecimal() else f"The letter: {letter_kind(step)}"


def _path(visit: Visit, step: str) -> str:
    return f"/v1/schools/{visit.school}/templates/{step}"


def _address(visit: Visit, step: str, language: str) -> str:
    return visit.address("letters", "templates", step) + (f"?language={language}" if language != "en" else "")
