"""The project's own wheel and all wheels it needs, as a release has them."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]
CACHE = PROJECT / ".cache" / "wheels"
PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")


def wheels_of(tree: Path, folder: Path) -> Path:
    """A folder with the wheel of a release's files, and with the wheels that it needs. The latter are fetched once, and kept."""
    folder.mkdir(parents=True)
    for wheel in _needed(tree).glob("*.whl"):
        os.link(wheel, folder / wheel.name)
    # Built from a copy: setuptools leaves folders behind.
    copy = folder.parent / f"{folder.name}-tree"
    shutil.copytree(tree, copy, ignore=shutil.ignore_patterns(".*", "build", "tests", "docs", "*.egg-info", "__pycache__"))
    subprocess.run([*PIP, "wheel", "--no-deps", "--wheel-dir", folder, copy], check=True)
    return folder


def _needed(tree: Path) -> Path:
    wanted = (tree / "pyproject.toml").read_bytes() + (PROJECT / "constraints.txt").read_bytes()
    folder = CACHE / hashlib.sha256(wanted).hexdigest()[:16]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fresh = folder.with_suffix(".fresh")
            shutil.rmtree(fresh, ignore_errors=True)
            constraints = PROJECT / "constraints.txt"
            subprocess.run(
                [*PIP, "download", "--only-binary", ":all:", "--dest", fresh, "--constraint", constraints, f"{tree}[all]", "pip"],
                check=True,
            )
            fresh.rename(folder)
    return folder
