"""`.ci/packages`: a bare CI machine gets what it lacks; nobody else's machine is changed."""

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / ".ci" / "packages"


def executable(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("ci", "user", "installed"),
    [("true", 0, ["update -q", "install -q -y --no-install-recommends default-jre-headless maven"]), ("true", 1000, []), ("", 0, [])],
)
def test_only_ci_installs_what_is_missing(ci: str, user: int, installed: list[str], tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    executable(tmp_path, "apt-get", f'echo "$@" >> {calls}')
    executable(tmp_path, "id", f"echo {user}")
    executable(tmp_path, "pdftotext", "")
    words = ["/bin/bash", SCRIPT, "java", "mvn", "pdftotext"]
    subprocess.run(words, env={"PATH": str(tmp_path), "CI": ci}, check=True)
    assert (calls.read_text().splitlines() if calls.exists() else []) == installed


def test_a_failure_is_loud_and_leaves_the_rest_to_whoever_needs_it(tmp_path: Path) -> None:
    executable(tmp_path, "apt-get", "exit 100")
    executable(tmp_path, "id", "echo 0")
    done = subprocess.run(
        ["/bin/bash", SCRIPT, "mvn"], env={"PATH": str(tmp_path), "CI": "true"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "apt-get failed: maven\n")
