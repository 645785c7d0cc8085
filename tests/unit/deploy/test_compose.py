"""`deploy/compose.yaml`: in the form of its specification, with settings, files and ports that there are, and nothing to guess."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from deploy.cli.environment import known_variables
from deploy.services import SETTINGS
from services.console.settings import ConsoleSettings
from services.notifier.partners.vault import parse_keys
from shared.settings import Settings

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
SCHEMA = ROOT / "tests" / "support" / "schemas" / "compose-spec.json"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
PARTS = {name: part for name, part in SERVICES.items() if part["image"].startswith("star:")}


def test_it_has_the_form_of_the_compose_specification() -> None:
    jsonschema.Draft7Validator(json.loads(SCHEMA.read_text())).validate(COMPOSE)


def test_each_service_has_an_api_and_a_worker_and_each_command_exists() -> None:
    expected = {f"{service}-{kind}": [word, service] for service in SETTINGS for kind, word in (("api", "serve"), ("worker", "work"))}
    assert {name: part["command"] for name, part in PARTS.items()} == {**expected, "migrate": ["migrate"], "operator": ["doctor"]}


def test_every_setting_of_the_engine_that_is_named_exists() -> None:
    named = {name for part in PARTS.values() for name in part["environment"]}
    assert named - known_variables() == set()
    assert PARTS["ingest-api"]["environment"]["STAR_BUS"] == "kafka"


def test_a_part_has_the_login_of_its_own_service_and_no_other() -> None:
    for name, part in PARTS.items():
        files = {Path(value).name for key, value in part["environment"].items() if key.endswith("_FILE")}
        assert files == set(part["secrets"]), name
        if name not in {"migrate", "operator"}:
            assert {file for file in files if file.endswith("database-url")} == {f"{name.rpartition('-')[0]}-database-url"}
    assert set(PARTS["migrate"]["secrets"]) >= {f"{service}-database-url" for service in SETTINGS} | {"owner-database-url"}


def test_addresses_within_lead_to_a_service_and_the_port_it_has() -> None:
    ports = {**dict.fromkeys(PARTS, 8000), "mail": 1025, "kafka": 9092, "prometheus": 9090}
    values = [str(value) for part in SERVICES.values() for value in part.get("environment", {}).values()]
    values += [target for job in scrapes() for target in job["targets"]]
    values.append(yaml.safe_load((DEPLOY / "compose/grafana/provisioning/datasources/prometheus.yml").read_text())["datasources"][0]["url"])
    named = {(host, int(port)) for value in values for host, port in re.findall(r"(?:^|//)([a-z-]+):(\d+)", value) if host != "localhost"}
    assert {host for host, port in named if ports.get(host) != port} == set()
    assert {host for host, _ in named} >= {"kafka", "mail", "ingest-api", "moe-sync-worker", "prometheus"}
    # The image serves where compose publishes.
    assert "STAR_PORT=8000" in (DEPLOY / "image/Containerfile").read_text()
    published = {name: part["ports"] for name, part in PARTS.items() if "ports" in part}
    usual = {
        f"{service}-api": ConsoleSettings.model_fields[f"console_{service.replace('-', '_')}_url"].default
        for service in SETTINGS
        if service != "console"
    }
    expected = {name: [f"127.0.0.1:{url.rpartition(':')[2]}:8000"] for name, url in usual.items()}
    assert published == {**expected, "console-api": [f"127.0.0.1:{Settings.model_fields['port'].default}:8000"]}


def scrapes() -> list[dict[str, Any]]:
    (job,) = yaml.safe_load((DEPLOY / "compose/prometheus.yml").read_text())["scrape_configs"]
    return list(job["static_configs"])


def test_prometheus_asks_every_part() -> None:
    asked = {target for job in scrapes() for target in job["targets"]}
    assert asked == {f"{name}:8000" for name in PARTS if name not in {"migrate", "operator"}}


def test_nothing_is_open_to_others_or_has_more_rights_than_it_needs() -> None:
    for name, part in SERVICES.items():
        assert part["cap_drop"] == ["ALL"], name
        assert part["security_opt"] == ["no-new-privileges:true"], name
        assert all(port.startswith("127.0.0.1:") for port in part.get("ports", [])), name
        assert "healthcheck" in part, name
        assert part.get("read_only") is True or name == "kafka", name


def test_secrets_are_drawn_and_stay(tmp_path: Path) -> None:
    for secret in COMPOSE["secrets"].values():
        assert Path(secret["file"]).parent == Path("compose/secrets")
    script = DEPLOY / "compose" / "secrets.sh"
    folder = tmp_path / "secrets"
    subprocess.run([script, folder], check=True, capture_output=True)
    drawn = {path.name: path.read_text() for path in folder.iterdir()}
    assert set(drawn) == set(COMPOSE["secrets"]) | {"owner-password"}
    assert len(set(drawn.values())) == len(drawn)
    assert min(len(value) for value in drawn.values()) >= 44
    assert folder.stat().st_mode & 0o777 == 0o700
    assert len(parse_keys(drawn["secrets-key"])) == 1
    assert Settings(database_url=drawn["ingest-database-url"]).database_url.endswith("@database/star")
    subprocess.run([script, folder], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in folder.iterdir()} == drawn


def test_every_file_that_is_mounted_is_there() -> None:
    mounted = [volume.split(":")[0] for part in SERVICES.values() for volume in part.get("volumes", []) if volume.startswith("./")]
    # Dashboards are drawn from the catalogue of metrics.
    missing = [path for path in mounted if not (DEPLOY / path).exists() and path != "./dashboards"]
    assert missing == []
