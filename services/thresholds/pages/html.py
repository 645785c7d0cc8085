"""Pages for people: HTML without scripts, from templates that escape all their values, on the house's style (`style.css`)."""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from shared.web.headers import has_any_tag

ROOT: Final = Path(__file__).parents[1]

PUBLIC_FOR: Final = 300
"""Seconds for which a public page may be shown from a cache: a new version is seen by everybody within five minutes."""


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([ROOT / "pages", *(ROOT / noun / "templates" for noun in ("plans", "reports"))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["style"] = Markup(_style())  # noqa: S704 - our own file
    return environment


@cache
def _style() -> str:
    return (ROOT / "pages" / "style.css").read_text()


@cache
def policy() -> str:
    """The Content-Security-Policy: nothing runs, nothing is fetched, pictures are in the page, and only the house's own style applies."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def render(template: str, values: Mapping[str, Any]) -> str:
    """The page of a template. Raises jinja2.UndefinedError for a template that names a value that is not given."""
    return _environment().get_template(template).render(values)


def public(request: Request, content: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """The answer with public content and these headers besides, or 304 where the client has it already."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    own = {
        "ETag": etag,
        "Cache-Control": f"public, max-age={PUBLIC_FOR}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    } | dict(headers)
    if has_any_tag(request.headers.get("if-none-match"), {etag}):
        return Response(status_code=304, headers=own)
    return Response(content, media_type=media_type, headers=own)
