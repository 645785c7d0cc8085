"""The rules for Prometheus speak of metrics that there are."""

import re
from pathlib import Path

import yaml
from prometheus_client import REGISTRY

from shared.telemetry import metrics

FOLDER = Path(__file__).parents[3] / "deploy" / "alerts"


def test_every_alert_looks_at_metrics_that_there_are() -> None:
    assert metrics.UPLOAD_WINDOWS_OVERDUE is not None
    known = {f"{family.name}_total" if family.type == "counter" else family.name for family in REGISTRY.collect()}
    rules = [rule for file in FOLDER.glob("*.yml") for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    asked = {name for rule in rules for name in re.findall(r"star_[a-z_]+", rule["expr"])}
    assert "star_upload_windows_overdue" in asked
    assert asked <= known
    assert all(rule["alert"] and rule["annotations"]["summary"] for rule in rules)
