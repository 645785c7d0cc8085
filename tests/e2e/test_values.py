"""Every parameter and body field of every service: a value that no column holds is the caller's fault, and never ours."""

import json
from typing import Any

import httpx
import pytest

from tests.e2e.school import School, eventually_holds
from tests.e2e.values import Attempt, attempts
from tests.support.stack import SERVICES

UNKNOWN = "11111111-1111-4111-8111-111111111111"
ITEM_BY_ITEM = {"/students", "/marks"}
"""Ends of the paths whose batches refuse an item and take the others."""

WAITS = {"query wait"}
STREAMS = {"/v1/kamar"}


def known(school: School) -> dict[str, str]:
    """Values of path parameters, so that requests get as far as the tables."""
    number = school.number

    def first(service: str, path: str) -> str:
        return str(school.get(service, path)["items"][0]["id"])

    subscription = {"url": "http://127.0.0.1:9/hook", "schools": [number], "events": ["nz.star.threshold.crossed.v1"]}
    return {
        "school": number,
        "student": "1",
        "threshold": "5",
        "record_id": first("thresholds", f"/v1/schools/{number}/star-records"),
        "delivery": first("notifier", f"/v1/schools/{number}/deliveries"),
        "subscription_id": str(school.request("POST", "notifier", "/v1/subscriptions", json=subscription).raise_for_status().json()["id"]),
        "version": "1",
        "username": "nobody",
        "event": "nz.star.threshold.crossed.v1",
        "name": "0999",
        **dict.fromkeys(("letter_id", "upload", "response_id", "transfer_id", "address"), UNKNOWN),
    }


def sent(http: httpx.Client, base: str, attempt: Attempt, headers: dict[str, str]) -> httpx.Response:
    content: Any = None
    if attempt.body is not None:
        content = json.dumps(attempt.body).encode() if not isinstance(attempt.body, bytes) else attempt.body
        headers = headers | {"Content-Type": "application/json"}
    return http.request(
        attempt.method, f"{base}{attempt.path}{'?' if attempt.query else ''}{attempt.query}", content=content, headers=headers
    )


@pytest.mark.parametrize("stack", ["embedded"], indirect=True)
def test_no_value_of_any_field_is_our_fault(school: School) -> None:
    school.enrol(["1"])
    school.absent("1", 10)

    def a_letter_has_gone() -> None:
        assert school.get("notifier", f"/v1/schools/{school.number}/deliveries")["items"]

    eventually_holds(a_letter_has_gone)
    fit = known(school)
    wrong: list[tuple[str, Attempt, int]] = []
    count = 0
    for service in SERVICES:
        document = school.get(service, "/openapi.json")
        for attempt in attempts(document, fit):
            if attempt.at in WAITS or attempt.path in STREAMS or attempt.path.endswith("/rotate"):
                continue
            answer = sent(school.stack.http, school.stack.url(service), attempt, school.auth)
            count += 1
            batch = any(attempt.path.endswith(end) for end in ITEM_BY_ITEM)
            if answer.status_code >= 500 or (attempt.no_text and not batch and answer.status_code not in (403, 404, 422)):
                wrong.append((service, attempt, answer.status_code))
    print(f"{count} requests")
    assert count > 1_000
    assert [(service, attempt.method, attempt.path, attempt.at, attempt.value, status) for service, attempt, status in wrong] == []
