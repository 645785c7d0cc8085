"""The Ministry's end of the weekly upload, as strict and as moody as a sender must be able to bear."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from deploy.sandbox.ministry_document import read_upload
from deploy.sandbox.ministry_faults import FaultsRequest, MinistryFaults
from deploy.sandbox.ministry_store import MinistryStore
from deploy.sandbox.ministry_tokens import OAuthError, Tokens
from deploy.sandbox.ministry_wire import Wired, check_envelope, open_envelope, read_body
from deploy.sandbox.problems import install_problem_handlers


class UploadsQuery(BaseModel):
    """The uploads to list."""

    model_config = ConfigDict(extra="forbid")

    school: str | None = None
    week: str | None = None


class ItemsQuery(BaseModel):
    """The school whose items to list."""

    model_config = ConfigDict(extra="forbid")

    school: str


def create_ministry(folder: Path, *, tokens: Tokens | None = None) -> FastAPI:
    """The Ministry alone, serving `/ministry/...`; the folder is made when missing and read at the first request."""
    app = FastAPI(title="A Ministry for the sandbox", version="1")
    install_problem_handlers(app)
    app.include_router(ministry_router(MinistryStore(folder), tokens=tokens))
    return app


def ministry_router(store: MinistryStore, *, tokens: Tokens | None = None) -> APIRouter:
    """The routes alone; the app around them needs `install_problem_handlers`. `tokens` decides whether uploads need one."""
    router = APIRouter(prefix="/ministry", tags=["ministry"])
    desk = _Desk(store, MinistryFaults(), tokens or Tokens())
    _add_uploads(router, desk)
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
