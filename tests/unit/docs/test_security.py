"""The pages that reviewers of security and privacy read: whatever they name as evidence is there, and no heading of the law is missing."""

import re
import tomllib
from pathlib import Path

import pytest

from deploy.cli.environment import known_variables
from tests.unit.docs.prose import ROOT

THREATS = ROOT / "docs" / "explanation" / "threat-model.md"
ST4S = ROOT / "docs" / "reference" / "st4s.md"
PRIVACY = ROOT / "docs" / "reference" / "privacy.md"
SAFETY = (ROOT / "SECURITY.md", THREATS, ST4S, PRIVACY, ROOT / "docs" / "runbooks" / "leak.md")
PRINCIPLES = {*(str(number) for number in range(1, 14)), "3A"}
"""The information privacy principles of the Privacy Act 2020; 3A is in force from May 2026."""


def rows(page: Path, first_heading: str) -> list[list[str]]:
    """The rows of the page's table with this first column."""
    table = re.search(rf"^\| {first_heading} \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)", page.read_text(), re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


def evidence(cell: str) -> bool:
    """Whether a cell names something that can be looked at: a page, a file, a setting."""
    return "](" in cell or "`" in cell


@pytest.mark.parametrize("page", SAFETY, ids=lambda page: page.name)
def test_each_file_and_setting_that_is_named_is_there(page: Path) -> None:
    text = page.read_text()
    named = re.findall(r"`((?:tests|services|shared|deploy|docs|\.ci)/[^`]*|constraints\.txt)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []
    assert set(re.findall(r"STAR_[A-Z0-9_]+", text)) - known_variables() == set()


def test_each_threat_has_an_answer_and_what_shows_it() -> None:
    threats = rows(THREATS, "who")
    assert len(threats) >= 15
    assert [row[:2] for row in threats if len(row) != 4 or not row[2] or not evidence(row[3])] == []


def test_each_answer_of_the_self_assessment_has_evidence_unless_it_is_no_or_the_operators() -> None:
    answers = rows(ST4S, "area")
    assert {row[0] for row in answers} >= {"access", "logs", "data", "backup", "operation", "application", "privacy", "safety"}
    assert [row[1] for row in answers if not evidence(row[3]) and not row[2].startswith("no")] == []


def test_the_privacy_page_has_every_principle_of_the_act() -> None:
    named: set[str] = set()
    for heading in re.findall(r"^## .*\(principles? ([^)]+)\)$", PRIVACY.read_text(), re.MULTILINE):
        named |= set(re.findall(r"\d+A?", heading))
    assert named == PRINCIPLES


def test_every_dependency_is_known_exactly() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    names = {re.split(r"[\[<>=! ]", each)[0].lower().replace("_", "-") for each in wanted} - {"star-engine"}
    pinned = re.findall(r"^([A-Za-z0-9._-]+)==[^\s*]+$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert names - {name.lower().replace("_", "-") for name in pinned} == set()
