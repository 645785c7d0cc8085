"""A school's own letters: their words, versions, and the variables that they can use."""

from collections import Counter
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.state import NotifierState, State
from services.notifier.templates.languages import HOUSE, best, fallbacks
from services.notifier.templates.letter_kinds import KINDS, LetterKind
from services.notifier.templates.rendering.faults import TemplateFaultError
from services.notifier.templates.rendering.occasion import LetterTemplate
from services.notifier.templates.rendering.variables import VARIABLES
from services.notifier.templates.repository import templates
from services.notifier.templates.repository.templates import TemplateKey, TemplateVersion
from services.notifier.templates.schemas import (
    Language,
    LetterLanguageOut,
    LetterParameter,
    RestoreIn,
    TemplateIn,
    TemplateOut,
    TemplateVersionOut,
    VariableOut,
)
from shared.attendance.tiers import THRESHOLDS
from shared.audit.log import Access, Filter, log_access
from shared.auth.principal import Principal
from shared.web.cursors import PageLimit, number, read_cursor
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["templates"])

PATH = "/v1/schools/{school}/templates"

LanguageParameter = Annotated[Language, Query(description="A BCP 47 tag, such as en, mi or sm")]


@router.get("/v1/letter-variables", summary="The variables that a letter's template can use")
async def list_letter_variables(_: Annotated[Principal, requires("star:read", by_group=True)]) -> Page[VariableOut]:
    """An optional variable can be empty: put the words that need it between `{% if name %}` and `{% endif %}`."""
    return Page(items=[VariableOut.model_validate(variable, from_attributes=True) for variable in VARIABLES])


@router.get(PATH, summary="The words in force of every letter")
async def list_templates(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read", by_group=True)],
    occasions: Annotated[bool, Query(description="Show the words of letters that are about no threshold too")] = False,
) -> Page[TemplateOut]:
    """The school's own in every language; the house's where the school has none in English."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        in_force = await templates.all_in_force(connection, school)
    items = []
    for kind in KINDS if occasions else THRESHOLDS:
        own = in_force.get(kind, {})
        items += [_out(TemplateKey(school, kind, language), state, own[language]) for language in sorted(own)]
        if HOUSE not in own:
            items.append(_out(TemplateKey(school, kind, HOUSE), state, None))
    return Page(items=items)


@router.get("/v1/schools/{school}/letter-languages", summary="The languages of the school's caregivers, and the words it has in them")
async def list_letter_languages(
    school: SchoolInPath, state: State, caller: Annotated[Principal, requires("star:read", by_group=True)]
) -> Page[LetterLanguageOut]:
    """The most frequent first. Words in another language than English are the school's own: the house has none."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        spoken = Counter[str]()
        for tag, caregivers in (await templates.languages(connection, school)).items():
            spoken[fallbacks(tag)[0]] += caregivers
        in_force = await templates.all_in_force(connection, school)
    items = []
    for language, caregivers in sorted(spoken.items(), key=lambda entry: (-entry[1], entry[0])):
        own = {threshold: version for threshold in THRESHOLDS if (version := _in(in_force.get(threshold, {}), language)) is not None}
        needs = [threshold for threshold, version in own.items() if version.needs_speaker]
        items.append(LetterLanguageOut(language=language, caregivers=caregivers, thresholds=list(own), needs_speaker=needs))
    return Page(items=items)


def _in(own: Mapping[str, TemplateVersion], language: str) -> TemplateVersion | None:
    """The words in the language or its base, and in no other."""
    return next((own[tag] for tag in (language, language.partition("-")[0]) if tag in own), None)


@router.get(PATH + "/{threshold}", summary="The words of a letter")
async def get_template(
    school: SchoolInPath,
    threshold: LetterParameter,
    state: State,
    caller: Annotated[Principal, requires("star:read", by_group=True)],
    language: LanguageParameter = HOUSE,
) -> TemplateOut:
    """A caregiver of that language gets the school's words in it, or in its base (`zh` for `zh-Hant`); else the school's English; else the
    house's."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        own = best(await templates.in_force(connection, school, threshold), language)
    return _out(TemplateKey(school, threshold, HOUSE if own is None else own.language), state, own)


@router.put(
    PATH + "/{threshold}",
    summary="Write a letter in the school's own words",
    responses=refuses("bad-template"),
)
async def put_template(
    school: SchoolInPath,
    threshold: LetterParameter,
    body: TemplateIn,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="admin")],
) -> TemplateOut:
    """A new version, in force for every letter that is written from now on. Words that could not be sent to every family are refused with
    their place. The words that are in force already make no new version."""
    caller.require_school(school)
    key = TemplateKey(school, threshold, body.language)
    checked(state, threshold, LetterTemplate(body.language, body.subject, body.body))
    async with state.engine.begin() as connection:
        saved = await _save(connection, key, (body.subject, body.body), None, caller, state, body.checked_by)
    return _out(key, state, saved)


@router.delete(PATH + "/{threshold}", status_code=HTTPStatus.NO_CONTENT, summary="Go back to the house's words")
async def delete_template(
    school: SchoolInPath,
    threshold: LetterParameter,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="admin")],
    language: LanguageParameter = HOUSE,
) -> None:
    """The versions stay, and each can be restored."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        await _save(connection, TemplateKey(school, threshold, language), None, None, caller, state)


@router.get(PATH + "/{threshold}/versions", summary="Every version of a letter's words")
async def list_template_versions(
    school: SchoolInPath,
    threshold: LetterParameter,
    state: State,
    caller: Annotated[Principal, requires("star:read", by_group=True)],
    language: LanguageParameter = HOUSE,
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Page[TemplateVersionOut]:
    """Newest first, each with its time and the person who saved it. At a version without words the school went back to the house's."""
    caller.require_school(school)
    key = TemplateKey(school, threshold, language)
    async with state.engine.connect() as connection:
        rows = await templates.versions(connection, key, before=read_cursor(cursor, number()), most=limit + 1)
    page = page_of(rows, limit, lambda version: version.version)
    return page.map(lambda version: TemplateVersionOut.model_validate(version, from_attributes=True))


@router.post(
    PATH + "/{threshold}/restore",
    summary="Put an earlier version in force again",
    responses=refuses("unknown-version", "no-words", "bad-template"),
)
async def restore_template(
    school: SchoolInPath,
    threshold: LetterParameter,
    body: RestoreIn,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="admin")],
) -> TemplateOut:
    """Its words become a new version. They are checked like new ones, as the variables may have changed since."""
    caller.require_school(school)
    key = TemplateKey(school, threshold, body.language)
    async with state.engine.begin() as connection:
        wanted = await templates.version(connection, key, body.version)
        if wanted is None:
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown-version", "there is no such version of this letter in this language")
        words = wanted.template()
        if words is None:
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "no-words", "this version has no words of its own: DELETE goes back to the house's"
            )
        checked(state, threshold, words)
        saved = await _save(connection, key, (words.subject, words.body), body.version, caller, state, wanted.checked_by)
    return _out(key, state, saved)


def checked(state: NotifierState, threshold: LetterKind, template: LetterTemplate) -> LetterTemplate:
    """The template, which can be sent to every family. Raises ProblemError 422 for any other."""
    try:
        state.letters.check(threshold, template)
    except TemplateFaultError as fault:
        place = {"at": fault.part, "line": fault.line, "column": fault.column, "near": fault.near, "why": fault.reason}
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-template", str(fault), extra={"errors": [place]}) from fault
    return template


async def _save(
    connection: AsyncConnection,
    key: TemplateKey,
    words: tuple[str, str] | None,
    restored: int | None,
    caller: Principal,
    state: NotifierState,
    checked_by: str | None = None,
) -> TemplateVersion:
    """Adds a version, unless its words are those in force and no other speaker is named for them. Going back to the house's before there
    was any version keeps nothing."""
    await templates.lock(connection, key)
    newest = await templates.newest(connection, key)
    subject, body = words if words is not None else (None, None)
    if newest is not None and (newest.subject, newest.body) == (subject, body) and checked_by in (None, newest.checked_by):
        return newest
    number = 1 if newest is None else newest.version + 1
    saved = TemplateVersion(number, key.language, subject, body, restored, caller.subject, state.clock(), checked_by)
    if newest is not None or words is not None:
        await templates.add(connection, key, saved)
        fields = [
            *(["subject"] if newest is None or newest.subject != subject else []),
            *(["body"] if newest is None or newest.body != body else []),
            *(["checked_by"] if checked_by is not None else []),
        ]
        of_template: dict[str, Filter | None] = {"threshold": key.kind, "language": key.language}
        access = Access(action="change-template", school=key.school, fields=fields, filters=of_template)
        await log_access(connection, caller, access, saved.saved_at)
    return saved


def _out(key: TemplateKey, state: NotifierState, own: TemplateVersion | None) -> TemplateOut:
    words = own.template() if own is not None else None
    house = state.letters.house(key.kind)
    return TemplateOut(
        school=key.school,
        threshold=key.kind,
        language=key.language,
        subject=(words or house).subject,
        body=(words or house).body,
        origin="house" if words is None else "school",
        version=None if words is None else words.version,
        saved_by=None if own is None else own.saved_by,
        saved_at=None if own is None else own.saved_at,
    )
