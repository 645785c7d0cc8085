"""Templates become answers: strict about names that are missing, escaped everywhere, and without anything inline."""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from inspect import isfunction
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import uuid4

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block
from markupsafe import Markup
from starlette.responses import HTMLResponse

from services.console.frame import words
from services.console.frame.meanwhile import fingerprint
from services.console.frame.navigation import BASE
from services.console.frame.squares import Square, square
from shared.version import VERSION

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"

DRAWN: Final = 4096
"""Rows of squares that are kept drawn."""

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)


class Templates:
    """The templates of all pages."""

    def __init__(self, form_targets: str = "") -> None:
        self._environment = Environment(
            loader=FileSystemLoader([HERE / "templates", HERE.parent / "pages", HERE.parent]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(_filters())
        # Jinja leaves slashes as they are, and a school's key of a student may have one.
        self._environment.filters["urlencode"] = lambda value: quote(str(value), safe="")
        self._environment.filters["fingerprint"] = fingerprint
        self._environment.filters["squares"] = lambda days: tuple(square(day) for day in days)
        # Most students of a list have the same squares as others: they are drawn once.
        self._environment.globals["drawn_squares"] = lru_cache(DRAWN)(self._squares)
        self._environment.globals.update(base=BASE, version=VERSION, static=f"{BASE}/static/{VERSION}")
        # Drawn anew for each form that is shown: what it makes is made once, however often it is sent.
        self._environment.globals["new_key"] = lambda: str(uuid4())
        # Signing out leads on to the issuer's own page, which browsers take for a target of the form.
        self._policy = f"{_POLICY} {form_targets}".strip()

    def _squares(self, days: tuple[Square, ...], label: str) -> Markup:
        return Markup(self._environment.get_template("squares.html").render(days=days, label=label))  # noqa: S704

    def page(
        self, request: Request, template: str, context: Mapping[str, Any], *, block: str | None = None, status: int = HTTPStatus.OK
    ) -> HTMLResponse:
        """A page; for htmx, which swaps a part of one, the block alone."""
        if block is not None and is_fragment(request):
            html = render_block(self._environment, template, block, **context)
        else:
            html = self._environment.get_template(template).render(**context)
        headers = {
            "Content-Security-Policy": self._policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cache-Control": "no-store",
            "Vary": "HX-Request",
        }
        return HTMLResponse(html, status_code=status, headers=headers)


def _filters() -> dict[str, Any]:
    """Every function of `words` under its own name."""
    return {name: one for name, one in vars(words).items() if isfunction(one) and one.__module__ == words.__name__}


def is_fragment(request: Request) -> bool:
    """Whether htmx asks for a part of a page, rather than for a page out of the history."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-history-restore-request") != "true"
