"""`python -m tests.support.watched_star` is the `star` command; the answers of the services that it serves go into a file for the test."""

import os
import sys
from pathlib import Path
from typing import Final

from tests.support.answered import KEPT_IN, Answered, tell

SERVING: Final = {"run", "serve", "work"}
"""The commands that serve. The others are asked for so often that they are left alone."""


def keep(folder: Path) -> None:
    """Writes each answer into the process's own file of the folder, a line each, so that a kill costs no more than the last."""
    file = (folder / f"{os.getpid()}.ndjson").open("a", buffering=1, encoding="utf-8")

    def told(answered: Answered) -> None:
        file.write(answered.line())

    tell(told)


if __name__ == "__main__":
    if KEPT_IN in os.environ and SERVING & set(sys.argv[1:2]):
        keep(Path(os.environ[KEPT_IN]))
    from deploy.cli.main import main

    main(prog_name="star")
