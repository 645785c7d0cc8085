"""The pods of the Helm chart as processes, by the arguments, variables and probes of its documents: a mark through to a letter."""

import base64
import os
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.services import SETTINGS
from shared.auth.keys import key_in
from tests.e2e.school import School, eventually
from tests.support.containers import PART_PORT, Container, Machine, draw_secrets, image_environment
from tests.support.helm import pods, rendered
from tests.support.stack import ALL_SCOPES, cluster, started
from tests.support.tokens import bearer
from tests.unit.shared.auth.issuer import Issuer, running_issuer

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1800)]


class Pod(Container):
    """A pod of the chart with a volume of its own, on this machine."""

    def __init__(self, machine: Machine, name: str, pod: dict[str, Any]) -> None:
        (container,) = pod["containers"]
        assert "command" not in container, "the image's entry point is `star`"
        own = machine.folder / f"{name}-volume"
        own.mkdir(mode=0o700)
        environment = {item["name"]: item["value"] for item in container["env"]}
        super().__init__(machine, name, container["args"], environment, {"STAR_DATA": str(own)})
        self._container = container
        self._port = machine.ports.get(name)

    def probe(self, name: str) -> int:
        """The status that a probe's path answers at its port."""
        asked = self._container[name]["httpGet"]
        ports = {port["name"]: port["containerPort"] for port in self._container["ports"]}
        assert ports[asked["port"]] == PART_PORT == int(image_environment()["STAR_PORT"])
        return httpx.get(f"http://127.0.0.1:{self._port}{asked['path']}", timeout=30).status_code


def token(issuer: Issuer, school: str) -> str:
    now = int(time.time())
    claims = {"sub": "sms", "aud": "star", "iat": now, "exp": now + 3600, "scope": ALL_SCOPES, "schools": [school]}
    return issuer.token(claims)


def test_the_pods_start_by_their_documents_answer_their_probes_and_carry_a_mark_to_a_letter(tmp_path: Path) -> None:
    with cluster(tmp_path) as neighbours, running_issuer() as issuer:
        secrets = draw_secrets(tmp_path, tmp_path / "postgres", neighbours.database_url.partition("?")[2])
        # The catcher stands beside the engine, and looks into its database for addresses that were erased.
        url = (secrets / "owner-database-url").read_text()
        neighbours.environment |= {"STAR_DATABASE_URL": url, "STAR_NOTIFIER_DATABASE_URL": url}
        stack = neighbours.beside(None)
        values = {
            "kafka": {"bootstrap": stack.broker.bootstrap},
            "oidc": {"issuer": issuer.url},
            "ministry": {"url": f"{stack.sandbox}/ministry"},
            "settings": {"STAR_HOLD": "PT0S", "STAR_LETTER_WINDOW": "any"},
        }
        documents = dict(pods(rendered(tmp_path, values)))
        (secrets / "secrets-key").write_bytes(base64.urlsafe_b64encode(os.urandom(32)))
        (secrets / "smtp-url").write_text(f"smtp://127.0.0.1:{stack.smtp_port}")
        key_in(secrets / "transfer-key.pem")
        machine = Machine(tmp_path, secrets, {})
        names = [name for name in documents if name != "star-migrate"]
        machine.lay_out(names)
        Pod(machine, "star-migrate", documents["star-migrate"]).finish()
        parts = {name: Pod(machine, name, documents[name]) for name in names}
        assert set(parts) == {f"star-{service}-{kind}" for service in SETTINGS for kind in ("api", "worker")}
        with started([stack.sandbox_process]), started([*parts.values()]):
            for pod in parts.values():
                assert (pod.probe("startupProbe"), pod.probe("livenessProbe")) == (200, 200)
            eventually(lambda: {name for name, pod in parts.items() if pod.probe("readinessProbe") != 200}, set())
            stack.ports = {service: machine.ports[f"star-{service}-api"] for service in stack.ports}
            school = School(stack, "1000")
            school.auth = bearer(token(issuer, school.number))
            school.enrol(["100"])
            school.absent("100", 10)
            eventually(lambda: school.crossings("100"), [("100", 5, "up", 1)])
            eventually(lambda: len(school.letters("100")), 1)
            console = f"http://127.0.0.1:{machine.ports['star-console-api']}/console/"
            assert "<h1" in httpx.get(console, follow_redirects=True, timeout=30).raise_for_status().text
            for pod in parts.values():
                assert pod.stop() == 0, pod.output.read_text()[-3000:]
