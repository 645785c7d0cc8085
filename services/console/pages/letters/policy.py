"""`/console/{school}/letters/policy`: the school's letter policy in sentences, and a change with its effect before it is made."""

import json
from typing import Annotated, Any

from pydantic import Field, field_validator
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.forms import BadFormError, Form, form
from services.console.frame.navigation import LETTERS
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.letters.policy_form import FIELDS, PolicyForm, choices_of
from services.console.pages.letters.policy_words import effect_sentences, sentences
from services.console.pages.letters.tabs import POLICY_READERS, letter_tabs
from services.console.pages.letters.what_if import REHEARSERS, rehearse, what_if_view
from services.console.people.needs import STAR_ADMINS

router = PageRouter()


class SetForm(Form):
    """A policy that was shown with its effect, and the version that was in force then."""

    policy: str = Field(max_length=20_000)
    version: int

    @field_validator("policy")
    @classmethod
    def _is_a_policy(cls, policy: str) -> str:
        read = json.loads(policy)
        if not isinstance(read, dict) or not read.keys() <= FIELDS:
            raise ValueError("no letter policy")
        return policy


@router.get("/{school}/letters/policy", POLICY_READERS)
async def policy(visit: VisitHere) -> Response:
    """The policy in force, a sentence for each choice, and the versions before."""
    path = _path(visit)
    parts = await visit.ask(
        policy=visit.apis.notifier.get(path),
        versions=visit.apis.notifier.get(f"{path}/versions", limit=20),
        counted=visit.apis.notifier.get(f"/v1/schools/{visit.school}/letters/summary"),
    )
    view = {
        "policy": parts["policy"],
        "sentences": parts["policy"].map(lambda sent: sentences(sent, sent["in_force"])),
        "versions": parts["versions"],
        "may_change": visit.may(STAR_ADMINS),
        "may_try": visit.may(REHEARSERS),
        "tabs": letter_tabs(visit, "policy", parts["counted"].data or {}),
    }
    return visit.show("letters/policy.html", LETTERS, view, title="Letters: policy")


@router.get("/{school}/letters/policy/edit", STAR_ADMINS)
async def edit(visit: VisitHere) -> Response:
    """The policy as a form."""
    parts = await visit.ask(policy=visit.apis.notifier.get(_path(visit)))
    view = {"policy": parts["policy"], "it": parts["policy"].map(choices_of), "tabs": letter_tabs(visit, "policy", {})}
    return visit.show("letters/policy_edit.html", LETTERS, view, title="Change the letter policy")


@router.post("/{school}/letters/policy/edit", STAR_ADMINS)
async def propose(visit: VisitHere, body: Annotated[PolicyForm, form(PolicyForm)]) -> Response:
    """Shows what the policy would change; nothing is changed yet."""
    return await _proposed(visit, body.body())


@router.post("/{school}/letters/policy", STAR_ADMINS)
async def put(visit: VisitHere, body: Annotated[SetForm, form(SetForm)]) -> Response:
    """Sets a policy that was shown, unless somebody has set another one meanwhile: then it is shown anew."""
    chosen: dict[str, Any] = json.loads(body.policy)
    current = (await visit.ask(policy=visit.apis.notifier.get(_path(visit))))["policy"]
    if current.data is not None and current.data["version"] != body.version:
        note = "Somebody has changed the policy meanwhile. This is what yours would change now."
        return await _proposed(visit, chosen, current=current, note=note)
    answer = await visit.apis.notifier.send("PUT", _path(visit), chosen)
    if answer.failure is not None:
        raise BadFormError([_refused(answer)])
    return visit.leave(visit.address("letters", "policy"), "The policy is set, for every letter that is due from now on.")


async def _proposed(visit: Visit, chosen: dict[str, Any], *, current: Part[Any] | None = None, note: str | None = None) -> Response:
    current = current or (await visit.ask(policy=visit.apis.notifier.get(_path(visit))))["policy"]
    foretold = await visit.apis.notifier.send("POST", f"{_path(visit)}/preview", chosen)
    if current.data is None or foretold.data is None:
        raise BadFormError([_refused(foretold)])
    before = sentences(current.data, current.data["in_force"])
    after = sentences(chosen, current.data["in_force"], is_new=True)
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    if not changed:
        said = "Nothing is different: nothing was changed." if note is None else "This policy is in force already."
        return visit.leave(visit.address("letters", "policy"), said)
    view = {
        "changed": changed,
        "effect": effect_sentences(foretold.data["effect"]),
        "what_if": what_if_view(await rehearse(visit, {"policy": chosen})),
        "chosen": json.dumps(chosen),
        "version": current.data["version"],
        "note": note,
        "tabs": letter_tabs(visit, "policy", {}),
    }
    return visit.show("letters/policy_effect.html", LETTERS, view, title="What this policy would do")


def _path(visit: Visit) -> str:
    return f"/v1/schools/{visit.school}/letter-policy"


def _refused(answer: Part[Any]) -> str:
    failure = answer.failure
    if failure is None or failure.why == "away":
        return "Letters can't be reached now. Nothing was changed: try again in a minute."
    errors = [error["why"].removeprefix("Value error, ") for error in failure.extra.get("errors", [])]
    return f"This can't be kept: {'; '.join(errors) or failure.detail}. Nothing was changed."
