"""One version: of the package, the command, the health answer, the metric and the documents."""

import tomllib
from pathlib import Path

import httpx

from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from shared.version import VERSION
from tests.support.processes import run_star
from tests.support.servers import serving

PROJECT = Path(__file__).parents[3]


def test_the_command_says_the_projects_version() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    assert run_star(["--version"], {}) == f"star {project['version']}", "install the project anew: make install"


async def test_a_service_says_it_everywhere(database_url: str, tmp_path: Path) -> None:
    app = create_app(IngestSettings(data=tmp_path, database_url=database_url))
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as http:
        assert (await http.get("/healthz")).json()["version"] == VERSION
        assert (await http.get("/openapi.json")).json()["info"]["version"] == VERSION
        assert f'star_build_info{{version="{VERSION}"}} 1.0' in (await http.get("/metrics")).text
