"""The Ministry's end of the weekly upload, as strict and as moody as a sender must be able to bear."""

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from deploy.sandbox.ministry_document import read_upload
from deploy.sandbox.ministry_faults import FaultsRequest, MinistryFaults
from deploy.sandbox.ministry_store import MinistryStore
from deploy.sandbox.ministry_wire import check_wire, document_bytes, read_body
from deploy.sandbox.problems import install_problem_handlers


class UploadsQuery(BaseModel):
    """Which uploads to list."""

    model_config = ConfigDict(extra="forbid")

    school: str | None = None
    week: str | None = None


def create_ministry(folder: Path) -> FastAPI:
    """The Ministry alone, serving `/ministry/...`; the folder is made when missing and read at the first request."""
    app = FastAPI(title="A Ministry for the sandbox", version="1")
    install_problem_handlers(app)
    app.include_router(ministry_router(folder))
    return app


def ministry_router(folder: Path) -> APIRouter:
    """The routes alone; the app around them needs `install_problem_handlers`."""
    router = APIRouter(prefix="/ministry", tags=["ministry"])
    store, faults = MinistryStore(folder), MinistryFaults()

    @router.post("/uploads")
    async def upload(request: Request) -> JSONResponse:
        """Takes an upload, once for each Idempotency-Key.

        200 `{"receipt", "status": "accepted" | "partly-accepted", "rejects": [{"item", "reason"}]}`, and the very same again for
        the same key and bytes. Problems: 400 a header missing or wrong or an untrue digest, 413, 415, 422 an invalid document
        (with `errors`) or a key that came with other bytes before; whatever fault is in force.
        """
        body = await read_body(request)
        # Also a fault comes after the body: an answer in the middle of it reads as a broken connection.
        faults.strike(after_storing=False)
        wired = check_wire(request, body)
        await store.load()
        answer = store.answer_to(wired)
        if answer is None:
            document = await asyncio.to_thread(lambda: read_upload(document_bytes(wired)))
            answer = await store.accept(wired, document, faults.unwanted)
        faults.strike(after_storing=True)
        return JSONResponse(answer)

    @router.get("/uploads")
    async def uploads(query: Annotated[UploadsQuery, Query()]) -> JSONResponse:
        """`{"items": [...]}`, one for each distinct upload accepted, oldest first: the document with its answer, key and time."""
        await store.load()
        return JSONResponse({"items": await store.items(school=query.school, week=query.week)})

    @router.post("/faults")
    async def set_faults(request: FaultsRequest) -> JSONResponse:
        """Puts a fault in force, and answers with all that is: `{"status", "times", "retry_after", "after_storing", "reject"}`."""
        faults.set(request)
        return JSONResponse(faults.state())

    @router.delete("/faults", status_code=204)
    async def clear_faults() -> Response:
        """Ends all faults."""
        faults.clear()
        return Response(status_code=204)

    return router
