"""The page behind the link of a letter: for families, without a token, an account or a script.

A link is looked at when it is followed, which programs that check mail do as well: that uses nothing up and shows no child. Its button
opens the form, and the form's answer uses the link up. A link that never was, was used, or is too old has one and the same answer.
"""

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
from fastapi import Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.correspondents import is_barred
from services.notifier.contacts.repository import contacts, decisions
from services.notifier.replies import page
from services.notifier.replies.reply import CHOICES, Read, Reply, event_of, hold_until, read_answer
from services.notifier.replies.repository import choices, links, replies
from services.notifier.replies.repository import words as kept_words
from services.notifier.replies.repository.links import Open
from services.notifier.replies.tokens import digest_of
from services.notifier.replies.words import ReplyWords, words_for
from services.notifier.state import NotifierState, State
from shared.identifiers import reply_id
from shared.outbox import repository as outbox
from shared.web.body import read_body
from shared.web.door import Router

log = structlog.get_logger()

router = Router(tags=["replies"])

MOST_BYTES: Final = 16 * 1024
MOST_FIELDS: Final = 20

_FORM: Final = {
    "schema": {
        "type": "object",
        "properties": {
            "step": {"type": "string", "description": "`answer` for an answer; the form without it", "examples": ["answer"]},
            "choice": {"type": "string", "enum": list(CHOICES), "description": "The answer that was chosen", "examples": [CHOICES[0]]},
            "words": {
                "type": "string",
                "description": "The family's own words; those past the longest are cut",
                "examples": ["He is better."],
            },
        },
    }
}
_HTML: Final[dict[int | str, dict[str, Any]]] = {
    status: {"description": words, "content": {"text/html": {"schema": {"type": "string"}}}}
    for status, words in {
        HTTPStatus.OK: "The page",
        HTTPStatus.NOT_FOUND: "The link does not hold, whatever the reason",
        HTTPStatus.TOO_MANY_REQUESTS: "Too many links that do not hold were tried from there",
    }.items()
}


@router.get("/reply/{token}", response_class=HTMLResponse, responses=_HTML, summary="Look at the link of a letter, without a token")
async def get_reply_page(token: str, request: Request, state: State) -> HTMLResponse:
    """The page before it is opened. It names the school and no child, and uses nothing up."""
    if _tries_too_much(request, state):
        return _html(page.too_many(), HTTPStatus.TOO_MANY_REQUESTS)
    async with state.engine.connect() as connection:
        found = await _find(connection, token, state)
        if found is not None:
            language, words = await _words(connection, found)
            return _html(page.closed(words, language, found.school_name))
    return _gone(request, state)


@router.post(
    "/reply/{token}",
    response_class=HTMLResponse,
    responses=_HTML,
    openapi_extra={"requestBody": {"required": False, "content": {"application/x-www-form-urlencoded": _FORM}}},
    summary="Open the link of a letter, or answer it, without a token",
)
async def post_reply(token: str, request: Request, state: State) -> HTMLResponse:
    """Without `step`, the form. With `step=answer`, the `choice` and `words` are kept, and the link is used up."""
    if _tries_too_much(request, state):
        return _html(page.too_many(), HTTPStatus.TOO_MANY_REQUESTS)
    body = (await read_body(request, MOST_BYTES)).decode("utf-8", "replace")
    try:
        fields = parse_qs(body, max_num_fields=MOST_FIELDS)
    except ValueError:
        fields = {}
    async with state.engine.begin() as connection:
        found = await _find(connection, token, state)
        if found is None:
            return _gone(request, state)
        language, words = await _words(connection, found)
        if fields.get("step") != ["answer"]:
            return _html(page.opened(words, language, found.school_name, found.child))
        answer = read_answer(fields)
        if answer == "nothing-chosen":
            return _html(page.opened(words, language, found.school_name, found.child, again=True))
        if not await _keep(connection, state, found, answer):
            return _gone(request, state)
    return _html(page.answered(words, language, found.school_name))


async def _find(connection: AsyncConnection, token: str, state: NotifierState) -> Open | None:
    """The link, if it holds. That of somebody who must not be written to any more holds no longer: its page names the child."""
    found = await links.find(connection, digest_of(token), state.clock())
    if found is None or found.recipient is None:
        return found
    contact = await contacts.contact(connection, found.link.student_id)
    if contact is None:
        return None
    decided = await decisions.of(connection, found.link.school)
    return None if is_barred(found.recipient, contact.caregivers, decided, elsewhere=contact.elsewhere) else found


async def _keep(connection: AsyncConnection, state: NotifierState, found: Open, answer: Read) -> bool:
    now, link = state.clock(), found.link
    if not await links.use(connection, link.digest, now):
        return False
    school = await contacts.school(connection, link.school)
    assert school is not None
    until = hold_until(await choices.current(connection, link.school), school.calendar(), now)
    choice, words = answer
    reply = Reply(
        id=reply_id(link.delivery_id),
        delivery_id=link.delivery_id,
        letter_id=link.letter_id,
        school=link.school,
        student=link.student,
        student_id=link.student_id,
        term=link.term,
        threshold=link.threshold,
        channel=link.channel,
        choice=choice,
        words=words,
        hold_until=until,
        replied_at=now,
    )
    await replies.add(connection, reply)
    await outbox.add(connection, [event_of(reply).encode()])
    log.info("reply.kept", reply=str(reply.id), school=reply.school)
    return True


async def _words(connection: AsyncConnection, found: Open) -> tuple[str, ReplyWords]:
    own = await kept_words.of_school(connection, found.link.school)
    return words_for({language: kept.words for language, kept in own.items()}, found.link.language)


def _client(request: Request) -> bytes:
    return (request.client.host if request.client is not None else "").encode()


def _tries_too_much(request: Request, state: NotifierState) -> bool:
    return state.reply_misses.left(_client(request)) < 1


def _gone(request: Request, state: NotifierState) -> HTMLResponse:
    state.reply_misses.take(_client(request))
    return _html(page.gone(), HTTPStatus.NOT_FOUND)


def _html(content: str, status: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    return HTMLResponse(content, status, page.headers())
