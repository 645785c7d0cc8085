"""The partners' quickstart, as it is printed: its commands and its receiver, against a running engine."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.school import School, eventually, fresh_number
from tests.support.pages import DOCS, blocks
from tests.support.ports import free_port
from tests.support.stack import EmbeddedStack

PAGE = "how-to/subscribe-to-events.md"


@pytest.fixture(scope="module")
def open_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    """A product that may send webhooks to this machine, as the page starts it."""
    stack = EmbeddedStack(tmp_path_factory.mktemp("open"), {"STAR_WEBHOOK_ALLOW": "127.0.0.0/8"})
    stack.heart.start()
    try:
        yield stack
    finally:
        assert stack.heart.stop() == 0, stack.heart.output.read_text()[-3000:]


class Reader:
    """Somebody who copies the page's commands into a shell, with addresses and a school of their own."""

    def __init__(self, stack: EmbeddedStack, school: str, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._own = {
            "http://127.0.0.1:8000": stack.url("").removesuffix("/"),
            ".venv/bin/star": str(Path(sys.executable).parent / "star"),
            "--data .star": f"--data {stack.data}",
            "9099": str(self.port),
            "0999": school,
            "python3 ": f"{sys.executable} ",
        }

    def blocks(self, language: str) -> list[str]:
        found = [
            block.text for block in blocks(DOCS / PAGE) if block.language == language and not block.not_run and not block.run_elsewhere
        ]
        for printed, mine in self._own.items():
            found = [block.replace(printed, mine) for block in found]
        return found

    def shell(self, *blocks: str) -> str:
        done = subprocess.run(["bash", "-c", "\n".join(blocks)], cwd=self.folder, capture_output=True, text=True, timeout=120, check=False)
        assert done.stderr == "" or "timed out" in done.stderr, done.stderr
        return done.stdout


@contextlib.contextmanager
def receiver(reader: Reader) -> Iterator[Callable[[], list[str]]]:
    """The page's receiver under way; answers the lines that it has printed."""
    (code,) = reader.blocks("python")
    (reader.folder / "receiver.py").write_text(code)
    secret = json.loads((reader.folder / "subscription.json").read_text())["secret"]
    output = reader.folder / "printed"
    with output.open("w") as printed, (reader.folder / "log").open("w") as log:
        environment = os.environ | {"STAR_WEBHOOK_SECRET": secret}
        process = subprocess.Popen([sys.executable, "receiver.py"], cwd=reader.folder, env=environment, stdout=printed, stderr=log)
        try:
            yield lambda: output.read_text().splitlines()
        finally:
            process.terminate()
            process.wait(30)


def test_the_quickstart_works_as_it_is_printed(open_stack: EmbeddedStack, tmp_path: Path) -> None:
    school = School(open_stack, fresh_number())
    school.enrol(["12345"])
    reader = Reader(open_stack, school.number, tmp_path)
    enter, subscribe, start, look, test, replay, poll, stream = reader.blocks("sh")
    assert start.split()[-1] == "receiver.py"

    assert reader.shell(enter, subscribe, "echo $STAR_WEBHOOK_SECRET").startswith("whsec_")
    with receiver(reader) as printed:
        school.absent("12345", 11)
        expected = [f"nz.star.threshold.crossed.v1 {school.number} 12345 5.5 days"]
        eventually(printed, expected)

        attempts = json.loads(reader.shell(enter, look))["items"]
        assert [(attempt["event"], attempt["status"], attempt["delivery"]) for attempt in attempts][-1] == (
            "nz.star.threshold.crossed.v1",
            204,
            "delivered",
        )
        # The same event comes again, and the receiver knows it.
        past = replay.replace("2026-12-01T00:00:00+13:00", f"{school.start}T00:00:00+13:00")
        assert reader.shell(enter, look.splitlines()[0], past) == '{"queued":1}'
        eventually(lambda: len(json.loads(reader.shell(enter, look))["items"]), 2)
        assert printed() == expected

        reader.shell(enter, look.splitlines()[0], test)
        eventually(printed, [*expected, "nz.star.test.v1"])

    page = json.loads(reader.shell(enter, poll))
    assert [event["type"] for event in page["items"]] == ["nz.star.threshold.crossed.v1"]
    said = reader.shell(enter, stream)
    assert f"id: {page['next']}\n" in said
    assert json.loads(said.partition("data: ")[2].partition("\n")[0]) == page["items"][0]
