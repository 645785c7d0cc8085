"""The project's wheel and sdist, the wheels that it needs, and the bill of materials of all of them. Asks the package index."""

import subprocess
import sys
from pathlib import Path
from typing import Final

PIP: Final = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def build(tree: Path, folder: Path) -> None:
    """The wheel and the sdist."""
    _run(sys.executable, "-m", "build", "--outdir", str(folder), str(tree))


def fetch_needed(tree: Path, folder: Path) -> None:
    """All wheels that the project and its extras need, in the versions of constraints.txt, and pip's own, which installs them."""
    constraints = str(tree / "constraints.txt")
    _run(*PIP, "download", "--only-binary", ":all:", "--dest", str(folder), "--constraint", constraints, f"{tree}[all]", "pip")


def bill_of_materials(tree: Path, wheels: Path, work: Path, document: Path) -> None:
    """A CycloneDX document of what these wheels install, without a time or a number that differs from run to run."""
    _run(sys.executable, "-m", "venv", "--without-pip", str(work))
    _run(*PIP, "--python", str(work), "install", "--no-compile", "--no-index", "--find-links", str(wheels), "star-engine[all]")
    options = ("--pyproject", str(tree / "pyproject.toml"), "--output-reproducible", "--output-format", "JSON")
    _run(sys.executable, "-m", "cyclonedx_py", "environment", *options, "--output-file", str(document), str(work))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
