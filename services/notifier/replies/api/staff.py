"""Staff read families' replies, and set the words of the page that families open."""

import uuid
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import Path, Query

from services.notifier.replies.repository import replies
from services.notifier.replies.repository import words as kept_words
from services.notifier.replies.repository.words import KeptWords
from services.notifier.replies.schemas import FamilyReplyOut, ReplyWordsOut
from services.notifier.replies.words import ENGLISH, ReplyWords
from services.notifier.state import State
from services.notifier.templates.languages import HOUSE, LONGEST, canonical
from shared.audit.log import Access, log_access
from shared.auth.principal import Principal
from shared.key_holders import repository as key_holders
from shared.web.cursors import MOST_ITEMS, PageLimit, moment, read_cursor
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import SchoolInPath, requires

router = Router(tags=["replies"])

WORDS: Final = "/v1/schools/{school}/reply-words"
MOST_LANGUAGES: Final = 50

Language = Annotated[str, Path(max_length=LONGEST, description="A language tag: `en`, `mi`, `zh-Hant`", examples=["mi"])]


@router.get("/v1/schools/{school}/replies", summary="List families' answers to letters")
async def list_replies(
    school: SchoolInPath,
    state: State,
    caller: Annotated[Principal, requires("star:read", by_group=True)],
    student: Annotated[list[str] | None, Query(description="The school's own keys of students", max_length=MOST_ITEMS)] = None,
    limit: PageLimit = 50,
    cursor: str | None = None,
) -> Page[FamilyReplyOut]:
    """Newest first, with the family's own words. The heart says which of them wait for a person."""
    caller.require_school(school)
    before = read_cursor(cursor, moment, uuid.UUID)
    async with state.engine.begin() as connection:
        named = None if student is None else await key_holders.named(connection, school, student)
        rows = await replies.page(connection, school, named, caller.part, before, limit + 1)
        page = page_of(rows, limit, lambda reply: (reply.replied_at, reply.id))
        shown = [reply.student for reply in page.items]
        filters = {"student": ",".join(student) if student else None}
        await log_access(connection, caller, Access(action="read-replies", school=school, students=shown, filters=filters), state.clock())
    return page.map(lambda reply: FamilyReplyOut.model_validate(reply, from_attributes=True))


@router.get(WORDS, summary="List the words of the reply page in each language")
async def list_reply_words(
    school: SchoolInPath, state: State, caller: Annotated[Principal, requires("star:read", by_group=True)]
) -> Page[ReplyWordsOut]:
    """The school's own, and the house's English where it has none in English. A family reads them in the language of its letter."""
    caller.require_school(school)
    async with state.engine.connect() as connection:
        own = await kept_words.of_school(connection, school)
    house = [] if HOUSE in own else [ReplyWordsOut(language=HOUSE, words=ENGLISH, origin="house", changed_at=None, changed_by=None)]
    return Page(items=[*house, *map(_shown, own.values())], next=None)


@router.put(WORDS + "/{language}", summary="Set the words of the reply page in a language", responses=refuses("too-many-languages"))
async def put_reply_words(
    school: SchoolInPath,
    language: Language,
    body: ReplyWords,
    state: State,
    caller: Annotated[Principal, requires("star:write", role="admin")],
) -> ReplyWordsOut:
    """They are shown as they are, as plain text. The school answers for them: nothing here translates."""
    caller.require_school(school)
    now = state.clock()
    kept = KeptWords(_canonical(language), body, now, caller.subject)
    async with state.engine.begin() as connection:
        own = await kept_words.of_school(connection, school)
        if kept.language not in own and len(own) >= MOST_LANGUAGES:
            raise ProblemError(HTTPStatus.CONFLICT, "too-many-languages", f"a school has words in at most {MOST_LANGUAGES} languages")
        await kept_words.put(connection, school, kept)
        await log_access(connection, caller, Access(action="change-reply-words", school=school, fields=[kept.language]), now)
    return _shown(kept)


@router.delete(WORDS + "/{language}", status_code=HTTPStatus.NO_CONTENT, summary="Remove the words of the reply page in a language")
async def delete_reply_words(
    school: SchoolInPath, language: Language, state: State, caller: Annotated[Principal, requires("star:write", role="admin")]
) -> None:
    """Families of that language see the house's English again."""
    caller.require_school(school)
    tag = _canonical(language)
    async with state.engine.begin() as connection:
        if not await kept_words.remove(connection, school, tag):
            raise ProblemError(HTTPStatus.NOT_FOUND, "not-found", "the school has no words of its own in this language")
        await log_access(connection, caller, Access(action="change-reply-words", school=school, fields=[tag]), state.clock())


def _canonical(language: str) -> str:
    try:
        return canonical(language)
    except ValueError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, "not-found", str(error)) from error


def _shown(kept: KeptWords) -> ReplyWordsOut:
    return ReplyWordsOut(language=kept.language, words=kept.words, origin="school", changed_at=kept.changed_at, changed_by=kept.changed_by)
