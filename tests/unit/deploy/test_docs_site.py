"""The site's pages of the APIs: operations under their summaries, and the fields of every schema in words."""

import re
import subprocess
from pathlib import Path

import pytest

from deploy.docs_site import building
from deploy.docs_site.gathering import ROOT
from deploy.docs_site.operations import pages
from deploy.docs_site.shapes import shapes_page, type_of
from deploy.openapi import documents
from tests.support.documents import operations


def test_every_operation_of_a_service_is_on_its_page_with_its_summary_and_name() -> None:
    made = pages(documents())
    for service, document in documents().items():
        text = made[f"reference/api/{service}"]
        for place, operation in operations(document):
            assert f"### {operation['summary'].rstrip('.')}\n" in text
            assert f"`{place}`, operation `{operation['operationId']}`" in text


def test_every_link_to_a_schema_leads_to_one() -> None:
    made = pages(documents())
    linked = {found for text in made.values() for found in re.findall(r"\]\((\S+)-schemas\.md#(\w+)\)", text)}
    known = {(service, name.lower()) for service, document in documents().items() for name in document["components"]["schemas"]}
    assert linked <= known
    assert len(linked) > 200


def test_the_site_is_made_anew_when_a_page_or_the_api_changes(tmp_path: Path) -> None:
    site, venv = tmp_path / "site", tmp_path / "venv"
    for made in (venv / "installed", site / "index.html"):
        made.parent.mkdir()
        made.touch()

    def is_up_to_date(*changes: str) -> bool:
        command = ["make", "--question", f"SITE={site}", f"VENV={venv}", *changes, "docs"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1}, done.stderr
        return done.returncode == 0

    assert is_up_to_date()
    for changed in ("docs/index.md", "services/ingest/marks/api.py", "shared/web/openapi/vocabulary.toml"):
        assert not is_up_to_date("--what-if", changed)


def test_a_site_without_its_first_page_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = 0

    def build_main(arguments: list[str]) -> int:
        nonlocal built
        built += 1
        made = Path(arguments[-1])
        made.mkdir()
        (made / "index.html").write_text("The first page")
        return 0

    monkeypatch.setattr(building, "build_main", build_main)
    monkeypatch.setattr(building, "documents", dict)
    monkeypatch.setattr(building, "gather", lambda sources, _: sources.mkdir())
    first = tmp_path / "site" / "index.html"
    assert [building.build(first.parent) for _ in range(2)] == [0, 0]
    assert built == 1
    first.unlink()
    assert building.build(first.parent) == 0
    assert (built, first.read_text()) == (2, "The first page")


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"type": "string", "format": "date"}, "date"),
        ({"type": "string", "maxLength": 64}, "string (up to 64 characters)"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"enum": ["AM", "PM", None]}, "`AM` or `PM` or null"),
        ({"anyOf": [{"$ref": "#/components/schemas/HalfDaysIn"}, {"type": "null"}]}, "[HalfDaysIn](s.md#halfdaysin) or null"),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 3}, "list of integer (up to 3 entries)"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object of number"),
        ({"type": "string", "const": "a|b"}, "`a\\|b`"),
        ({}, "any value"),
    ],
)
def test_a_type_is_said_in_words(shape: dict[str, object], words: str) -> None:
    assert type_of(shape, "s") == words


def test_a_field_that_is_always_there_is_bold() -> None:
    schema = {"required": ["day"], "properties": {"day": {"type": "string", "description": "Which\nday"}, "note": {"type": "null"}}}
    text = "\n".join(shapes_page("Ingest", "ingest", {"Mark": schema}))
    assert "| **`day`** | string | Which day |\n| `note` | null |  |" in text
