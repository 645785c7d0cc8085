"""Dead letters over REST: what a service could not apply, and what to do with it. The same router in every service with a worker."""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal, cast

from fastapi import Query, Request
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.auth.principal import Principal
from shared.deadletters import repository
from shared.deadletters.box import DeadLetterBox
from shared.web.cursors import PageLimit, read_cursor
from shared.web.door import Router
from shared.web.openapi.refusals import refuses
from shared.web.pages import Page, page_of
from shared.web.problems import ProblemError
from shared.web.schemas import Body
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


class DeadLetterDetail(DeadLetterOut):
    """A dead letter, the size of its payload, and why somebody gave it up."""

    bytes: int
    why: str | None


Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300, pattern=r"^[^\x00]*$")]


class DiscardIn(Body):
    """Why a record is given up, in somebody's own words: without names."""

    why: Why | None = None


class ChosenDeadLetters(Body):
    """Dead letters, by their ids."""

    letters: Annotated[list[uuid.UUID], Field(min_length=1, max_length=500)]


class DiscardManyIn(ChosenDeadLetters):
    """Dead letters to give up, and why."""

    why: Why


class UnsettledOut(BaseModel):
    """A dead letter that stays as it is, by its place in the request: it is not there, or was redriven or discarded before."""

    index: int
    reason: Literal["unknown-dead-letter", "dead-letter-settled"]
    detail: str


class SettledManyOut(BaseModel):
    """The result, item by item."""

    accepted: int
    rejected: list[UnsettledOut]


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
        reason: Annotated[str | None, Query(max_length=100)] = None,
        topic: Annotated[str | None, Query(max_length=250)] = None,
        cursor: str | None = None,
        limit: PageLimit = 50,
    ) -> Page[DeadLetterOut]:
        """The dead letters in a state. A token for some schools only sees theirs, and none whose school could not be read."""
        after = read_cursor(cursor, uuid.UUID)
        schools = None if caller.schools is None else sorted(caller.schools)
        async with _state(request).engine.connect() as connection:
            rows = await repository.page(connection, state, after, limit + 1, schools=schools, reason=reason, topic=topic)
        return page_of(rows, limit, lambda row: row["id"]).map(DeadLetterOut.model_validate)

    @router.post("/v1/dead-letters/redrive", status_code=HTTPStatus.ACCEPTED, summary="Try many records again")
    async def redrive_dead_letters(body: ChosenDeadLetters, request: Request, caller: Keeper) -> SettledManyOut:
        """Publishes each record to its topic again, for every reader of it; those who had applied it pass over the repeat."""
        service = _state(request)
        return await _many(service, caller, body.letters, lambda connection, letter: box.redrive(connection, letter, service.clock()))

    @router.post("/v1/dead-letters/discard", status_code=HTTPStatus.ACCEPTED, summary="Give many records up")
    async def discard_dead_letters(body: DiscardManyIn, request: Request, caller: Keeper) -> SettledManyOut:
        """Puts the records aside for good; they stay on file for some time (`STAR_DEAD_LETTERS_SETTLED_KEPT`), with the reason."""
        service = _state(request)
        return await _many(
            service, caller, body.letters, lambda connection, letter: box.discard(connection, letter, service.clock(), why=body.why)
        )

    @router.get("/v1/dead-letters/{letter_id}", summary="One dead letter")
    async def get_dead_letter(letter_id: uuid.UUID, request: Request, caller: Annotated[Principal, requires("ops")]) -> DeadLetterDetail:
        """Whatever became of it, without its payload."""
        async with _state(request).engine.connect() as connection:
            await _require_visible(connection, letter_id, caller)
            found = await repository.find(connection, letter_id)
        return DeadLetterDetail.model_validate(found)

    @router.post(
        "/v1/dead-letters/{letter_id}/redrive",
        summary="Try a record again",
        responses=refuses("dead-letter-settled"),
    )
    async def redrive_dead_letter(letter_id: uuid.UUID, request: Request, caller: Keeper) -> SettledOut:
        """Publishes the record to its topic again, for every reader of it; those who had applied it pass over the repeat."""
        service = _state(request)
        async with service.engine.begin() as connection:
            await _require_visible(connection, letter_id, caller)
            if not await box.redrive(connection, letter_id, service.clock()):
                raise _settled()
        return SettledOut(id=letter_id, state="redriven")

    @router.post(
        "/v1/dead-letters/{letter_id}/discard",
        summary="Give a record up",
        responses=refuses("dead-letter-settled"),
    )
    async def discard_dead_letter(letter_id: uuid.UUID, request: Request, caller: Keeper, body: DiscardIn | None = None) -> SettledOut:
        """Puts the record aside for good; it stays on file for some time (`STAR_DEAD_LETTERS_SETTLED_KEPT`)."""
        service = _state(request)
        async with service.engine.begin() as connection:
            await _require_visible(connection, letter_id, caller)
            if not await box.discard(connection, letter_id, service.clock(), why=body.why if body is not None else None):
                raise _settled()
        return SettledOut(id=letter_id, state="discarded")

    return router


def _state(request: Request) -> ServiceState:
    return cast(ServiceState, service_state(request))


async def _many(
    service: ServiceState, caller: Principal, letters: Sequence[uuid.UUID], settle: Callable[[AsyncConnection, uuid.UUID], Awaitable[bool]]
) -> SettledManyOut:
    """Settles each of the letters that the caller may see, in one transaction."""
    rejected = []
    async with service.engine.begin() as connection:
        for index, letter in enumerate(letters):
            owner = await repository.owner_of(connection, letter)
            if owner is None or not caller.may_see(owner.school):
                detail = "there is no such dead letter"
                rejected.append(UnsettledOut(index=index, reason="unknown-dead-letter", detail=detail))
            elif not await settle(connection, letter):
                rejected.append(UnsettledOut(index=index, reason="dead-letter-settled", detail="it was redriven or discarded before"))
    return SettledManyOut(accepted=len(letters) - len(rejected), rejected=rejected)


async def _require_visible(connection: AsyncConnection, letter_id: uuid.UUID, caller: Principal) -> None:
    owner = await repository.owner_of(connection, letter_id)
    visible(owner, caller, ProblemError(HTTPStatus.NOT_FOUND, "unknown-dead-letter", "there is no such dead letter"))


def _settled() -> ProblemError:
    return ProblemError(HTTPStatus.CONFLICT, "dead-letter-settled", "this dead letter was redriven or discarded before")
