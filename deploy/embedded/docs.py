"""The documentation site below `/docs/`, where it was built."""

import base64
import hashlib
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from starlette.exceptions import HTTPException
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

_NOT_FOUND: Final = """<!doctype html><html lang="en-NZ"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>No such page</title></head><body><main><h1>The documentation has no such page</h1>
<p><a href="{base}/">Its first page</a> leads to all others.</p>
<form action="{base}/search.html" role="search"><label>Search <input name="q" type="search"></label> <button>Search</button></form>
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
        policy = (
            f"default-src 'none'; script-src 'self' {digests}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
            "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )
        self._headers = {"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or a page that leads on from an address where nothing is."""
        try:
            return await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != HTTPStatus.NOT_FOUND:
                raise
            return HTMLResponse(_NOT_FOUND.format(base=scope.get("root_path", "")), status_code=HTTPStatus.NOT_FOUND, headers=self._headers)

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        """A file, with the policy."""
        response = super().file_response(*arguments, **options)
        response.headers.update(self._headers)
        return response


async def _not_built(scope: Scope, receive: Receive, send: Send) -> None:
    await HTMLResponse(_NOT_BUILT, status_code=404)(scope, receive, send)
