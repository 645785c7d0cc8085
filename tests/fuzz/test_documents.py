"""Every operation of the OpenAPI documents, with requests that its document allows and with some that it does not."""

from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.ground import EXAMPLES, Ground
from tests.support import honest

SERVICES: Final = ("ingest", "thresholds", "notifier", "moe-sync")

WELL_KNOWN: Final[dict[str, str]] = {"school": "0999", "student": "12345", "threshold": "5"}
"""Values that lead past the first look at a path, half of the time."""

LASTING: Final = {"/v1/events"}
"""A poll waits and a stream never ends, as they should."""


@schemathesis.serializer("application/pdf", "application/jose")
def as_it_is(context: Any, value: Any) -> bytes:
    """A body that is no JSON."""
    del context
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("service", SERVICES)
def test_no_operation_fails_or_answers_what_its_document_does_not_have(ground: Ground, service: str) -> None:
    schema = schemathesis.openapi.from_dict(ground.documents[service])
    faults: dict[str, str] = {}
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation is None or operation.path in LASTING or not operation.path.startswith("/v1/") or "stream" in operation.path:
            continue
        tried += 1
        name = f"{operation.method.upper()} {operation.path}"
        answer = _worst(ground, service, operation)
        if answer is not None:
            faults[name] = answer
    assert tried > 10
    assert faults == {}


def _worst(ground: Ground, service: str, operation: Any) -> str | None:
    """The first answer that says that the service has failed, or that its document does not have; None for none."""
    worst: list[str] = []

    @settings(max_examples=EXAMPLES, database=None, derandomize=EXAMPLES < 50, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), known=st.booleans())
    def ask(case: Any, known: bool) -> None:
        if known and case.path_parameters:
            case.path_parameters = {name: WELL_KNOWN.get(name, value) for name, value in case.path_parameters.items()}
        answer = case.call(base_url=ground.urls[service], headers=ground.headers)
        if answer.status_code >= 500 and answer.status_code != 503:
            worst.append(f"{answer.status_code}: {case.as_curl_command()}"[:500])
        media_type = answer.headers.get("content-type", [""])[0].partition(";")[0]
        path = f"/{service}{urlsplit(answer.request.url).path}"
        undocumented = honest.fault(operation.method.upper(), path, answer.status_code, media_type, answer.content)
        if undocumented is not None:
            worst.append(f"{undocumented}: {case.as_curl_command()}"[:500])

    ask()
    return worst[0] if worst else None
