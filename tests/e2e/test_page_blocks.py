"""Each block of commands of each page, run in the page's order beside what `make run` starts, as somebody pastes it into a shell."""

import itertools
import json
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.postgres import running_database
from tests.support.dumps import BIN
from tests.support.page_shell import PageShell
from tests.support.pages import ROOT, Block, blocks, paths
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.stack import ENVIRONMENT

PLAYED_WITHIN = 500.0
"""Seconds for the made-up school's term; it is played once for all pages."""


def of_a_reader(path: Path) -> list[Block]:
    """The page's blocks that are run here, those that a command needs as a file included."""
    return [
        block
        for block in blocks(path)
        if not block.not_run and not block.run_elsewhere and (block.language == "sh" or block.remark.startswith("saved as "))
    ]


pytestmark = pytest.mark.timeout(900)

PAGES = [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths() if of_a_reader(path)]


class MadeUpSchool:
    """`star run` with its demo, as `make run` starts it."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self.process = Process(
            ["run", "--port", str(self.port), "--data", str(self.data)],
            environment=ENVIRONMENT,
            output=folder / "star.log",
            health=f"{self.base}/ingest/healthz",
        )

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def play(self) -> None:
        """Starts it, and waits until the demo has been played."""
        self.process.start()
        deadline = time.monotonic() + PLAYED_WITHIN
        while "Serving on" not in self.process.output.read_text():
            assert time.monotonic() < deadline, self.process.output.read_text()[-3000:]
            time.sleep(0.2)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeUpSchool]:
    for command in ("bash", "curl", "jq", "openssl"):
        if shutil.which(command) is None:
            assert os.environ.get("CI") != "true", f"{command} is missing"
            warnings.warn(f"THE PAGES' COMMANDS ARE NOT RUN: {command} is missing", stacklevel=1)
            pytest.skip(f"{command} is missing")
    school = MadeUpSchool(tmp_path_factory.mktemp("pages"))
    school.play()
    try:
        yield school
    finally:
        assert school.process.stop() == 0, school.process.output.read_text()[-3000:]


@pytest.mark.parametrize("path", PAGES)
def test_the_commands_of_a_page_work_as_they_stand(path: Path, played: MadeUpSchool, tmp_path: Path) -> None:
    shell = PageShell(tmp_path, played.base, played.data, {"9099": str(free_port())})
    shell.run(of_a_reader(path))
    every = list(blocks(path))
    for command, answer in itertools.pairwise(every):
        # A command that the reader ends by hand has no answer.
        if answer.language == "json" and command.language == "sh" and not command.not_run and command.exit_code is None:
            example = json.loads(answer.text)
            assert example.keys() <= shell.answer(command.place).keys(), f"{answer.place} is no answer of {command.place}"


SQL = [pytest.param(block, id=block.place) for path in paths() for block in blocks(path) if block.language == "sql"]


@pytest.mark.parametrize("block", SQL)
def test_the_database_understands_a_pages_statement(block: Block, played: MadeUpSchool) -> None:
    url = running_database(played.data / "postgres")
    assert url is not None
    subprocess.run([BIN / "psql", "-qtAX", "-v", "ON_ERROR_STOP=1", url, "-c", block.text], check=True, capture_output=True)
