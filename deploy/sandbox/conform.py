"""The proving ground in the sandbox: the page of its cases, what its witness saw, and its outage."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, get_args

import httpx
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from deploy.conformance.access import ground_token
from deploy.conformance.cases import Door
from deploy.conformance.evidence import Evidence, EvidenceError
from deploy.conformance.ground import NUMBER, Ground
from deploy.conformance.report import CaseResult, results
from deploy.conformance.witness import LONGEST_OUTAGE, Witness
from deploy.sandbox.pages import PAGE_HEADERS, templates
from deploy.sandbox.problems import ProblemError

TIMEOUT: Final = 30.0
TOKEN_FOR: Final = timedelta(minutes=5)
APIS: Final = ("ingest", "thresholds", "notifier", "sandbox")


class OutageRequest(BaseModel):
    """How long the door is to be closed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    seconds: Annotated[int, Field(ge=1, le=LONGEST_OUTAGE)] = 60


class CasesQuery(BaseModel):
    """The door whose cases are shown."""

    model_config = ConfigDict(extra="forbid")

    door: Door = "rest"


def conform_router(witness: Witness, data: Path, base_url: str) -> APIRouter:
    """`GET /conform.html`, `GET /conform/requests`, `POST /conform/outage`. `base_url` is where the four services are mounted."""
    router = APIRouter(tags=["proving ground"])

    @router.get("/conform/requests")
    async def requests() -> JSONResponse:
        """Counts of the requests about the proving ground's school since this process started."""
        return JSONResponse(witness.seen())

    @router.post("/conform/outage", status_code=204)
    async def outage(request: OutageRequest) -> Response:
        """Has the door answer 503 to the proving ground's school for a while."""
        witness.close_the_door(request.seconds)
        return Response(status_code=204)

    @router.get("/conform.html", include_in_schema=False)
    async def page(request: Request, query: Annotated[CasesQuery, Query()]) -> HTMLResponse:
        try:
            ground = Ground.read(data)
            found = [] if ground is None else await _results(ground, query.door)
        except (EvidenceError, ValueError) as error:
            raise ProblemError(503, "no-evidence", str(error)) from error
        html = templates.get_template("conform.html").render(
            base=request.scope.get("root_path", ""),
            ground=ground,
            results=[result.as_json() for result in found],
            school=NUMBER,
            door=query.door,
            doors=get_args(Door),
        )
        return HTMLResponse(html, headers=PAGE_HEADERS)

    async def _results(ground: Ground, door: Door) -> list[CaseResult]:
        headers = {"Authorization": f"Bearer {ground_token(data, TOKEN_FOR)}"}
        async with httpx.AsyncClient(headers=headers, timeout=TIMEOUT, trust_env=False) as http:
            return await results(Evidence(http, ground, {api: f"{base_url}/{api}" for api in APIS}), door)

    return router
