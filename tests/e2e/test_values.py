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
    address = f"{base}{attempt.path}{'?' if attempt.query else ''}{attempt.query}"
    try:
        return http.request(attempt.method, address, content=content, headers=headers)
    except httpx.TransportError:
        # A connection that has rested may end at any moment.
        return http.request(attempt.method, address, content=content, headers=headers)


HEADERS: dict[str, tuple[bytes, ...]] = {
    "Accept": (b"\xff", b",;,", b"text/event-stream;q=\xff", b"*" * 5_000),
    "Authorization": (b"Bearer", b"Bearer \xff.\xff.\xff", b"Basic \xff", b"\xff", b"Bearer " + b"W" * 20_000),
    "Content-Encoding": (b"\xff", b"gzip, gzip", b"gzip"),
    "Content-Length": (b"9" * 5_000, b"-1", b"\xb2"),
    "Content-Type": (b"\xff/\xff", b"application/json; charset=\xff", b"application/json; charset=utf-7", b";", b"text/csv"),
    "If-None-Match": (b"\xff", b'W/"', b"," * 5_000),
    "Last-Event-ID": (b"\xff", b"9" * 400, b"W10", b"-1"),
    "Range": (b"bytes=" + b"9" * 400 + b"-", b"\xff"),
}


@pytest.mark.parametrize("stack", ["embedded"], indirect=True)
def test_no_header_is_our_fault(school: School) -> None:
    school.enrol(["1"])
    number = school.number
    places = [
        ("GET", "thresholds", "/v1/events"),
        ("GET", "thresholds", f"/v1/schools/{number}/plan/page"),
        ("GET", "thresholds", f"/v1/schools/{number}/audit"),
        ("GET", "thresholds", f"/v1/schools/{number}/analysis"),
        ("POST", "ingest", f"/v1/schools/{number}/marks"),
        ("POST", "ingest", f"/v1/schools/{number}/imports?kind=marks"),
        ("POST", "ingest", "/v1/kamar"),
        ("PUT", "ingest", f"/v1/schools/{number}"),
        ("POST", "notifier", "/v1/bounces"),
        ("GET", "moe-sync", f"/v1/schools/{number}/uploads"),
    ]
    wrong = []
    for method, service, path in places:
        for name, values in HEADERS.items():
            for value in values:
                headers = [(key.encode(), text.encode()) for key, text in school.auth.items() if key != name] + [(name.encode(), value)]
                body = b"{}" if method != "GET" else None
                try:
                    answer = httpx.request(method, f"{school.stack.url(service)}{path}", headers=headers, content=body, timeout=5)
                except httpx.TransportError:
                    # The server hung up on a head that it can't read, or goes on with a stream.
                    continue
                if answer.status_code >= 500:
                    wrong.append((method, path, name, value[:20], answer.status_code))
    assert wrong == []


LINES = [
    b'{"student": "1", "date": "%s", "session": "AM", "code": "M", "recorded_at": "%s"}' % (day, moment)
    for day in (b"0001-01-01", b"9999-12-31", b"2026-02-30", b"")
    for moment in (b"2026-10-13T09:05:00+13:00", b"0001-01-01T00:00:00+14:00", b"9999-12-31T23:59:59-12:00")
] + [
    b'{"student": "a\\u0000b", "date": "2026-10-13", "session": "AM", "code": "\\ud800", "recorded_at": "2026-10-13T09:05:00+13:00"}',
    b'{"student": "1", "date": "2026-10-13", "slot": ' + b"9" * 500 + b', "code": "M", "recorded_at": "2026-10-13T09:05:00+13:00"}',
    b'{"student": "' + b"x" * 100_000 + b'"}',
    b"[" * 100_000,
    b"\x00\xff\xed\xa0\x80",
]  # fmt: skip


@pytest.mark.parametrize("stack", ["embedded"], indirect=True)
@pytest.mark.parametrize("end", ["marks", "imports?kind=marks", "imports?kind=students"])
def test_no_line_of_a_file_is_our_fault(school: School, end: str) -> None:
    school.enrol(["1"])
    path = f"{school.stack.url('ingest')}/v1/schools/{school.number}/{end}"
    csv = end != "marks"
    head = b"student,date,session,code,recorded_at,given_name,family_name\n" if csv else b""
    rows = [
        b'1,"%s",AM,M,"%s","%s",Up' % (line, line, line) for line in (b"0001-01-01", b"9999-12-31", b"a\x00b", b"x" * 100_000, b"9" * 500)
    ]
    for line in rows if csv else LINES:
        headers = school.auth | {"Content-Type": "text/csv" if csv else "application/x-ndjson"}
        answer = school.stack.http.post(path, content=head + line + b"\n", headers=headers)
        assert answer.status_code < 500, line[:80]


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
