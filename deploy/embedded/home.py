"""The first page of a single-process run: where everything is."""

from collections.abc import Sequence

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, select_autoescape

from deploy.demo.school import NUMBER

_templates = Environment(loader=PackageLoader("deploy.embedded"), autoescape=select_autoescape())


def home_router(mounts: Sequence[str], *, docs: bool) -> APIRouter:
    """The page at `/`. `docs`: the documentation site is there, and led to."""
    router = APIRouter()
    services = [path for path in mounts if path != "/sandbox"]
    page = _templates.get_template("home.html").render(services=services, plan=f"/thresholds/plans/{NUMBER}", docs=docs)

    @router.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def home() -> str:
        return page

    return router
