"""The documentation site below `/docs/`, where it was built."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any, Final

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

import deploy

BUILT: Final = Path(deploy.__file__).resolve().parents[1] / "build" / "docs"
"""The folder into which `make docs` puts the site."""

_INLINE: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_NOT_BUILT: Final = """<!doctype html><html lang="en-NZ"><head><meta charset="utf-8"><title>Documentation</title></head><body><main>
<h1>The documentation was not built</h1><p><code>make docs</code> builds it. The same pages lie in the folder <code>docs</code>.</p>
</main></body></html>"""


def is_built(folder: Path = BUILT) -> bool:
    """Whether `make docs` has built the site."""
    return (folder / "index.html").exists()


def docs_app(folder: Path = BUILT) -> ASGIApp:
    """The site; where it was not built, a page that says how."""
    return _Site(folder) if is_built(folder) else _not_built


class _Site(StaticFiles):
    """The files, with a policy that allows no other host, and of inline scripts only those that the pages were built with."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True)
        scripts = {script for page in folder.rglob("*.html") for script in _INLINE.findall(page.read_bytes())}
        digests = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'" for script in sorted(scripts))
        self._policy = (
            f"default-src 'none'; script-src 'self' {digests}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
            "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        """A file, with the policy."""
        response = super().file_response(*arguments, **options)
        response.headers["Content-Security-Policy"] = self._policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


async def _not_built(scope: Scope, receive: Receive, send: Send) -> None:
    await HTMLResponse(_NOT_BUILT, status_code=404)(scope, receive, send)
