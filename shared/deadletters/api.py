"""Dead letters over REST: what a service could not apply, and what to do with it. The same router in every service with a worker."""

import uuid
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal, cast

from fastapi import Request
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.auth.principal import Principal
from shared.deadletters import repository
from shared.deadletters.box import DeadLetterBox
from shared.web.cursors import PageLimit, read_cursor
from shared.web.door import Router
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.service import requires
from shared.web.state import ServiceState, service_state
from shared.web.visible import visible

LetterState = Literal["kept", "redriven", "discarded"]


class DeadLetterOut(BaseModel):
    """A record that could not be applied. Its payload stays in the database: it can hold names."""

    id: uuid.UUID
    topic: str
    partition: int
    offset: int
    school: str | None
    reason: str
    detail: str
    count: int
    state: LetterState
    created_at: datetime
    settled_at: datetime | None


class SettledOut(BaseModel):
    """The new state of a dead letter."""

    id: uuid.UUID
    state: LetterState


Keeper = Annotated[Principal, requires("ops", role="admin")]
"""Decides about messages that several services read."""


def dead_letters_router(box: DeadLetterBox) -> Router:
    """The routes. The service's worker must have a relay, which sends what is redriven."""
    router = Router(tags=["dead letters"])

    @router.get("/v1/dead-letters", summary="Messages, or parts of them, that could not be applied")
    async def list_dead_letters(
        request: Request,
        caller: Annotated[Principal, requires("ops")],
        state: LetterState = "kept",
        cursor: str | None = None,
        limit: PageLimit = 50,
    ) -> Page[DeadLetterOut]:
        """The dead letters in a state. A token for some schools only sees theirs, and none whose school could not be read."""
        after = read_cursor(cursor, uuid.UUID)
        schools = None if caller.schools is None else sorted(caller.schools)
        async with _state(request).engine.connect() as connection:
            rows = await repository.page(connection, state, after, limit + 1, schools=schools)
        return page_of(rows, limit, lambda row: row["id"]).map(DeadLetterOut.model_validate)

    @router.post("/v1/dead-letters/{letter_id}/redrive", summary="Try a record again")
    async def redrive_dead_letter(letter_id: uuid.UUID, request: Request, caller: Keeper) -> SettledOut:
        """Publishes the record to its topic again, for every reader of it; those who had applied it pass over the repeat."""
        service = _state(request)
        async with service.engine.begin() as connection:
            await _require_visible(connection, letter_id, caller)
            if not await box.redrive(connection, letter_id, service.clock()):
                raise _settled()
        return SettledOut(id=letter_id, state="redriven")

    @router.post("/v1/dead-letters/{letter_id}/discard", summary="Give a record up")
    async def discard_dead_letter(letter_id: uuid.UUID, request: Request, caller: Keeper) -> SettledOut:
        """Puts the record aside for good; it stays on file for some time (`STAR_DEAD_LETTERS_SETTLED_KEPT`)."""
        service = _state(request)
        async with service.engine.begin() as connection:
            await _require_visible(connection, letter_id, caller)
            if not await box.discard(connection, letter_id, service.clock()):
                raise _settled()
        return SettledOut(id=letter_id, state="discarded")

    return router


def _state(request: Request) -> ServiceState:
    return cast(ServiceState, service_state(request))


async def _require_visible(connection: AsyncConnection, letter_id: uuid.UUID, caller: Principal) -> None:
    owner = await repository.owner_of(connection, letter_id)
    visible(owner, caller, ProblemError(HTTPStatus.NOT_FOUND, "unknown-dead-letter", "there is no such dead letter"))


def _settled() -> ProblemError:
    return ProblemError(HTTPStatus.CONFLICT, "dead-letter-settled", "this dead letter was redriven or discarded before")
