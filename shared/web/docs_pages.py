"""The pages of an app's OpenAPI document, `/docs` and `/redoc`, which are the only ones of ours with scripts.

The scripts come from the package, not from a CDN: a school's network may not reach it, nor should it have to. The policy of the page
allows those files, and by its digest the line that starts them.
"""

import base64
import hashlib
import re
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi_offline import FastAPIOffline

_STATIC: Final = "/static-offline-docs"
_INLINE: Final = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
_REST: Final = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Both libraries write styles into the page, and ReDoc searches in a worker of its own making."""


def create_documented_app(**options: Any) -> FastAPI:
    """A FastAPI app with the two pages; the options are FastAPI's."""
    # FastAPI's own traces would have paths in them, which name students; whether they are wanted would be asked at each request.
    telemetry = {"tracing": False, "metrics": False, "logs": False}
    app = FastAPIOffline(docs_url=None, redoc_url=None, static_url=_STATIC, telemetry=telemetry, **options)

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        return _with_policy(
            get_swagger_ui_html(
                openapi_url=f"{root}{app.openapi_url}",
                title=f"{app.title} - Swagger UI",
                swagger_js_url=f"{root}{_STATIC}/swagger-ui-bundle.js",
                swagger_css_url=f"{root}{_STATIC}/swagger-ui.css",
                swagger_favicon_url=f"{root}{_STATIC}/favicon.png",
            )
        )

    @app.get("/redoc", include_in_schema=False)
    async def redoc(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        return _with_policy(
            get_redoc_html(
                openapi_url=f"{root}{app.openapi_url}",
                title=f"{app.title} - ReDoc",
                redoc_js_url=f"{root}{_STATIC}/redoc.standalone.js",
                with_google_fonts=False,
                redoc_favicon_url=f"{root}{_STATIC}/favicon.png",
            )
        )

    return app


def _with_policy(page: HTMLResponse) -> HTMLResponse:
    digests = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in _INLINE.findall(bytes(page.body))]
    scripts = " ".join(["script-src 'self'", *(f"'sha256-{digest}'" for digest in digests)])
    page.headers["Content-Security-Policy"] = f"{scripts}; {_REST}"
    return page
