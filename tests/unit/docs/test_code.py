"""The code's own words: docstrings with a subject, one class for a name inside a service, and a room that says what it is for."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from tests.unit.docs.prose import ROOT, docstrings, headless

SERVICES = sorted(path.name for path in (ROOT / "services").iterdir() if (path / "app.py").exists())


@pytest.mark.parametrize("package", ["services", "shared", "deploy"])
def test_every_sentence_of_a_docstring_has_its_subject_first(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {sentence}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for line, text in docstrings(path)
        for sentence in headless(text)
    ]
    assert found == []


@pytest.mark.parametrize("service", SERVICES)
def test_no_class_name_is_defined_twice_in_a_service(service: str) -> None:
    defined: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "services" / service).rglob("*.py")):
        if "migrations" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    defined[node.name].append(str(path.relative_to(ROOT)))
    assert {name: places for name, places in defined.items() if len(places) > 1} == {}


@pytest.mark.parametrize(
    "room",
    sorted(path.parent for service in SERVICES for path in (ROOT / "services" / service).glob("*/__init__.py")),
    ids=lambda room: f"{room.parent.name}-{room.name}",
)
def test_every_room_says_what_it_is_for(room: Path) -> None:
    said = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))
    assert said is not None
    assert len(said.split(". ")) > 1 or "\n\n" in said
