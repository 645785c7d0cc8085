"""The sandbox over HTTP: the caught mail as data and as pages, and the Ministry."""

from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from deploy.sandbox.mail import MailCatcher
from deploy.sandbox.ministry import ministry_router
from deploy.sandbox.ministry_store import MinistryStore
from deploy.sandbox.pages import page_router
from deploy.sandbox.problems import install_problem_handlers
from shared.version import VERSION
from shared.web.docs_pages import create_documented_app


class MailQuery(BaseModel):
    """The messages to list: to an envelope recipient, the newest so many."""

    model_config = ConfigDict(extra="forbid")

    to: str | None = None
    limit: Annotated[int, Field(ge=1)] | None = None


class MailFault(BaseModel):
    """A failure of the next so many messages: this SMTP code at RCPT, for all of them or those to one address."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[int, Field(ge=400, le=599)]
    times: Annotated[int, Field(ge=1)] | None = None
    recipient: str | None = None


def create_sandbox(mail: MailCatcher, ministry: MinistryStore, proving: APIRouter | None = None) -> FastAPI:
    """An app to mount at `/sandbox`; it needs no lifespan, and `mail` is started and stopped by whoever made it.

    `proving` has the routes of the proving ground, where there is one.
    """
    app = create_documented_app(title="Sandbox", version=VERSION, summary="Caught mail and a Ministry, on this machine only")
    install_problem_handlers(app)
    app.include_router(page_router(mail.box, ministry))
    app.include_router(ministry_router(ministry))
    if proving is not None:
        app.include_router(proving)

    @app.get("/mail", tags=["mail"])
    async def messages(query: Annotated[MailQuery, Query()]) -> JSONResponse:
        """`{"messages": [{"to", "from", "subject", "text", "html", "message_id", "received_at"}]}`, newest last."""
        return JSONResponse({"messages": mail.box.messages(to=query.to, limit=query.limit)})

    @app.delete("/mail", status_code=204, tags=["mail"])
    async def clear() -> Response:
        """Throws away the caught mail."""
        await mail.box.clear()
        return Response(status_code=204)

    @app.post("/mail/faults", status_code=204, tags=["mail"])
    async def fail(fault: MailFault) -> Response:
        """Makes the mail server refuse; without `times`, until the faults are cleared."""
        mail.refuse(fault.code, fault.times, fault.recipient)
        return Response(status_code=204)

    @app.delete("/mail/faults", status_code=204, tags=["mail"])
    async def mend() -> Response:
        """Clears the mail server's faults."""
        mail.clear_faults()
        return Response(status_code=204)

    return app
