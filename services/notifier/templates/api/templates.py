"""A school's own letters: their words, versions, and what can be put into them."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.state import NotifierState, State
from services.notifier.templates.languages import HOUSE, best
from services.notifier.templates.rendering import LetterTemplate
from services.notifier.templates.rendering.faults import TemplateFaultError
from services.notifier.templates.rendering.variables import VARIABLES
from services.notifier.templates.repository import templates
from services.notifier.templates.repository.templates import Place
from services.notifier.templates.schemas import (
    Language,
    RestoreIn,
    Template,
    TemplateIn,
    Templates,
    ThresholdAsked,
    VariableOut,
    Variables,
    Version,
    Versions,
)
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, encode_cursor, number, read_cursor
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = APIRouter(tags=["templates"])

PATH = "/v1/schools/{school}/templates"

LanguageAsked = Annotated[Language, Query(description="A BCP 47 tag, such as en, mi or sm")]


@router.get("/v1/letter-variables", summary="What a letter's template can speak of")
async def list_variables(_: Annotated[Principal, requires("star:read", by_group=True)]) -> Variables:
    """What is optional can be empty: what needs it goes between `{% if name %}` and `{% endif %}`."""
    return Variables(items=[VariableOut.model_validate(variable, from_attributes=True) for variable in VARIABLES])


@router.get(PATH, summary="The words in force of every threshold")
async def list_templates(
    school: SchoolInPath, state: State, caller: Annotated[Principal, requires("star:read", by_group=True)]
) -> Templates:
    """The school's own in every language; the house's where the school has none in English."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        known = await templates.all_in_force(connection, school)
    items = []
    for threshold in THRESHOLDS:
        own = known.get(threshold, {})
        items += [_out(Place(school, threshold, language), state, own[language]) for language in sorted(own)]
        if HOUSE not in own:
            items.append(_out(Place(school, threshold, HOUSE), state, None))
    return Templates(items=items)


@router.get(PATH + "/{threshold}", summary="The words of a letter")
async def get_template(
    school: SchoolInPath,
    threshold: ThresholdAsked,
    state: State,
    caller: Annotated[Principal, requires("star:read", by_group=True)],
    language: LanguageAsked = HOUSE,
) -> Template:
    """What a caregiver of that language gets: the school's words in it, or in its base (`zh` for `zh-Hant`); else the school's English;
    else the house's."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        own = best(await templates.in_force(connection, school, threshold), language)
    return _out(Place(school, threshold, HOUSE if own is None else own.language), state, own)


@router.put(PATH + "/{threshold}", summary="Write a letter in the school's own words")
async def put_template(
    school: SchoolInPath,
    threshold: ThresholdAsked,
    body: TemplateIn,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="admin")],
) -> Template:
    """A new version, in force for every letter that is written from now on. Words that could not be sent to every family are refused with
    their place. The words that are in force already make no new version."""
    caller.require_school(school)
    place = Place(school, threshold, body.language)
    checked(state, threshold, LetterTemplate(body.language, body.subject, body.body))
    async with state.engine.begin() as connection:
        saved = await _save(connection, place, (body.subject, body.body), None, caller, state)
    return _out(place, state, saved)


@router.delete(PATH + "/{threshold}", status_code=HTTPStatus.NO_CONTENT, summary="Go back to the house's words")
async def delete_template(
    school: SchoolInPath,
    threshold: ThresholdAsked,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="admin")],
    language: LanguageAsked = HOUSE,
) -> None:
    """The versions stay, and each can be restored."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await _save(connection, Place(school, threshold, language), None, None, caller, state)


@router.get(PATH + "/{threshold}/versions", summary="Every version of a letter's words")
async def list_versions(
    school: SchoolInPath,
    threshold: ThresholdAsked,
    state: State,
    caller: Annotated[Principal, requires("star:read", by_group=True)],
    language: LanguageAsked = HOUSE,
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Versions:
    """Newest first, with who saved each and when. One without words is where the school went back to the house's."""
    caller.require_school(school)
    place = Place(school, threshold, language)
    async with state.engine.connect() as connection:
        found = await templates.versions(connection, place, before=read_cursor(cursor, number()), most=limit + 1)
    items = [Version.model_validate(version, from_attributes=True) for version in found[:limit]]
    return Versions(items=items, next=encode_cursor(str(items[-1].version)) if len(found) > limit else None)


@router.post(PATH + "/{threshold}/restore", summary="Put an earlier version in force again")
async def restore_template(
    school: SchoolInPath,
    threshold: ThresholdAsked,
    body: RestoreIn,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="admin")],
) -> Template:
    """Its words become a new version. They are looked at like new ones: what letters can speak of may have changed since."""
    caller.require_school(school)
    place = Place(school, threshold, body.language)
    async with state.engine.begin() as connection:
        wanted = await templates.version(connection, place, body.version)
        if wanted is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-version", "there is no such version of this letter in this language")
        words = wanted.template()
        if words is None:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "no-words", "this version has no words of its own: DELETE goes back to the house's"
            )
        checked(state, threshold, words)
        saved = await _save(connection, place, (words.subject, words.body), body.version, caller, state)
    return _out(place, state, saved)


def checked(state: NotifierState, threshold: Threshold, template: LetterTemplate) -> LetterTemplate:
    """The template, which can be sent to every family. Raises ProblemError 422 for any other."""
    try:
        state.letters.check(threshold, template)
    except TemplateFaultError as fault:
        place = {"at": fault.part, "line": fault.line, "column": fault.column, "near": fault.near, "why": fault.reason}
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-template", str(fault), extra={"errors": [place]}) from fault
    return template


async def _save(
    connection: AsyncConnection, place: Place, words: tuple[str, str] | None, restored: int | None, caller: Principal, state: NotifierState
) -> templates.Version:
    """Adds a version, unless its words are those in force. Going back to the house's before there was any version keeps nothing."""
    await templates.lock(connection, place)
    newest = await templates.newest(connection, place)
    subject, body = words if words is not None else (None, None)
    if newest is not None and (newest.subject, newest.body) == (subject, body):
        return newest
    number = 1 if newest is None else newest.version + 1
    saved = templates.Version(number, place.language, subject, body, restored, caller.subject, state.clock())
    if newest is not None or words is not None:
        await templates.add(connection, place, saved)
    return saved


def _out(place: Place, state: NotifierState, own: templates.Version | None) -> Template:
    words = own.template() if own is not None else None
    house = state.letters.house(place.threshold)
    return Template(
        school=place.school,
        threshold=place.threshold,
        language=place.language,
        subject=(words or house).subject,
        body=(words or house).body,
        origin="house" if words is None else "school",
        version=None if words is None else words.version,
        saved_by=None if own is None else own.saved_by,
        saved_at=None if own is None else own.saved_at,
    )
