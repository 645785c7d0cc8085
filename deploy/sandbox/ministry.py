"""The Ministry's end of the weekly upload, as strict and as moody as a sender must be able to bear."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.sandbox.ministry_document import read_upload
from deploy.sandbox.ministry_faults import FaultsRequest, MinistryFaults
from deploy.sandbox.ministry_sessions import Sessions
from deploy.sandbox.ministry_store import MinistryStore
from deploy.sandbox.ministry_tokens import OAuthError, Tokens
from deploy.sandbox.ministry_wire import Wired, check_envelope, one_header, open_envelope, read_body
from deploy.sandbox.problems import ProblemError, install_problem_handlers


class UploadsQuery(BaseModel):
    """Which uploads to list."""

    model_config = ConfigDict(extra="forbid")

    school: str | None = None
    week: str | None = None


class ItemsQuery(BaseModel):
    """Whose items to list."""

    model_config = ConfigDict(extra="forbid")

    school: str


class SessionIn(BaseModel):
    """How many bytes an upload in chunks will have."""

    model_config = ConfigDict(extra="forbid", strict=True)

    size: Annotated[int, Field(gt=0)]


def create_ministry(folder: Path, *, tokens: Tokens | None = None) -> FastAPI:
    """The Ministry alone, serving `/ministry/...`; the folder is made when missing and read at the first request."""
    app = FastAPI(title="A Ministry for the sandbox", version="1")
    install_problem_handlers(app)
    app.include_router(ministry_router(folder, tokens=tokens))
    return app


def ministry_router(folder: Path, *, tokens: Tokens | None = None) -> APIRouter:
    """The routes alone; the app around them needs `install_problem_handlers`. `tokens` decides whether uploads need one."""
    router = APIRouter(prefix="/ministry", tags=["ministry"])
    desk = _Desk(MinistryStore(folder), MinistryFaults(), tokens or Tokens())
    _add_uploads(router, desk)
    _add_sessions(router, desk)
    _add_faults(router, desk)
    return router


@dataclass(frozen=True, slots=True)
class _Desk:
    store: MinistryStore
    faults: MinistryFaults
    tokens: Tokens

    async def take(self, wired: Wired) -> JSONResponse:
        """Accepts an upload, or says again what was said of it before."""
        await self.store.load()
        answer = self.store.answer_to(wired)
        if answer is None:
            document = await asyncio.to_thread(lambda: read_upload(wired.document))
            answer = await self.store.accept(wired, document, self.faults.unwanted)
        self.faults.strike(after_storing=True)
        return JSONResponse(answer)


def _add_uploads(router: APIRouter, desk: _Desk) -> None:
    @router.post("/uploads")
    async def upload(request: Request) -> JSONResponse:
        """Takes an upload, once for each Idempotency-Key.

        200 `{"receipt", "status": "accepted" | "partly-accepted", "rejects": [{"item", "reason", "code"?}]}`, and the very same again
        for the same key and document. Problems: 400 a header missing or wrong or an untrue digest, 401, 413, 415, 422 an invalid
        document (with `errors`) or a key that came with another document before; whatever fault is in force.
        """
        body = await read_body(request)
        # Also a fault comes after the body: an answer in the middle of it reads as a broken connection.
        desk.tokens.check(request)
        desk.faults.strike(after_storing=False)
        return await desk.take(await asyncio.to_thread(open_envelope, check_envelope(request), body))

    @router.post("/token")
    async def token(request: Request) -> JSONResponse:
        """A bearer token for client credentials (RFC 6749), by Basic authentication or in the form."""
        form = dict(parse_qsl((await read_body(request)).decode(errors="replace")))
        uncached = {"Cache-Control": "no-store"}
        try:
            return JSONResponse(desk.tokens.issue(form, request.headers.get("authorization")), headers=uncached)
        except OAuthError as error:
            return JSONResponse({"error": error.error}, error.status, uncached)

    @router.get("/uploads")
    async def uploads(query: Annotated[UploadsQuery, Query()]) -> JSONResponse:
        """`{"items": [...]}`, one for each distinct upload accepted, oldest first: the document with its answer, key and time."""
        await desk.store.load()
        return JSONResponse({"items": await desk.store.items(school=query.school, week=query.week)})

    @router.get("/items")
    async def items(query: Annotated[ItemsQuery, Query()]) -> JSONResponse:
        """`{"items": [...]}`: a school's records and responses as they stand by all that was accepted."""
        await desk.store.load()
        return JSONResponse({"items": desk.store.accepted(query.school)})


def _add_sessions(router: APIRouter, desk: _Desk) -> None:
    sessions = Sessions()

    @router.post("/upload-sessions")
    async def open_session(request: Request) -> JSONResponse:
        """Begins an upload in chunks, or goes on with the one of this key: `{"session", "offset", "size"}`, 201 for a new one."""
        body = await read_body(request)
        desk.tokens.check(request)
        desk.faults.strike(after_storing=False)
        try:
            said = SessionIn.model_validate_json(body)
        except ValidationError:
            raise ProblemError(422, "invalid-request", 'The body must be {"size": bytes}') from None
        session, new = sessions.open(check_envelope(request), said.size)
        return JSONResponse(session.state, 201 if new else 200, {"Location": f"/ministry/upload-sessions/{session.id}"})

    @router.get("/upload-sessions/{session}")
    async def get_session(session: str, request: Request) -> JSONResponse:
        """How much of it is there."""
        desk.tokens.check(request)
        return JSONResponse(sessions.get(session).state)

    @router.put("/upload-sessions/{session}")
    async def put_chunk(session: str, request: Request) -> JSONResponse:
        """Takes the chunk that Content-Range names; 409 with the offset to go on from when it is not the next one."""
        piece = await read_body(request)
        desk.tokens.check(request)
        found = sessions.get(session)
        desk.faults.strike(after_storing=False)
        taken = sessions.put(found, one_header(request, "Content-Range"), piece)
        return JSONResponse(found.state, 200 if taken else 409)

    @router.post("/upload-sessions/{session}/finalise")
    async def finalise(session: str, request: Request) -> JSONResponse:
        """The chunks are an upload now; answered as one that came in one piece."""
        desk.tokens.check(request)
        found = sessions.get(session)
        desk.faults.strike(after_storing=False)
        answer = await desk.take(await asyncio.to_thread(open_envelope, found.envelope, bytes(found.content)))
        sessions.forget(found)
        return answer


def _add_faults(router: APIRouter, desk: _Desk) -> None:
    @router.post("/faults")
    async def set_faults(request: FaultsRequest) -> JSONResponse:
        """Puts a fault in force, and answers with all that is: `{"status", "times", "retry_after", "after_storing", "reject"}`."""
        desk.faults.set(request)
        return JSONResponse(desk.faults.state())

    @router.delete("/faults", status_code=204)
    async def clear_faults() -> Response:
        """Ends all faults."""
        desk.faults.clear()
        return Response(status_code=204)
