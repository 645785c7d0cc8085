"""The clients as their readers install them: the commands of `clients/python` and `clients/typescript`, and a program of the reader's."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.node import node, npm
from tests.support.pages import ROOT, Block, blocks
from tests.support.typescript_client import can_be_had

LEFT_BEHIND = shutil.ignore_patterns("node_modules", "dist", "build", "*.egg-info", "__pycache__")
NO_NPM = pytest.mark.skipif(not can_be_had() and os.environ.get("CI") != "true", reason="LOUD: no npm here, so the package is not tried")

BEFORE = "declare const token: string;\ndeclare const marks: import('star-client').Mark[];\n"
"""The parts of a program that a README leaves to its reader."""

MISTAKES = """
import { createStar, Feed } from "star-client";
const star = createStar({ baseUrl: "http://127.0.0.1:8000", token: "" });
// @ts-expect-error no operation has this path
await star.GET("/thresholds/v1/nothing");
const { data } = await star.GET("/thresholds/v1/star-records/{record_id}", { params: { path: { record_id: "" } } });
// @ts-expect-error a record has no such field
data?.nothing;
for await (const event of new Feed(star, "cursor.json")) {
  const type: string = event.type;
}
"""

IN_A_BROWSER = """
import { createStar, Feed } from "star-client";
const star = createStar({ baseUrl: "http://127.0.0.1:8000", token: "" });
try {
  for await (const event of new Feed(star, "cursor.json"));
} catch (error) {
  console.log(error.message);
}
"""


def clone(folder: Path, client: str) -> Path:
    """A folder with the client's files as a clone has them."""
    shutil.copytree(ROOT / "clients" / client, folder / "clients" / client, ignore=LEFT_BEHIND)
    return folder


def of_the_readme(client: str, language: str) -> Block:
    found = [block for block in blocks(ROOT / "clients" / client / "README.md") if block.language == language]
    return found[0]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=250)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def test_the_python_package_installs_with_all_that_it_needs(tmp_path: Path) -> None:
    folder = clone(tmp_path, "python")
    bin_folder = tmp_path / "mine" / "bin"
    run(sys.executable, "-m", "venv", tmp_path / "mine", cwd=folder)
    run("bash", "-ec", of_the_readme("python", "sh").text, cwd=folder, PATH=f"{bin_folder}:{os.environ['PATH']}", PIP_QUIET="1")
    # The sources of this tree are out of its sight.
    program = "import star_client; print(star_client.__file__, star_client.Star.list_events.__doc__)"
    [installed] = (tmp_path / "mine").glob("lib/*/site-packages/star_client")
    assert run(bin_folder / "python", "-I", "-c", program, cwd=folder).startswith(str(installed))
    assert (installed / "py.typed").exists()


@NO_NPM
def test_the_typescript_package_has_its_types_and_no_files_of_node_in_a_browser(tmp_path: Path) -> None:
    folder = clone(tmp_path, "typescript")
    run("bash", "-ec", of_the_readme("typescript", "sh").text, cwd=folder)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "package.json").write_text(json.dumps({"name": "mine", "private": True, "type": "module"}))
    [package] = (folder / "build").glob("*.tgz")
    run(*npm(), "install", "--prefer-offline", "--no-audit", "--no-fund", package, cwd=mine)
    (mine / "readme.ts").write_text(BEFORE + of_the_readme("typescript", "ts").text)
    (mine / "mistakes.ts").write_text(MISTAKES)
    compiler = folder / "clients" / "typescript" / "node_modules"
    options: dict[str, Any] = {
        "compilerOptions": {
            **{"target": "ES2022", "module": "NodeNext", "lib": ["ES2023", "DOM", "DOM.AsyncIterable"], "strict": True, "noEmit": True},
            **{"skipLibCheck": False, "typeRoots": [str(compiler / "@types")], "types": []},
        }
    }
    (mine / "tsconfig.json").write_text(json.dumps(options))
    run(*node(), compiler / "typescript" / "bin" / "tsc", cwd=mine)
    (mine / "page.mjs").write_text(IN_A_BROWSER)
    assert "no file cursor.json in a browser" in run(*node(), "--conditions=browser", "page.mjs", cwd=mine)
