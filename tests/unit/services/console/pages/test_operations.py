"""Faults, worst first; and everything that the services said, in one view."""

from typing import Any

from services.console.asking.part import Failure, Part
from services.console.pages.operations.findings import findings, sentence_of, state_of
from services.console.pages.operations.view import document_address, operations_view


def part(kind: str = "worker", **changes: Any) -> dict[str, Any]:
    fields = {"service": "thresholds", "kind": kind, "host": "one", "version": "0.2.0", "live": True, "ready": True, "leads": []}
    return {**fields, "since": "2026-11-20T02:00:00Z", "refreshed": "2026-11-20T03:04:05Z", "stuck": [], "missing": [], **changes}


def backlog(**changes: Any) -> dict[str, Any]:
    return {"lag": [], "outbox": {"waiting": 0, "seconds": 0.0, "refused": 0}, "work": [], "dead_letters": [], **changes}


def operation(**changes: Any) -> dict[str, Any]:
    fields = {
        "service": "thresholds",
        "method": "GET",
        "path": "/v1/things",
        "summary": "",
        "tag": "STAR records",
        "operation_id": "things",
    }
    return {**fields, "requests": 100, "rate": 0.5, "errors": 0.0, "refused": 0.0, "p50": 10.0, "p99": 20.0, **changes}


def said(**changes: Any) -> dict[str, Any]:
    return {"parts": [part(), part("api")], "backlog": backlog(), "operations": [operation()], **changes}


def sentences(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding.state, finding.sentence) for finding in findings({"thresholds": answer})]


def test_all_is_well() -> None:
    assert findings({"thresholds": said()}) == []
    assert (state_of([]), sentence_of([], 9)) == ("well", "All is well: 9 parts run, and nothing waits.")


def test_the_worst_comes_first() -> None:
    found = findings({"thresholds": said(backlog=backlog(dead_letters=[{"letters": 3}])), "notifier": {}})
    assert [finding.sentence for finding in found] == ["notifier does not answer.", "3 dead letters wait at thresholds."]
    assert (state_of(found), sentence_of(found, 2)) == ("broken", "notifier does not answer, and 1 more.")


def test_parts_that_are_not_well() -> None:
    assert sentences(said(parts=[part("api")])) == [("broken", "No worker of thresholds is running.")]
    assert sentences(said(parts=[part(), part("api", ready=False, missing=["database"])])) == [
        ("broken", "The API of thresholds on one misses database.")
    ]
    assert sentences(said(parts=[part(), part(live=False, stuck=["thresholds.relay"])])) == [
        ("broken", "The worker of thresholds on one is stuck in thresholds.relay.")
    ]
    assert sentences(said(parts=[part(), part("api", live=False)])) == [
        ("worried", "The API of thresholds on one has been silent since 03:04 UTC.")
    ]
    assert sentences(said(parts=[part(), part("api", version="0.1.0")])) == [("worried", "Versions 0.1.0 and 0.2.0 run side by side.")]


def test_what_is_late() -> None:
    lag = {"group": "thresholds.marks", "topic": "star.marks.v1", "partition": 0, "records": 7, "seconds": 700.0}
    work = {"kind": "letter", "waiting": 3, "due": 2, "seconds": 7_300.0, "failed": 0, "last_error": "away"}
    late = backlog(lag=[lag], outbox={"waiting": 9, "seconds": 90.0, "refused": 2}, work=[work])
    assert sentences(said(backlog=late)) == [
        ("broken", "The bus refuses 2 events of thresholds."),
        ("broken", "thresholds.marks is 11 minutes behind."),
        ("worried", "Events of thresholds have waited 1 minute to be published."),
        ("worried", "2 items of letter are late by up to 2 hours."),
    ]


def test_operations_that_fail_often_enough_to_be_no_accident() -> None:
    assert sentences(said(operations=[operation(errors=0.05, requests=10), operation(errors=0.01)])) == []
    assert sentences(said(operations=[operation(errors=0.05)])) == [
        ("worried", "5 % of GET /v1/things at thresholds failed in the last hour.")
    ]


def test_a_service_that_is_away_leaves_the_others_where_they_are() -> None:
    minutes = [{"requests": 1, "errors": 0}] * 60
    came = {
        "thresholds.parts": Part({"items": [part(), part("api")]}),
        "thresholds.operations": Part({"items": [operation()], "minutes": minutes}),
        "thresholds.backlog": Part(backlog()),
        "notifier.parts": Part(failure=Failure("away", "notifier")),
        "notifier.operations": Part(failure=Failure("away", "notifier")),
        "notifier.backlog": Part(failure=Failure("away", "notifier")),
    }
    view = operations_view(came, ["thresholds", "notifier"], [part("api", service="console")])
    shown = view.as_json()
    assert (shown["state"], shown["sentence"], len(shown["parts"])) == ("broken", "notifier does not answer.", 3)
    assert shown["flow"] == [
        {"from": "staff", "to": "thresholds", "what": "requests", "rate": 0.5, "records": None, "seconds": None},
        {"from": "thresholds", "to": "bus", "what": "outbox", "rate": None, "records": 0, "seconds": 0.0},
    ]
    assert document_address(shown["operations"][0]) == "/console/operations/documents/thresholds#/STAR%20records/things"


def test_what_leaves_the_engine_is_in_the_flow_though_nothing_waits() -> None:
    webhooks = {"kind": "webhook", "waiting": 3, "due": 2, "seconds": 7.0, "failed": 0, "last_error": None}
    came = {
        f"{service}.{name}": Part(answer)
        for service, work in (("notifier", [webhooks]), ("moe-sync", []))
        for name, answer in (
            ("parts", {"items": []}),
            ("operations", {"items": [], "minutes": []}),
            ("backlog", backlog(work=work)),
        )
    }
    flow = [(arrow.target, arrow.what, arrow.records, arrow.seconds) for arrow in operations_view(came, ["notifier", "moe-sync"], []).flow]
    assert flow[-3:] == [("families", "letters", 0, 0.0), ("partners", "webhooks", 3, 7.0), ("Ministry", "uploads", 0, 0.0)]
