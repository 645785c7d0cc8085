"""The commands of the page `use-a-client` that generate clients, as they stand; the Java one is compiled with the program of the page."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests.support.pages import DOCS, ROOT, blocks

PAGE = DOCS / "how-to" / "use-a-client.md"

# Generators live for seconds: a compiler that tries hard pays for nothing.
QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

PROGRAM = """
package org.openapitools.client;

import java.util.UUID;
import org.openapitools.client.api.StarRecordsApi;
import org.openapitools.client.model.Problem;

class OfThePage {{
    static void ask(ApiClient client, UUID id) throws Exception {{
{body}
    }}
}}
"""


def run(*command: str | Path, cwd: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "JAVA_TOOL_OPTIONS": QUICK}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def of_the_page(language: str) -> str:
    [text] = [block.text for block in blocks(PAGE) if block.language == language]
    return text


@pytest.mark.timeout(900)
def test_the_commands_generate_three_clients_and_the_java_one_compiles_with_the_program_of_the_page(tmp_path: Path) -> None:
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if missing:
        assert os.environ.get("CI") != "true", f"missing: {missing}"
        warnings.warn(f"THE GENERATORS ARE NOT TRIED: missing {missing}", stacklevel=1)
        pytest.skip(f"missing: {missing}")
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    run("bash", "-ec", of_the_page("sh"), cwd=tmp_path)
    assert (tmp_path / "build" / "kotlin" / "build.gradle").exists()
    assert list((tmp_path / "build" / "csharp").glob("*.sln"))
    java = tmp_path / "build" / "java"
    program = java / "src" / "main" / "java" / "org" / "openapitools" / "client" / "OfThePage.java"
    program.write_text(PROGRAM.format(body=of_the_page("java")))
    run("mvn", "-q", "-f", java / "pom.xml", "compile", cwd=tmp_path)
    assert list(java.glob("target/classes/**/OfThePage.class"))
