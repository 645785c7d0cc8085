"""The troubles, worst first, and what to do about each. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

State = Literal["well", "worried", "broken"]

Runbook = Literal["loop-restarts", "set-up-faults", "outbox-stands-still", "outbox-refused", "weekly-upload", "unforeseen-error"]
"""The runbooks that findings lead to, by their names in docs/runbooks."""

LATE: Final = 60.0
"""Seconds that events may wait, to be published or to be read, before anybody has to think of it."""

TOO_LATE: Final = 600.0
OVERDUE: Final = 900.0
"""Seconds that a work item may be late: a quarter of an hour is the longest pause between two tries of most kinds."""

MANY_ERRORS: Final = 0.01
ENOUGH_REQUESTS: Final = 20

BACKLOG: Final = "star doctor"


@dataclass(frozen=True, slots=True)
class Finding:
    """A thing that is not as it should be: the sentence, what to do, and the runbook that says more, by its name."""

    state: Literal["worried", "broken"]
    sentence: str
    fix: str
    runbook: Runbook | None = None


def findings(answers: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """The findings about the services, broken ones first. `answers` has the parts, operations and backlog of each service that came, and
    is empty for one that did not."""
    found: list[Finding] = []
    for service, answer in answers.items():
        if not answer:
            found.append(Finding("broken", f"{service} does not answer.", "Start its API (star serve), or look at its log."))
            continue
        found += _of_parts(service, answer["parts"])
        found += _of_backlog(service, answer["backlog"])
        found += _of_operations(service, answer["operations"])
    versions = {part["version"] for answer in answers.values() if answer for part in answer["parts"] if part["live"]}
    if len(versions) > 1:
        sentence = f"Versions {' and '.join(sorted(versions))} run side by side."
        found.append(Finding("worried", sentence, "Finish the upgrade: docs/how-to/run-a-cluster.md."))
    return sorted(found, key=lambda finding: finding.state)


def state_of(found: Sequence[Finding]) -> State:
    """The worst of them."""
    return "broken" if any(finding.state == "broken" for finding in found) else "worried" if found else "well"


def sentence_of(found: Sequence[Finding], parts: int) -> str:
    """The state in a sentence."""
    if not found:
        return f"All is well: {parts} parts run, and nothing waits."
    rest = len(found) - 1
    return found[0].sentence if rest == 0 else f"{found[0].sentence.removesuffix('.')}, and {rest} more."


def _of_parts(service: str, parts: Sequence[Mapping[str, Any]]) -> Iterable[Finding]:
    # The console has nothing to work off that anybody waits for.
    if service != "console" and not any(part["kind"] == "worker" and part["live"] for part in parts):
        yield Finding("broken", f"No worker of {service} is running.", f"Start it: star work {service}.")
    for part in parts:
        name = f"The {'worker' if part['kind'] == 'worker' else 'API'} of {service} on {part['host']}"
        if part["stuck"]:
            yield Finding(
                "broken",
                f"{name} is stuck in {', '.join(part['stuck'])}.",
                "Restart it; its log has the last thing it did.",
                "loop-restarts",
            )
        elif not part["live"]:
            yield Finding(
                "worried", f"{name} has been silent since {part['refreshed'][11:16]} UTC.", "If it was stopped, nothing is to be done."
            )
        elif part["missing"]:
            yield Finding(
                "broken",
                f"{name} misses {', '.join(part['missing'])}.",
                f"Run {BACKLOG}: it says which setting or server.",
                "set-up-faults",
            )


def _of_backlog(service: str, backlog: Mapping[str, Any]) -> Iterable[Finding]:
    outbox = backlog["outbox"]
    if outbox["seconds"] > LATE:
        state: Literal["worried", "broken"] = "broken" if outbox["seconds"] > TOO_LATE else "worried"
        yield Finding(
            state,
            f"Events of {service} have waited {_time(outbox['seconds'])} to be published.",
            f"Run {BACKLOG}: is the bus there?",
            "outbox-stands-still",
        )
    if outbox["refused"]:
        yield Finding(
            "broken",
            f"The bus refuses {outbox['refused']} events of {service}.",
            f"Raise the topic's limit, as star migrate prints it, and restart {service}'s workers: they try them again.",
            "outbox-refused",
        )
    behind: dict[str, float] = {}
    for lag in backlog["lag"]:
        behind[lag["group"]] = max(behind.get(lag["group"], 0.0), lag["seconds"])
    for group, seconds in sorted(behind.items()):
        if seconds > LATE:
            state = "broken" if seconds > TOO_LATE else "worried"
            yield Finding(state, f"{group} is {_time(seconds)} behind.", "Add a worker, or look at its log for what it tries again.")
    for work in backlog["work"]:
        if work["due"] and work["seconds"] > OVERDUE:
            yield Finding(
                "worried",
                f"{work['due']} items of {work['kind']} are late by up to {_time(work['seconds'])}.",
                work["last_error"] or "",
                "weekly-upload" if work["kind"] == "upload" else None,
            )
    letters = sum(entry["letters"] for entry in backlog["dead_letters"])
    if letters:
        noun = "dead letter waits" if letters == 1 else "dead letters wait"
        yield Finding("worried", f"{letters} {noun} at {service}.", "Look at them below: redrive or discard them.")


def _of_operations(service: str, operations: Sequence[Mapping[str, Any]]) -> Iterable[Finding]:
    for operation in operations:
        if operation["requests"] >= ENOUGH_REQUESTS and operation["errors"] > MANY_ERRORS:
            share = f"{100 * operation['errors']:.0f} %"
            yield Finding(
                "worried",
                f"{share} of {operation['method']} {operation['path']} at {service} failed in the last hour.",
                "Its log has each.",
                "unforeseen-error",
            )


def _time(seconds: float) -> str:
    """A length of time: `50 seconds`, `12 minutes`, `3 hours`."""
    for size, noun in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {noun if number == 1 else noun + 's'}"
    return "a moment"
