"""All that was released goes on working: the OpenAPI and event documents of each release, against those of now."""

import copy
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from shared.events.catalogue import BY_NAME
from shared.web.events_documents import schema_json
from tests.support.compatible import broken, broken_event
from tests.support.documents import SERVICES, documents

RELEASED = Path(__file__).parents[2] / "docs" / "reference" / "released"
RELEASES = sorted(path.name for path in RELEASED.iterdir() if path.is_dir())

ACCEPTED = {
    "answer.counts[].threshold: integer became integer or null": "only of good news and statements, which the school chose",
    "answer.items[].threshold: integer became integer or null": "only of good news and statements, which the school chose",
    "answer.items[].threshold: integer became integer or string": "only of words that are asked for by `occasions`",
    "answer.threshold: integer became integer or null": "only of good news and statements, which the school chose",
    "answer.threshold: integer became integer or string": "only of words that are asked for by the name of their occasion",
    "answer.next: null became null or string": "every list answers a cursor or null; these were never longer than a page",
    "answer.timetables[].slots can be missing now": "only of a timetable that the school itself sent by weekday or cycle",
    "GET /v1/schools/{school}/deliveries: student: null or string became array or null": "one value in the query is a list of one",
    "GET /v1/upload-format/schema.json: application/json is gone from the answer": "it was never sent: the document was wrong",
    "event.data.timetables[].slots can be missing now": "only of a timetable that the school itself sent by weekday or cycle",
}
"""Differences that break nobody, each with the reason, by their end."""


def refused(faults: Iterable[str]) -> list[str]:
    return [fault for fault in faults if not any(fault.endswith(accepted) for accepted in ACCEPTED)]


def released(release: str, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((RELEASED / release / f"{name}.json").read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("service", SERVICES)
def test_a_client_of_a_release_goes_on_working(release: str, service: str) -> None:
    assert refused(broken(released(release, service), documents()[service])) == []


@pytest.mark.parametrize("release", RELEASES)
def test_a_reader_of_a_releases_events_goes_on_reading(release: str) -> None:
    names = [path.stem for path in (RELEASED / release / "events").glob("*.json")]
    assert set(names) <= set(BY_NAME)
    faults = {name: refused(broken_event(released(release, f"events/{name}"), json.loads(schema_json(name)))) for name in names}
    assert {name: found for name, found in faults.items() if found} == {}


def changed(**changes: Any) -> list[str]:
    """The faults of a small document that was changed like this."""
    old = {
        "paths": {
            "/v1/things": {
                "post": {
                    "parameters": [{"in": "query", "name": "q", "schema": {"type": "string"}}],
                    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/In"}}}},
                    "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Out"}}}}},
                }
            }
        },
        "components": {
            "schemas": {
                "In": {"type": "object", "properties": {"kind": {"type": "string", "enum": ["a", "b"]}, "n": {"type": "integer"}}},
                "Out": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "n": {"type": "integer"}}},
            }
        },
    }
    new = copy.deepcopy(old)
    schemas: Any = new["components"]["schemas"]
    for name, change in changes.items():
        schemas[name] |= change
    return list(broken(old, new))


def test_the_rules() -> None:
    key = "POST /v1/things: "
    assert changed() == []
    one = {"type": "string", "enum": ["a"]}
    assert changed(In={"properties": {"kind": one, "n": {"type": "integer"}}}) == [f"{key}request.kind: the value b is gone"]
    assert changed(In={"properties": {"kind": {"type": "string"}}}) == [f"{key}request.n is gone"]
    assert changed(In={"required": ["n"]}) == [f"{key}request.n is needed now"]
    assert changed(Out={"required": []}) == [f"{key}answer.id can be missing now"]
    assert changed(Out={"properties": {"id": {"type": "string"}}}) == [f"{key}answer.n is gone"]
    nullable = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert changed(Out={"properties": {"id": nullable, "n": {"type": "integer"}}}) == [f"{key}answer.id: string became null or string"]
    # More may be taken, and more may be told.
    assert changed(In={"properties": {"kind": {"type": "string"}, "n": {"type": "number"}, "new": {"type": "string"}}}) == []
    assert changed(Out={"properties": {"id": {"type": "string"}, "n": {"type": "integer"}, "new": {"type": "string"}}}) == []
    gone = broken({"paths": {"/v1/things": {"get": {"responses": {}}}}}, {"paths": {}})
    assert list(gone) == ["GET /v1/things: the operation is gone"]
