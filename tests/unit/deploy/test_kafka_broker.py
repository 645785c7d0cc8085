"""Decisions before Java runs: which tools, which folder."""

import os
from pathlib import Path

import pytest

from deploy.kafka import install
from deploy.kafka.errors import InstallFailedError, ToolMissingError


def executable(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("version", ["11.0.2", "1.8.0_402"])
def test_an_old_java_is_refused_with_the_fix(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "bin", "java", f"""echo 'openjdk version "{version}" 2019-01-15' >&2""")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ToolMissingError, match=r"is Java (11|8)\. .*apt-get install default-jre-headless maven"):
        install.java()


def test_a_changed_pom_has_another_folder(tmp_path: Path) -> None:
    pom = tmp_path / "pom.xml"
    pom.write_bytes(install.POM.read_bytes())
    before = install.libraries(pom, tmp_path)
    pom.write_bytes(install.POM.read_bytes() + b"<!-- -->\n")
    assert before.name == install.libraries().name
    assert before != install.libraries(pom, tmp_path)
    assert before.name.startswith("kafka-4.4.0-")


def test_a_failed_fetch_leaves_nothing_that_looks_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    executable(tmp_path / "bin", "java", """echo 'openjdk version "21.0.2" 2024-01-16' >&2""")
    executable(tmp_path / "bin", "mvn", "echo '[ERROR] Could not resolve dependencies'; exit 1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(InstallFailedError, match=r"(?s)settings\.xml.*Could not resolve dependencies"):
        install.install(cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []
