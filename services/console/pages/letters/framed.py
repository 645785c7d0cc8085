"""The frame in which a letter is shown."""

from typing import Final

from starlette.responses import HTMLResponse, Response

LETTER_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
"""A letter has its style in itself, runs nothing, and is shown in a frame of ours."""

OWN_POLICY: Final = "default-src 'none'; style-src 'self'; frame-ancestors 'self'"
"""A page of our own in such a frame."""


def framed(html: str) -> Response:
    """A letter's page as a frame shows it."""
    return HTMLResponse(html, headers={"Content-Security-Policy": LETTER_POLICY, "Cache-Control": "no-store"})
