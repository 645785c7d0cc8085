"""The commands and statements by which a runbook finds out what is wrong, run beside the product as they stand."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.school import School
from tests.support.processes import STAR
from tests.support.stack import ClusterStack, Stack

PAGES: Final = sorted((Path(__file__).parents[2] / "docs" / "runbooks").glob("*.md"))
NOTHING_THERE: Final = "00000000-0000-0000-0000-000000000000"
"""For the id of a dead letter: a command that is asked for one that is not there says so, and fails for nothing else."""


def diagnosis(page: Path) -> str:
    """The section of a page; empty for a page without one."""
    return page.read_text(encoding="utf-8").partition("## Diagnosis")[2].partition("\n## ")[0]


def commands() -> list[str]:
    return sorted({command for page in PAGES for command in re.findall(r"`star ([^`]+)`", diagnosis(page))})


def statements() -> list[str]:
    """Those in code of a line, and those in blocks."""
    found = [text for page in PAGES for text in re.findall(r"`(SELECT [^`]+)`|```sql\n(.*?)```", diagnosis(page), re.DOTALL)]
    return sorted({inline or block for inline, block in found})


def test_the_runbooks_have_both() -> None:
    assert {"doctor", "lag", "dlq list", "clock"} <= set(commands())
    assert len(statements()) > 1


@pytest.mark.parametrize("command", commands())
def test_a_command_of_a_diagnosis_answers(command: str, stack: Stack) -> None:
    words = shlex.split(command.replace("ID", NOTHING_THERE).replace("DIR", str(stack.data)))
    if "--data" not in words:
        words += ["--data", str(stack.data)]
    environment = stack.environment if isinstance(stack, ClusterStack) else {}
    done = subprocess.run([*STAR, *words], env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    # Some answer by their log alone, which goes to standard error.
    said = done.stdout + done.stderr
    assert (done.returncode, bool(said)) == (0, True) or NOTHING_THERE in said or command == "doctor", said
    if command == "doctor":
        # It ends with 1 where a part of the set-up fails, and looks at each all the same.
        assert done.stdout.startswith("ok    configuration")


@pytest.mark.parametrize("statement", statements())
def test_a_statement_of_a_diagnosis_is_understood(statement: str, school: School) -> None:
    school.stack.sql("SET search_path = thresholds", statement)
