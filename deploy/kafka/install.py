"""Kafka's jars, fetched through Maven into a cache folder of the project."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

from .errors import InstallFailedError, ToolMissingError

POM = Path(__file__).with_name("pom.xml")
CACHE = Path(__file__).parents[2] / ".cache"

# The jars are 43 MB. Below the test suite's limit of five minutes a test, so that this message is the one shown.
FETCH_TIMEOUT = timedelta(minutes=4)
JAVA_MINIMUM = 17


def java() -> str:
    """The path of a Java that can run Kafka: JAVA_HOME's, or the first on PATH. Raises ToolMissingError."""
    home = os.environ.get("JAVA_HOME")
    path = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if path is None or shutil.which(path) is None:
        raise ToolMissingError(f"There is no Java at {path}, where JAVA_HOME points" if home else "Java is not on the PATH")
    said = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30, check=False).stderr  # noqa: S603
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if found is None:
        raise ToolMissingError(f"{path} is no working Java")
    if int(found[1]) < JAVA_MINIMUM:
        raise ToolMissingError(f"{path} is Java {found[1]}")
    return path


def maven() -> str:
    """The path of Maven. Raises ToolMissingError."""
    path = shutil.which("mvn")
    if path is None:
        raise ToolMissingError("Maven (mvn) is not on the PATH")
    return path


def libraries(pom: Path = POM, cache: Path = CACHE) -> Path:
    """The folder of the jars that the pom names; it need not exist yet. A changed pom has another folder."""
    text = pom.read_bytes()
    named = re.search(rb"<(\w+)[.]version>(.+?)</", text)
    if named is None:
        raise ValueError(f"{pom} has no version of what it fetches, such as kafka.version")
    name, version = named[1].decode(), named[2].decode()
    return cache / f"{name}-{version}-{hashlib.sha256(text).hexdigest()[:12]}"


def install(pom: Path = POM, cache: Path = CACHE) -> Path:
    """Fetch the jars unless they are there, whole or not at all, and answer their folder. Raises ToolMissingError, InstallFailedError."""
    java()
    target = libraries(pom, cache)
    if target.exists():
        return target
    mvn = maven()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{target.name}.", dir=cache) as folder:
        fetched = Path(folder) / "libraries"
        _fetch(mvn, pom, fetched)
        try:
            fetched.rename(target)
        except OSError:
            if not target.exists():  # otherwise another process was first, with the same jars
                raise
    return target


def _fetch(mvn: str, pom: Path, folder: Path) -> None:
    options = ("--batch-mode", "--quiet", "--strict-checksums", "-Dstyle.color=never", f"-Dlibraries={folder}")
    command = [mvn, *options, "--file", str(pom), "package"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_TIMEOUT.total_seconds(), check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise InstallFailedError(f"It took longer than {FETCH_TIMEOUT}.") from error
    if done.returncode != 0:
        raise InstallFailedError("\n".join(done.stdout.splitlines()[:5]))
