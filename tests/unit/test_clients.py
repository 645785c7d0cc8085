"""The clients are those of the documents: `make clients` has been run since the last change of an operation."""

import re
import time
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from star_client import AsyncStar, Star, StarError, WebhookError, verify
from star_client.marks import async_batches, batches, one_by_one
from star_client.models import MarkIn

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


def test_a_request_that_others_made_up_is_no_webhook_whatever_its_signature_is() -> None:
    secret = "whsec_" + b64encode(b"a secret of the tests").decode()
    now = str(int(time.time()))
    for signature in ("", "junk", "v1", "v1,", "v1,x", "v1,!!!", "v2,eA==", "v1,eA== v1", "v1,\u0101"):
        for moment in (now, "soon", "", "1", "9" * 400):
            with pytest.raises(WebhookError):
                verify(secret, {"webhook-id": "1", "webhook-timestamp": moment, "webhook-signature": signature}, b"{}")
    with pytest.raises(WebhookError):
        verify([], {}, b"{}")


def test_a_secret_that_is_none_is_a_fault_of_the_set_up() -> None:
    with pytest.raises(ValueError, match="whsec_"):
        verify("", {}, b"{}")


def test_a_signature_holds_with_each_of_two_secrets_and_with_blanks_around_one() -> None:
    old, new = ("whsec_" + b64encode(text).decode() for text in (b"the old secret", b"the new secret"))
    now = datetime.now(UTC)
    headers = {
        "Webhook-Id": "1",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": Webhook(old).sign("1", now, '{"type": "nz.star.test.v1"}'),
    }
    assert verify([new, f"{old}\n"], headers, b'{"type": "nz.star.test.v1"}') == {"type": "nz.star.test.v1"}


def test_a_refused_batch_says_why_in_its_message() -> None:
    rejected = [{"index": 3, "reason": "unknown-code", "detail": "this code is not in use"}, {"index": 4, "reason": "x", "detail": "y"}]
    error = StarError(422, {"type": "urn:nz-star:problem:nothing-accepted", "detail": "none", "accepted": 0, "rejected": rejected})
    assert str(error) == "422 urn:nz-star:problem:nothing-accepted: none (item 3: unknown-code, this code is not in use)"
    assert str(StarError(502, {"detail": "Bad Gateway"})) == "502 : Bad Gateway"


async def test_marks_of_an_async_iterable_go_in_the_same_requests() -> None:
    def mark(number: int) -> MarkIn:
        return {"student": f"S{number}", "date": "2026-10-13", "session": "AM", "code": "P", "recorded_at": "2026-10-13T09:05:00+13:00"}

    plain = list(batches(mark(number) for number in range(10_001)))
    assert [(first, body.count(b"\n") + 1) for first, body in plain] == [(0, 5_000), (5_000, 5_000), (10_000, 1)]
    assert [body async for body in async_batches(one_by_one(mark(number) for number in range(10_001)))] == plain
    assert list(batches([])) == []


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
