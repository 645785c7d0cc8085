"""The state of everything, from what the services say of themselves. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from services.console.asking.part import Part
from services.console.frame.navigation import BASE
from services.console.pages.operations.findings import Finding, State, findings, sentence_of, state_of

Answer = Mapping[str, Any]

FLOW: Final = (
    ("SMS", "ingest", "marks, rosters", ("ingest", "POST", ("/v1/schools/{school}/marks", "/v1/kamar", "/v1/schools/{school}/imports"))),
    ("staff", "thresholds", "requests", ("thresholds", "", ())),
)
"""The arrows into the engine: from, to, what goes there, and the operations whose requests are counted (none: all of the service)."""

OUTWARDS: Final = (
    ("notifier", "families", "letters", "delivery"),
    ("notifier", "partners", "webhooks", "webhook"),
    ("moe-sync", "Ministry", "uploads", "upload"),
)
"""The arrows out of the engine: from, to, what goes there, and the kind of work that waits for it."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow of the flow, with the numbers on it: requests a second, or records and seconds behind, or items that wait."""

    source: str
    target: str
    what: str
    rate: float | None = None
    records: int | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class OperationsView:
    """Everything that the page shows, and that its JSON says."""

    state: State
    sentence: str
    findings: list[Finding]
    parts: list[Answer]
    flow: list[Arrow]
    lag: list[Answer]
    outbox: list[Answer]
    work: list[Answer]
    dead_letters: list[Answer]
    operations: list[Answer]
    hours: Mapping[str, list[Answer]] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The JSON beside the page."""
        return {
            "state": self.state,
            "sentence": self.sentence,
            "findings": [{"state": one.state, "sentence": one.sentence, "fix": one.fix, "runbook": one.runbook} for one in self.findings],
            "parts": self.parts,
            "flow": [
                {
                    "from": arrow.source,
                    "to": arrow.target,
                    "what": arrow.what,
                    "rate": arrow.rate,
                    "records": arrow.records,
                    "seconds": arrow.seconds,
                }
                for arrow in self.flow
            ],
            "lag": self.lag,
            "outbox": self.outbox,
            "work": self.work,
            "dead_letters": self.dead_letters,
            "operations": self.operations,
        }


def operations_view(parts: Mapping[str, Part[Any]], services: Sequence[str], own: Sequence[Answer]) -> OperationsView:
    """The view. `parts` has `SERVICE.parts`, `SERVICE.operations` and `SERVICE.backlog` of each service; `own` are the console's parts."""
    answers: dict[str, Answer] = {service: _of(parts, service) for service in services}
    everybody = [*(part for answer in answers.values() if answer for part in answer["parts"]), *own]
    found = findings(answers)
    came = {service: answer for service, answer in answers.items() if answer}
    return OperationsView(
        state=state_of(found),
        sentence=sentence_of(found, sum(1 for part in everybody if part["live"])),
        findings=found,
        parts=everybody,
        flow=_flow(came),
        lag=[lag for answer in came.values() for lag in answer["backlog"]["lag"]],
        outbox=[{"service": service, **answer["backlog"]["outbox"]} for service, answer in came.items()],
        work=[{"service": service, **work} for service, answer in came.items() for work in answer["backlog"]["work"]],
        dead_letters=[{"service": service, **entry} for service, answer in came.items() for entry in answer["backlog"]["dead_letters"]],
        operations=[operation for answer in came.values() for operation in answer["operations"]],
        hours={service: answer["minutes"] for service, answer in came.items()},
    )


def document_address(operation: Answer) -> str:
    """Where an operation opens in its document."""
    tag, name = quote(operation["tag"]), quote(operation["operation_id"])
    return f"{BASE}/operations/documents/{operation['service']}#/{tag}/{name}"


def _of(parts: Mapping[str, Part[Any]], service: str) -> Answer:
    """A service in its own words; empty if a part of it did not come."""
    running, operations, backlog = (parts[f"{service}.{name}"].data for name in ("parts", "operations", "backlog"))
    if running is None or operations is None or backlog is None:
        return {}
    return {"parts": running["items"], "operations": operations["items"], "minutes": operations["minutes"], "backlog": backlog}


def _flow(answers: Mapping[str, Answer]) -> list[Arrow]:
    arrows = []
    for source, target, what, (service, method, paths) in FLOW:
        if service in answers:
            counted = [
                operation["rate"]
                for operation in answers[service]["operations"]
                if not paths or (operation["method"] == method and operation["path"] in paths)
            ]
            arrows.append(Arrow(source, target, what, rate=round(sum(counted), 3)))
    behind: dict[tuple[str, str], tuple[int, float]] = {}
    for service, answer in answers.items():
        for lag in answer["backlog"]["lag"]:
            records, seconds = behind.get((service, lag["topic"]), (0, 0.0))
            behind[service, lag["topic"]] = records + lag["records"], max(seconds, lag["seconds"])
    for (service, topic), (records, seconds) in sorted(behind.items()):
        arrows.append(Arrow(topic, service, "events", records=records, seconds=seconds))
    for service, answer in answers.items():
        outbox = answer["backlog"]["outbox"]
        arrows.append(Arrow(service, "bus", "outbox", records=outbox["waiting"], seconds=outbox["seconds"]))
    for service, target, what, kind in OUTWARDS:
        if service in answers:
            of_kind = [work for work in answers[service]["backlog"]["work"] if work["kind"] == kind]
            waiting, seconds = sum(work["waiting"] for work in of_kind), max((work["seconds"] for work in of_kind), default=0.0)
            arrows.append(Arrow(service, target, what, records=waiting, seconds=seconds))
    return arrows
