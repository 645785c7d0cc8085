"""The look at every answer of the tests: an answer that no document has is a fault, and others' answers are none of its business."""

import json

from tests.support.honest import candidates, fault

STAR = "/v1/star-records/6f1b8a54-3a52-5e0e-9d3e-0a35b9a3d1a0"


def problem(kind: str, status: int) -> bytes:
    return json.dumps({"type": f"urn:nz-star:problem:{kind}", "title": "t", "status": status, "detail": "d"}).encode()


def test_an_answer_of_the_documents_is_no_fault() -> None:
    assert fault("GET", STAR, 404, "application/problem+json", problem("unknown-record", 404)) is None
    assert fault("GET", f"/thresholds{STAR}", 404, "application/problem+json", problem("unknown-record", 404)) is None
    assert fault("GET", "/v1/schools", 200, "application/json", b'{"items": [], "next": null}') is None


def test_a_status_a_media_type_or_a_schema_that_is_not_declared_is_one() -> None:
    assert fault("GET", STAR, 409, "application/problem+json", problem("being-sent", 409)) == (
        "thresholds GET /v1/star-records/{record_id} 409: not declared (urn:nz-star:problem:being-sent)"
    )
    assert "text/plain is not declared" in str(fault("GET", STAR, 404, "text/plain", b"no"))
    assert "of-no-list" in str(fault("GET", STAR, 404, "application/problem+json", problem("of-no-list", 404)))
    assert "next" in str(fault("GET", "/v1/schools", 200, "application/json", b'{"items": []}'))
    assert "a body of application/json" in str(fault("DELETE", "/v1/subscriptions/1", 204, "application/json", b"{}"))


def test_what_is_no_operation_of_ours_is_passed_over() -> None:
    assert fault("GET", "/v1/elsewhere", 418, "text/plain", b"short and stout") is None
    assert fault("PUT", STAR, 405, "application/problem+json", problem("method-not-allowed", 405)) is None


def test_a_path_without_parameters_goes_first() -> None:
    assert [operation.key for operation in candidates("POST", "/v1/dead-letters/redrive")] == ["POST /v1/dead-letters/redrive"] * 4
    assert [operation.service for operation in candidates("GET", "/ingest/v1/schools/0999")] == ["ingest"]
