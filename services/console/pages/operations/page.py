"""`/console/operations`: the state of everything, its JSON, the documents with try-it-out, and the dead letters."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import Path as PathParameter
from fastapi import Request
from starlette.responses import JSONResponse, Response

from services.console.asking.apis import NAMES
from services.console.asking.part import Part
from services.console.frame.forms import form
from services.console.frame.navigation import BASE, OPERATIONS
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.frame.words import count
from services.console.pages.operations.forms import DeadLettersForm, Service
from services.console.pages.operations.runbooks import runbook
from services.console.pages.operations.view import OperationsView, document_address, operations_view
from services.console.state import state_of
from shared.parts import repository as parts
from shared.parts.figures import part_out
from shared.web.body import read_body

router = PageRouter()

MOST_BODY: Final = 8 * 1024 * 1024
SHOWN: Final = 100
OPEN: Final = ("v1/", "plans/", "schemas/", "asyncapi", "healthz", "readyz", "metrics")
"""Beginnings of the paths that a document's try-it-out may ask."""

_DOCUMENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Swagger UI writes styles into its page."""


@router.get("/operations", OPERATIONS.needs)
async def operations(visit: VisitHere) -> Response:
    """The page; it refreshes itself."""
    view = await _view(visit)
    return visit.show("operations/operations.html", OPERATIONS, block="live", view=view, document=document_address, services=NAMES)


@router.get("/operations.json", OPERATIONS.needs)
async def operations_json(visit: VisitHere) -> Response:
    """The same as JSON."""
    return JSONResponse((await _view(visit)).as_json(), headers={"Cache-Control": "no-store"})


@router.get("/operations/runbooks/{name}", OPERATIONS.needs)
async def runbook_page(visit: VisitHere, name: Annotated[str, PathParameter(pattern="^[a-z][a-z-]{0,60}$")]) -> Response:
    """The steps that lead out of a finding."""
    title, text = runbook(name) or (name.replace("-", " ").capitalize(), None)
    return visit.show("operations/runbook.html", OPERATIONS, title=title, text=text, name=name)


@router.get("/operations/documents/{service}.json", OPERATIONS.needs)
async def document_json(visit: VisitHere, service: Service) -> Response:
    """A service's OpenAPI document, whose operations are tried as the person who is signed in."""
    answer = await visit.apis.named(service).get("/openapi.json")
    document = answer.data
    if document is None:
        return JSONResponse({"detail": f"{service} can't be reached now"}, status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    document["servers"] = [{"url": f"{BASE}/operations/try/{service}", "description": "As you, through the console"}]
    document.get("components", {}).pop("securitySchemes", None)
    for item in document["paths"].values():
        for operation in item.values():
            operation.pop("security", None)
    return JSONResponse(document, headers={"Cache-Control": "no-store"})


@router.get("/operations/documents/{service}", OPERATIONS.needs)
async def document_page(visit: VisitHere, service: Service) -> Response:
    """The document as a page."""
    answer = visit.show("operations/document.html", OPERATIONS, title=f"The API of {service}", service=service, services=NAMES)
    answer.headers["Content-Security-Policy"] = _DOCUMENT_POLICY
    return answer


@router.every_method("/operations/try/{service}/{path:path}", OPERATIONS.needs)
async def try_it_out(visit: VisitHere, request: Request, service: Service, path: str) -> Response:
    """One request to a service with the person's own token, and its answer as it is."""
    if not path.startswith(OPEN) or ".." in path:
        raise NotThereError
    body = await read_body(request, MOST_BODY)
    kept = {name: value for name, value in request.headers.items() if name in ("accept", "content-type")}
    answer = await visit.apis.named(service).relay(request.method, f"/{path}", request.url.query, kept, body)
    if answer is None:
        return JSONResponse({"detail": f"{service} can't be reached now"}, status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'"}
    media_type = answer.headers.get("content-type", "application/octet-stream")
    return Response(answer.content, status_code=answer.status_code, media_type=media_type, headers=headers)


@router.get("/operations/work", OPERATIONS.needs)
async def work_items(
    visit: VisitHere, service: Service, kind: str, state: Literal["waiting", "failed"] = "waiting", cursor: str | None = None
) -> Response:
    """The work items of one kind that wait, or failed."""
    asked = visit.apis.named(service).get("/v1/work-items", kind=kind, state=state, cursor=cursor, limit=SHOWN)
    found = await visit.ask(items=asked)
    view = {"items": found["items"], "service": service, "kind": kind, "state": state}
    return visit.show("operations/work.html", OPERATIONS, view, title=f"Work of {service}: {kind}")


@router.get("/operations/dead-letters", OPERATIONS.needs)
async def dead_letters(
    visit: VisitHere, service: Service, reason: str | None = None, topic: str | None = None, cursor: str | None = None
) -> Response:
    """The dead letters of a service that wait, without what is in them."""
    asked = visit.apis.named(service).get("/v1/dead-letters", reason=reason, topic=topic, cursor=cursor, limit=SHOWN)
    found = await visit.ask(letters=asked)
    view = {"letters": found["letters"], "service": service, "reason": reason, "topic": topic}
    return visit.show("operations/dead_letters.html", OPERATIONS, view, title=f"Dead letters of {service}")


@router.get("/operations/dead-letters/{service}/{letter}", OPERATIONS.needs)
async def dead_letter(visit: VisitHere, service: Service, letter: UUID) -> Response:
    """One dead letter: where it came from, why it could not be applied, how large it is, and what became of it."""
    found = (await visit.ask(letter=visit.apis.named(service).get(f"/v1/dead-letters/{letter}")))["letter"]
    if found.failure is not None and found.failure.why == "absent":
        raise NotThereError
    return visit.show("operations/dead_letter.html", OPERATIONS, title=f"A dead letter of {service}", letter=found, service=service)


@router.post("/operations/dead-letters", OPERATIONS.needs)
async def decide(visit: VisitHere, body: Annotated[DeadLettersForm, form(DeadLettersForm)]) -> Response:
    """Redrives or discards those that were chosen."""
    sent: dict[str, Any] = {"letters": [str(letter) for letter in body.letter]}
    if body.act == "discard":
        sent["why"] = body.why
    answer = await visit.apis.named(body.service).send("POST", f"/v1/dead-letters/{body.act}", sent)
    return visit.leave(f"{BASE}/operations/dead-letters?service={body.service}", _done(body, answer))


def _done(body: DeadLettersForm, answer: Part[Any]) -> str:
    if answer.failure is not None:
        return f"Nothing was changed: {answer.failure.detail or 'the service can not be reached now'}."
    done = "put on their topics again" if body.act == "redrive" else "set aside"
    rest = len((answer.data or {}).get("rejected", []))
    more = f" {count(rest, 'was', 'were')} settled before." if rest else ""
    return f"{count((answer.data or {})['accepted'], 'dead letter')} {done}.{more}"


async def _view(visit: Visit) -> OperationsView:
    """The services and the console in their own words."""
    questions: dict[str, Awaitable[Part[Any]]] = {}
    for api in visit.apis.all():
        for name in ("parts", "operations", "backlog"):
            questions[f"{api.name}.{name}"] = api.get(f"/v1/{name}")
    answers = await visit.ask(**questions)
    async with state_of(visit.request).engine.connect() as connection:
        own = [part_out("console", part).model_dump(mode="json") for part in await parts.listed(connection)]
    return operations_view(answers, NAMES, own)
