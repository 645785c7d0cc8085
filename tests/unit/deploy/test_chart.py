"""`deploy/helm/star`: rendered by Helm, in the form of the Kubernetes API, with settings, ports, names and secrets that there are."""

import json
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.cli.environment import known_variables
from deploy.services import SETTINGS
from shared.telemetry import metrics
from shared.version import VERSION
from tests.support.helm import CHART, KUBERNETES, helm, pods, rendered

LEAST = {"kafka": {"bootstrap": "kafka.example.nz:9092"}, "oidc": {"issuer": "https://login.example.nz"}}
MOST = {
    "kafka": {"bootstrap": "kafka.example.nz:9092", "security": "sasl_tls", "secret": "star-kafka"},
    "oidc": {"issuer": "https://login.example.nz", "consoleSecret": "star-console"},
    "ministry": {"url": "https://up.example.nz", "tokenUrl": "https://login.example.nz/t", "clientId": "star", "secret": "star-ministry"},
    "console": {"host": "star.example.nz", "ingressClass": "nginx", "tlsSecret": "star-tls"},
    "autoscaling": {"workers": True},
    "serviceMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "settings": {"STAR_HOLD": "PT2H"},
    "podAnnotations": {"example.nz/team": "schools"},
    "nodeSelector": {"pool": "schools"},
    "tolerations": [{"key": "schools", "operator": "Exists"}],
    "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": ["pull"]},
}
OPERATORS = {"ScaledObject", "ServiceMonitor"}
"""Kinds of others' operators, whose schemas are not in Kubernetes."""


def named(documents: list[dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == kind}


@pytest.fixture(params=[LEAST, MOST], ids=["least", "most"])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> list[dict[str, Any]]:
    return rendered(tmp_path, request.param)


def test_every_document_has_the_form_of_its_api(documents: list[dict[str, Any]]) -> None:
    for document in documents:
        if document["kind"] not in OPERATORS:
            kubernetes_validate.validate(document, "1.34", strict=True)


def test_each_service_has_an_api_and_a_worker_with_probes_and_no_rights(documents: list[dict[str, Any]]) -> None:
    expected = {f"star-{service}-{kind}": [word, service] for service in SETTINGS for kind, word in (("api", "serve"), ("worker", "work"))}
    assert {name: pod["containers"][0]["args"] for name, pod in pods(documents)} == {**expected, "star-migrate": ["migrate"]}
    for name, pod in pods(documents):
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        if name != "star-migrate":
            paths = {probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
            assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def test_every_setting_exists_and_every_file_is_mounted_from_a_secret(documents: list[dict[str, Any]]) -> None:
    for name, pod in pods(documents):
        (container,) = pod["containers"]
        environment = {item["name"]: item.get("value") for item in container["env"]}
        assert set(environment) - known_variables() == set(), name
        assert len(environment) == len(container["env"]), name
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert set(mounts) == {volume["name"] for volume in pod["volumes"]}, name
        there = {
            f"{mounts[volume['name']]}/{item['path']}" for volume in pod["volumes"] for item in volume.get("secret", {}).get("items", [])
        }
        read = {value for value in environment.values() if str(value).startswith("/run/secrets")}
        assert read == there, name
        if name != "star-migrate":
            service = name.removeprefix("star-").rpartition("-")[0]
            assert environment["STAR_DATABASE_URL_FILE"].endswith(f"/{service}-database-url")


def test_ports_and_names_agree(documents: list[dict[str, Any]]) -> None:
    services = named(documents, "Service")
    assert set(services) == {name for name, _ in pods(documents)} - {"star-migrate"}
    for name, deployment in named(documents, "Deployment").items():
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert services[name]["spec"]["selector"].items() <= labels.items()
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
        (port,) = deployment["spec"]["template"]["spec"]["containers"][0]["ports"]
        assert (port["name"], port["containerPort"]) == ("http", 8000)
    console = dict(pods(documents))["star-console-api"]["containers"][0]["env"]
    asked = {item["value"] for item in console if item["name"].startswith("STAR_CONSOLE_") and "://star-" in str(item.get("value"))}
    assert asked == {f"http://star-{service}-api:8000" for service in SETTINGS if service != "console"}
    selected = [policy["spec"]["podSelector"]["matchLabels"] for policy in named(documents, "NetworkPolicy").values()]
    for labels in selected:
        assert any(
            labels.items() <= item["spec"]["template"]["metadata"]["labels"].items() for item in named(documents, "Deployment").values()
        )
    for kind in ("PodDisruptionBudget", "HorizontalPodAutoscaler", "ScaledObject"):
        assert set(named(documents, kind)) <= set(services)


def test_what_scales_is_counted_by_nobody_else_and_by_a_metric_that_there_is(tmp_path: Path) -> None:
    documents = rendered(tmp_path, MOST)
    scaled = set(named(documents, "HorizontalPodAutoscaler")) | set(named(documents, "ScaledObject"))
    assert "star-thresholds-worker" in scaled
    assert {name for name, deployment in named(documents, "Deployment").items() if "replicas" not in deployment["spec"]} == scaled
    for scaler in named(documents, "ScaledObject").values():
        (trigger,) = scaler["spec"]["triggers"]
        assert f"{next(iter(metrics.LAG_RECORDS.describe())).name}{{group=" in trigger["metadata"]["query"]


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"oidc": LEAST["oidc"]}, "kafka"),
        ({"kafka": LEAST["kafka"]}, "oidc"),
        ({**LEAST, "kafka": {**LEAST["kafka"], "security": "sasl_tls"}}, "secret"),
        ({**LEAST, "ministry": {"tokenUrl": "https://login.example.nz"}}, "clientId"),
        ({**LEAST, "setings": {}}, "setings"),
        ({**LEAST, "settings": {"HOLD": "PT2H"}}, "HOLD"),
    ],
)
def test_values_that_would_not_work_are_refused(values: dict[str, Any], refusal: str, tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    assert refusal in helm("template", "star", CHART, "--kube-version", KUBERNETES, "--values", file, fails=True)


def test_the_charts_version_is_the_engines() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (VERSION, VERSION)
    helm("lint", "--strict", CHART, "--set", "kafka.bootstrap=kafka:9092,oidc.issuer=https://login.example.nz")
    assert json.loads((CHART / "values.schema.json").read_text())["additionalProperties"] is False
