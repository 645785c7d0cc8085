"""The document of the events, judged by AsyncAPI's own parser."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from shared.events.asyncapi import document
from tests.support.node import node, packages_or_skip

FOLDER = Path(__file__).parents[1] / "support" / "asyncapi"
HINT = 2
"""Severities: 0 error, 1 warning, 2 and 3 advice."""


def parsed(text: str) -> Any:
    libraries = packages_or_skip(FOLDER)
    done = subprocess.run(
        [*node(), str(FOLDER / "parse.mjs"), str(libraries)], input=text, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_official_parser_takes_the_document() -> None:
    said = parsed(json.dumps(document()))
    assert said["valid"]
    assert [found for found in said["diagnostics"] if found["severity"] < HINT] == []
    assert said["channels"]["crossings"] == ["nz.star.threshold.crossed.v1", "nz.star.threshold.retracted.v1"]
    assert said["channels"]["webhooks"] == [
        "nz.star.plan.published.v1.cloudevent",
        "nz.star.record.updated.v1.cloudevent",
        "nz.star.response.amended.v1.cloudevent",
        "nz.star.response.recorded.v1.cloudevent",
        "nz.star.response.withdrawn.v1.cloudevent",
        "nz.star.threshold.approaching.v1.cloudevent",
        "nz.star.threshold.crossed.v1.cloudevent",
        "nz.star.threshold.retracted.v1.cloudevent",
    ]
    assert said["channels"]["feed"] == said["channels"]["webhooks"]


@pytest.mark.parametrize("damage", ["a dangling reference", "a missing field", "a field of another type"])
def test_it_would_notice(damage: str) -> None:
    broken = document()
    if damage == "a dangling reference":
        broken["operations"]["send-webhook"]["channel"]["$ref"] = "#/channels/nowhere"
    elif damage == "a missing field":
        del broken["info"]["title"]
    else:
        broken["components"]["messages"]["nz.star.threshold.crossed.v1"]["headers"]["type"] = "no such type"
    said = parsed(json.dumps(broken))
    assert [found for found in said["diagnostics"] if found["severity"] < HINT] != []
