"""The image's Containerfile: the rules of hadolint, and what a container must not have."""

import re
import subprocess
import sys
from pathlib import Path

FILE = Path(__file__).parents[3] / "deploy" / "image" / "Containerfile"


def instructions() -> list[str]:
    lines = [line for line in FILE.read_text().splitlines() if not line.startswith("#")]
    return [line for line in "\n".join(lines).replace("\\\n", " ").splitlines() if line]


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run([Path(sys.executable).parent / "hadolint", FILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_fetches_nothing_and_names_no_registry() -> None:
    bases = [line.split()[1] for line in instructions() if line.startswith("FROM ")]
    assert bases == ["${BASE}", "${BASE}"]
    assert "--no-index" in " ".join(line for line in instructions() if "pip install" in line)
    assert re.findall(r"\b(?:curl|wget|apt-get|https?://)", " ".join(instructions())) == []


def test_it_runs_as_a_user_without_rights_and_asks_itself_for_its_health() -> None:
    after_last_base = instructions()[max(at for at, line in enumerate(instructions()) if line.startswith("FROM ")) :]
    assert [line for line in after_last_base if line.startswith("USER ")] == ["USER 10001:10001"]
    (health,) = [line for line in after_last_base if line.startswith("HEALTHCHECK ")]
    assert health.endswith('CMD ["star", "health"]')
    assert 'ENTRYPOINT ["star"]' in after_last_base
