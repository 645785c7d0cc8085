"""Pages for people: the caught letters, each as a caregiver sees it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.sandbox.letter_box import LetterBox
from deploy.sandbox.letters import Letter, shown
from deploy.sandbox.ministry_store import MinistryStore
from deploy.sandbox.problems import ProblemError

_NEWEST = 200
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
# A letter is a stranger's HTML: it may look as it likes, but run nothing, fetch nothing and be no part of this origin,
# also when somebody opens it outside the frame.
_LETTER_HEADERS = PAGE_HEADERS | {
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
}

templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def page_router(box: LetterBox, ministry: MinistryStore) -> APIRouter:
    """`GET /` (the newest letters), `/mail/{key}.html`, the letter's own HTML and source beside it, and `/ministry.html` (the newest
    uploads)."""
    router = APIRouter(include_in_schema=False)

    def page(request: Request, name: str, **context: Any) -> HTMLResponse:
        # Mounted or alone: links start where this app does.
        html = templates.get_template(name).render(base=request.scope.get("root_path", ""), **context)
        return HTMLResponse(html, headers=PAGE_HEADERS)

    def existing(key: int) -> Letter:
        letter = box.letter(key)
        if letter is None:
            raise ProblemError(404, "no-such-letter", "There is no such letter")
        return letter

    @router.get("/")
    async def index(request: Request) -> HTMLResponse:
        letters = box.letters()
        return page(request, "index.html", letters=letters[: -_NEWEST - 1 : -1], total=len(letters))

    @router.get("/mail/{key:int}.html")
    async def letter(request: Request, key: int) -> HTMLResponse:
        return page(request, "letter.html", letter=existing(key))

    @router.get("/mail/{key:int}/body.html")
    async def body(key: int) -> HTMLResponse:
        return HTMLResponse(existing(key).html, headers=_LETTER_HEADERS)

    @router.get("/mail/{key:int}.eml")
    async def source(key: int) -> Response:
        raw = await box.source(existing(key).key)
        if raw is None:
            raise ProblemError(404, "no-such-letter", "There is no such letter")
        # As text, so that a browser shows it instead of handing it to a mail program.
        return Response(raw, media_type="text/plain; charset=utf-8", headers=_LETTER_HEADERS)

    @router.get("/ministry.html")
    async def uploads(request: Request) -> HTMLResponse:
        await ministry.load()
        kept = await ministry.items()
        newest = [item | {"received_here": shown(datetime.fromisoformat(item["received_at"]))} for item in kept[: -_NEWEST - 1 : -1]]
        return page(request, "ministry.html", uploads=newest, total=len(kept))

    return router
