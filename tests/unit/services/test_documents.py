"""The OpenAPI documents: typed clients are made from them, so each name is one readable word, and each refusal is declared."""

from collections import Counter
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from shared.version import VERSION
from shared.web.problem_types import PROBLEMS, TYPE_PREFIX, ProblemKind
from tests.support.documents import SERVICES, documents, operations

PUBLIC = {
    "GET /asyncapi.json",
    "GET /schemas/{event}.json",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /v1/transfer-keys",
    "GET /plans/{school}",
    "GET /plans/{school}.pdf",
    "GET /v1/schools/{school}/plan/page",
    "GET /v1/schools/{school}/plan/plan.pdf",
    "GET /v1/upload-format/schema.json",
    "GET /reply/{token}",
    "POST /reply/{token}",
}


@pytest.mark.parametrize("service", SERVICES)
def test_a_schema_is_named_by_one_word_of_ours(service: str) -> None:
    names = documents()[service]["components"]["schemas"]
    # Two classes of one name would be told apart by their modules, and a generic class shows its parameters in brackets.
    assert [name for name in names if not name.isalnum()] == []


def test_a_schema_of_one_name_is_the_same_in_every_document() -> None:
    seen: dict[str, Any] = {}
    differ = [
        (service, name)
        for service in SERVICES
        for name, schema in documents()[service]["components"]["schemas"].items()
        if seen.setdefault(name, schema) != schema
    ]
    assert differ == []


def test_an_operation_has_a_short_name_that_no_other_has() -> None:
    names = Counter(operation["operationId"] for service in SERVICES for _, operation in operations(documents()[service]))
    assert [name for name, times in names.items() if times > 1 or not name.isalnum() or len(name) > 40 or not name[0].islower()] == []
    assert {"listStarRecords", "postMarks", "listThresholdsDeadLetters", "listMoeSyncAuditLines"} <= set(names)


@pytest.mark.parametrize("service", SERVICES)
def test_only_public_operations_are_without_a_token(service: str) -> None:
    public = {key for key, operation in operations(documents()[service]) if operation["security"] == []}
    assert public <= PUBLIC
    for key, operation in operations(documents()[service]):
        assert ("401" in operation["responses"]) == (key not in public), key


@pytest.mark.parametrize("service", SERVICES)
def test_every_refusal_is_a_problem(service: str) -> None:
    for key, operation in operations(documents()[service]):
        for status, answer in operation["responses"].items():
            own_form = key in {
                "POST /v1/kamar",
                "GET /healthz",
                "GET /readyz",
                "GET /reply/{token}",
                "POST /reply/{token}",
            } and status not in {"422", "429"}
            if status >= "400" and not own_form:
                assert answer["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}, (key, status)


def test_the_door_is_declared() -> None:
    [marks] = [operation for key, operation in operations(documents()["ingest"]) if key == "POST /v1/schools/{school}/marks"]
    assert set(marks["responses"]) == {"202", "400", "401", "403", "404", "413", "415", "422", "429", "503"}
    assert list(marks["responses"]["404"]["content"]["application/problem+json"]["examples"]) == ["unknown-school"]
    assert marks["requestBody"]["content"]["application/x-ndjson"]["schema"] == {"$ref": "#/components/schemas/MarkIn"}
    students = documents()["ingest"]["components"]["schemas"]["StudentsIn"]["properties"]["students"]
    assert students["items"] == {"$ref": "#/components/schemas/StudentIn"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_field_parameter_and_group_has_words_and_an_example(service: str) -> None:
    document = documents()[service]
    bare = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, described in schema.get("properties", {}).items()
        if not described.get("description") or "examples" not in described
    ]
    bare += [
        f"{operation['operationId']}.{parameter['name']}"
        for _, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if not parameter["description"] or "examples" not in parameter["schema"]
    ]
    # Words for a field go where it is declared, or into shared/web/openapi/vocabulary.toml.
    assert bare == []
    described = {tag["name"] for tag in document["tags"] if tag["description"]}
    # A group's sentence goes into shared/web/openapi/tags.py.
    assert {tag for _, operation in operations(document) for tag in operation["tags"]} == described


@pytest.mark.parametrize("service", SERVICES)
def test_every_example_is_one(service: str) -> None:
    document = documents()[service]
    wrong = []
    for name, schema in document["components"]["schemas"].items():
        whole = {"components": document["components"], "$ref": f"#/components/schemas/{name}"}
        validator = Draft202012Validator(whole)
        wrong += [
            f"{name}: {error.json_path} {error.message}"
            for example in schema.get("examples", ())
            for error in validator.iter_errors(example)
        ]
    assert wrong == []


def test_the_documents_say_whose_they_are() -> None:
    for service in SERVICES:
        info = documents()[service]["info"]
        assert (info["version"], info["license"]["identifier"]) == (VERSION, "Apache-2.0")
        assert info["contact"]["name"] and info["description"]


def test_the_list_of_problems_is_whole() -> None:
    assert set(PROBLEMS) == set(get_args(ProblemKind))
    enum = documents()["notifier"]["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    assert enum == [TYPE_PREFIX + kind for kind in sorted(PROBLEMS)]


def test_a_wish_that_is_cut_has_a_maximum() -> None:
    [attempts] = [o for key, o in operations(documents()["notifier"]) if key == "GET /v1/subscriptions/{subscription_id}/attempts"]
    [limit] = [parameter for parameter in attempts["parameters"] if parameter["name"] == "limit"]
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"]) == (1, 500)
