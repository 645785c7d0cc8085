"""The clients are those of the documents: `make clients` has been run since the last change of an operation."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from star_client import AsyncStar, Star

import clients.generate
from clients.generate import document_digest, drifted, lean
from deploy.openapi import merged
from tests.support.documents import documents, operations

CLIENTS = Path(__file__).parents[2] / "clients"


def test_the_types_were_made_from_the_documents_of_now() -> None:
    assert not drifted(), "run make clients"


def test_clients_of_other_documents_are_a_drift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = merged() | {"info": {"title": "Another"}}
    (tmp_path / "generated-from.txt").write_text(document_digest(lean(other)))
    monkeypatch.setattr(clients.generate, "HERE", tmp_path)
    assert drifted()


def test_each_operation_is_a_method_of_both_clients() -> None:
    names = {operation["operationId"] for document in documents().values() for _, operation in operations(document)}
    methods = {re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower() for name in names}
    assert methods <= set(dir(Star)) and methods <= set(dir(AsyncStar))
    assert len(methods) > 200


def test_the_document_for_generators_has_no_shape_that_they_make_broken_code_of() -> None:
    # Each of these was met: Java had a list's literal for a union, a class for null alone, and Kotlin a number for an unknown boolean.
    assert list(_unsayable(merged(), "")) == []


def test_the_shapes_that_break_generators_are_known_when_they_come() -> None:
    several = {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}
    assert list(
        _unsayable({"a": several, "b": {"properties": {"next": {"type": "null"}}}, "c": {"type": "boolean", "const": True}}, "")
    ) == [
        "/a",
        "/b/properties/next",
        "/c",
    ]


def _unsayable(node: Any, at: str) -> Iterator[str]:
    """The places of a list beside another type, of null alone, and of a boolean with one value."""
    if isinstance(node, list):
        for place, entry in enumerate(node):
            # Null is well known as an alternative.
            if entry != {"type": "null"}:
                yield from _unsayable(entry, f"{at}/{place}")
    if not isinstance(node, dict):
        return
    kinds = [kind.get("type") for kind in node.get("anyOf", ()) if kind.get("type") != "null"]
    if ("array" in kinds and len(kinds) > 1) or node.get("type") == "null" or (node.get("type") == "boolean" and "const" in node):
        yield at
    for key, value in node.items():
        if key not in {"example", "examples", "default"}:
            yield from _unsayable(value, f"{at}/{key}")
