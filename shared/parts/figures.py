"""The parts' figures put together: operations of the document with what was noted of them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from shared.parts.part import GroupLagSaid, Part
from shared.parts.schemas import LagOut, MinuteOut, OperationOut, OperationPage, PartOut
from shared.settings import ServiceName
from shared.telemetry.operation_times import Answers, Hour, together

METHODS: Final = ("get", "put", "post", "patch", "delete")


def operations_of(service: ServiceName, document: Mapping[str, Any], hours: Iterable[Hour]) -> OperationPage:
    """Every operation of an OpenAPI document, in its order, with the answers of the last hour of all processes."""
    hour = together(hours)
    seconds = max(hour.seconds, 1.0)
    items = []
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            answers = hour.operations.get((method.upper(), path), Answers())
            items.append(
                OperationOut(
                    service=service,
                    method=method.upper(),
                    path=path,
                    summary=item[method].get("summary", ""),
                    tag=next(iter(item[method].get("tags", ())), "default"),
                    operation_id=item[method].get("operationId", ""),
                    requests=answers.count,
                    rate=round(answers.count / seconds, 4),
                    errors=_share(answers.failed, answers.count),
                    refused=_share(answers.refused, answers.count),
                    p50=answers.quantile(0.5),
                    p99=answers.quantile(0.99),
                )
            )
    minutes = [MinuteOut(requests=count, errors=failed) for count, failed in hour.minutes]
    return OperationPage(items=items, next=None, seconds=round(hour.seconds, 1), minutes=minutes)


def lag_of(parts: Sequence[Part]) -> list[LagOut]:
    """The lag of each group and partition, as the worker that looked last has it."""
    newest: dict[tuple[str, str, int], GroupLagSaid] = {}
    for part in sorted(parts, key=lambda part: part.refreshed):
        newest |= {(lag.group, lag.topic, lag.partition): lag for lag in part.said.lag}
    return [
        LagOut(group=lag.group, topic=lag.topic, partition=lag.partition, records=lag.records, seconds=lag.seconds)
        for _, lag in sorted(newest.items())
    ]


def part_out(service: ServiceName, part: Part) -> PartOut:
    """A part as the API shows it."""
    return PartOut(
        id=part.id,
        service=service,
        kind=part.kind,
        host=part.host,
        version=part.version,
        since=part.since,
        refreshed=part.refreshed,
        live=part.live,
        ready=part.ready,
        stuck=part.said.stuck,
        missing=part.said.missing,
        leads=part.said.leads,
    )


def _share(some: int, all_: int) -> float:
    return round(some / all_, 4) if all_ else 0.0
