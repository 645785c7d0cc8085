"""Somebody who copies a page's blocks into a shell, one after the other, beside a running `make run`."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.support.pages import ROOT, Block

TIMEOUT: Final = 400
"""Seconds for a page on a machine that is busy; below the limit of a test, so that its last block is named."""

PRINTED: Final = "http://127.0.0.1:8000"
"""The address that the pages print; a test has a port of its own."""

# A refusal ends the command that got it: by default curl ends with 0.
_CURLRC: Final = "fail-with-body\nsilent\nshow-error\n"


class PageShell:
    """One shell for one page, so that variables and files of a block are there in the next."""

    def __init__(self, folder: Path, base: str, data: Path, changed: Mapping[str, str]) -> None:
        self._folder = folder
        self._changed = {PRINTED: base.rstrip("/"), **changed}
        self._log = folder / "blocks"
        self._log.mkdir()
        (folder / ".star").symlink_to(data)
        (folder / ".venv" / "bin").mkdir(parents=True)
        star = folder / ".venv" / "bin" / "star"
        star.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m tests.support.watched_star "$@"\n')
        star.chmod(0o755)
        (star.parent / "python3").symlink_to(sys.executable)
        (folder / ".curlrc").write_text(_CURLRC)

    def run(self, blocks: Sequence[Block]) -> None:
        """Runs the blocks, each to its end; raises AssertionError with the place of one that fails."""
        script = "\n".join(
            ["set -uo pipefail", "trap 'kill $(jobs -p) 2>/dev/null' EXIT", *map(self._step, blocks), "echo done >>blocks/reached"]
        )
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STAR_")},
            "CURL_HOME": str(self._folder),
            "PATH": f"{self._folder / '.venv' / 'bin'}:{os.environ['PATH']}",
        }
        command = ["timeout", str(TIMEOUT), "bash", "-c", script]
        done = subprocess.run(
            command, cwd=self._folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        reached = (self._log / "reached").read_text().splitlines()
        if reached[-1] != "done":
            raise AssertionError(f"{reached[-1]} failed:\n{self.printed(reached[-1])}\n{self.complained(reached[-1])}\n{done.stderr}")
        for block in blocks:
            if block.refusal is not None:
                assert f"error: {block.refusal}" in self.complained(block.place), f"{block.place}: {self.complained(block.place)}"

    def printed(self, place: str) -> str:
        """The standard output of a block."""
        return (self._log / f"{_name(place)}.out").read_text()

    def complained(self, place: str) -> str:
        """The standard error of a block."""
        return (self._log / f"{_name(place)}.err").read_text()

    def answer(self, place: str) -> Any:
        """The last JSON value that a block printed."""
        text, value, decoder = self.printed(place), None, json.JSONDecoder()
        while text := text.strip():
            value, end = decoder.raw_decode(text)
            text = text[end:]
        return value

    def _step(self, block: Block) -> str:
        text = block.text
        for printed, mine in self._changed.items():
            text = text.replace(printed, mine)
        begin = f"echo {block.place} >>blocks/reached\nexec >blocks/{_name(block.place)}.out 2>blocks/{_name(block.place)}.err"
        if saved := re.fullmatch(r"saved as (\S+)", block.remark):
            return f"{begin}\ncat >{saved[1]} <<'END OF BLOCK'\n{text}END OF BLOCK"
        if block.in_background:
            return f"{begin}\n{{\n{text}}} &"
        if block.refusal is not None:
            return f"{begin}\n{text}"
        if block.exit_code is not None:
            return f"{begin}\n{text}[ $? = {block.exit_code} ] || exit"
        return f"{begin}\nset -e\n{text}set +e"


def _name(place: str) -> str:
    return place.replace("/", "-").replace(":", "-")
