"""The clients are those of the documents: `make clients` has been run since the last change of an operation."""

import re
from pathlib import Path

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
