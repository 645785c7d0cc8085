"""The containers of `compose.yaml` as processes, by their own commands and environments: a mark through to a letter."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from deploy.services import SETTINGS
from tests.e2e.school import School, eventually
from tests.support.containers import DEPLOY, Container, Machine, draw_secrets
from tests.support.processes import Process
from tests.support.stack import ClusterStack, cluster, started

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1200)]

SOON = {"STAR_HOLD": "PT0S", "STAR_LETTER_WINDOW": "any"}
"""Otherwise a letter waits for an hour, and for the morning."""

CONTAINERS: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
PARTS = [f"{service}-{kind}" for service in SETTINGS for kind in ("api", "worker")]


@contextmanager
def machine(folder: Path) -> Iterator[tuple[ClusterStack, Machine]]:
    """A broker, a database with the owner of the Compose file, and a mail catcher, under the containers' names for them."""
    with cluster(folder) as stack:
        secrets = draw_secrets(folder, folder / "postgres", stack.database_url.partition("?")[2])
        # The catcher stands beside the engine, and looks into its database for addresses that were erased.
        url = (secrets / "owner-database-url").read_text()
        stack.environment |= {"STAR_DATABASE_URL": url, "STAR_NOTIFIER_DATABASE_URL": url}
        hosts = {"kafka:9092": stack.broker.bootstrap, "mail:1025": f"127.0.0.1:{stack.smtp_port}"}
        yield stack.beside(None), Machine(folder, secrets, hosts)


def test_the_compose_file_carries_a_mark_to_a_letter(tmp_path: Path) -> None:
    with machine(tmp_path) as (stack, here):
        here.lay_out(PARTS)

        def container(name: str) -> Container:
            return Container(here, name, CONTAINERS[name]["command"], CONTAINERS[name]["environment"], SOON)

        container("migrate").finish()
        parts: dict[str, Process] = {name: container(name) for name in PARTS}
        with started([stack.sandbox_process]), started([*parts.values()]):
            stack.data = here.data
            stack.ports = {service: here.ports[f"{service}-api"] for service in stack.ports}
            school = School(stack, "1000")
            school.enrol(["100"])
            school.absent("100", 10)
            eventually(lambda: school.crossings("100"), [("100", 5, "up", 1)])
            eventually(lambda: len(school.letters("100")), 1)
            for name in PARTS:
                assert CONTAINERS[name]["healthcheck"]["test"] == ["CMD", "star", "health"]
            assert container("notifier-worker").finish("health").strip() == "ok"
            assert container("operator").finish("lag", "--json").startswith("{")
            assert "/console/" in container("operator").finish("console", "link", "--role", "principal")
            assert httpx.get(f"http://127.0.0.1:{here.ports['console-api']}/console/", follow_redirects=True, timeout=30).status_code == 200
