"""The rules for Prometheus speak of metrics that there are, rise when they should, and each has its page in the runbooks."""

import os
import re
import shutil
import subprocess
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client import REGISTRY

from deploy.reference.metrics import series
from shared.telemetry import metrics

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy" / "alerts"
STORIES = Path(__file__).with_name("alerts.test.yml")
SECTIONS = ("## Meaning", "## Impact", "## Diagnosis", "## Mitigation")


def rules() -> Iterator[Mapping[str, Any]]:
    for file in sorted(FOLDER.glob("*.yml")):
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


def promtool(*arguments: str | Path) -> None:
    """Runs Prometheus' own checker. Skips the test, loudly, where there is none; fails it when CI=true."""
    tool = shutil.which("promtool")
    if tool is None:
        reason = "THE ALERTS ARE NOT TRIED: there is no promtool (apt-get install prometheus)"
        if os.environ.get("CI") == "true":
            raise AssertionError(reason)
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_looks_at_metrics_that_there_are() -> None:
    assert metrics.UPLOAD_WINDOWS_OVERDUE is not None
    known = series()
    asked = {name for rule in rules() for name in re.findall(r"star_[a-z_]+", rule["expr"])}
    assert "star_upload_windows_overdue" in asked
    assert asked <= known
    assert all(rule["alert"] and rule["annotations"]["summary"] for rule in rules())


def test_the_counters_that_raise_alarms_are_there_before_they_rise() -> None:
    there = {(sample.name, *sample.labels.values()) for family in REGISTRY.collect() for sample in family.samples}
    for wanted in (
        ("star_delivery_trouble_total", "email", "set-up"),
        ("star_webhook_trouble_total", "certificate"),
        ("star_upload_trouble_total", "host-key"),
        ("star_uploads_total", "refused"),
    ):
        assert wanted in there


ASKED: Final = re.compile(r"(star_[a-z_]+)(?:\{(\w+)=\"([\w-]+)\"\})?")


def wanted() -> Iterator[tuple[str, str, str]]:
    """The metrics, with a label, that a page tells an operator to raise an alarm on."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        in_table = False
        for line in page.read_text(encoding="utf-8").splitlines():
            in_table = line.startswith("|") and (in_table or "alarm on" in line)
            if in_table or "raise an alarm" in line.lower():
                yield from ASKED.findall(line.split("|")[1] if line.startswith("|") else line)


def test_every_alarm_that_a_page_asks_for_has_its_rule() -> None:
    asked = set(wanted())
    assert {("star_delivery_trouble_total", "kind", "policy"), ("star_upload_trouble_total", "", "")} <= asked
    for metric, label, value in asked:
        looked = [rule["expr"] for rule in rules() if re.search(rf"{metric}\b", rule["expr"])]
        if label:
            # A rule without the label looks at each of its values.
            looked = [expr for expr in looked if f'{label}="{value}"' in expr or f"{label}=" not in expr]
        assert looked, (metric, label, value)


def test_every_alert_has_its_page() -> None:
    for rule in rules():
        page = rule["annotations"].get("runbook_url") or re.findall(r"docs/[\w/-]+\.md", rule["annotations"]["description"])[0]
        text = (ROOT / page).read_text(encoding="utf-8")
        if page.startswith("docs/runbooks/"):
            assert f"`{rule['alert']}`" in text
            assert f"`{rule['alert']}`" in (ROOT / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")
            assert [line for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)


def test_every_alert_has_a_runbook_and_a_story_of_rising_and_of_not_rising() -> None:
    assert [rule["alert"] for rule in rules() if not (ROOT / rule["annotations"].get("runbook_url", "nowhere")).exists()] == []
    told: dict[str, set[bool]] = {}
    for story in yaml.safe_load(STORIES.read_text())["tests"]:
        for case in story["alert_rule_test"]:
            told.setdefault(case["alertname"], set()).add(bool(case.get("exp_alerts")))
    assert {rule["alert"] for rule in rules()} == {name for name, kinds in told.items() if kinds == {True, False}}


def test_prometheus_takes_the_rules() -> None:
    promtool("check", "rules", *sorted(FOLDER.glob("*.yml")))


def test_the_alerts_rise_when_they_should_and_only_then() -> None:
    promtool("test", "rules", STORIES)
