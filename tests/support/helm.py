"""Helm itself: that of the machine, or built once from its Go module."""

import fcntl
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml

VERSION = "v3.19.5"
FOLDER = Path(__file__).parents[2] / ".cache" / "helm" / VERSION
BUILD_TIMEOUT = 200.0
"""Seconds; a test has 300."""

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "star"
KUBERNETES = "1.34.0"
"""The version that charts are rendered for: that of the schemas they are checked by."""


def helm(*arguments: str | Path, fails: bool = False) -> str:
    """The words that it printed. Skips the test, loudly, where there is no Helm and none can be built in time."""
    tool = shutil.which("helm") or _built()
    if tool is None:
        reason = "THE CHART IS NOT TRIED: there is no helm, and no go to build it with"
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)
    done = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stderr if fails else done.stdout


def rendered(folder: Path, values: dict[str, Any]) -> list[dict[str, Any]]:
    """The documents of the chart with these values, which are written into a file of the folder."""
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    text = helm("template", "star", CHART, "--kube-version", KUBERNETES, "--values", file)
    return [document for document in yaml.safe_load_all(text) if document]


def pods(documents: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The names of what starts pods, and how each pod is to be."""
    for document in documents:
        if document["kind"] in {"Deployment", "Job"}:
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def _built() -> str | None:
    program = FOLDER / "helm"
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    tried = FOLDER / "tried"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists() and not tried.exists() and go is not None:
            # Minutes, once; should it fail, the caller says what lacks, and nobody waits for it again.
            tried.touch()
            command = [go, "install", f"helm.sh/helm/v3/cmd/helm@{VERSION}"]
            with suppress(subprocess.TimeoutExpired):
                subprocess.run(command, env={**os.environ, "GOBIN": str(FOLDER)}, capture_output=True, check=False, timeout=BUILD_TIMEOUT)
    return str(program) if program.exists() else None
