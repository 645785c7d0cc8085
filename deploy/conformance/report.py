"""The report of a proving ground: each case with its state, and the rule for what differs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.conformance.cases import Case, Door, cases
from deploy.conformance.evidence import Evidence
from deploy.conformance.expectations import Outcome, State


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case, and how far it is: `different` if one of its expectations is, `met` if all are, else `waiting`."""

    case: Case
    outcomes: tuple[Outcome, ...]

    @property
    def state(self) -> State:
        """The worst of the expectations; one that differs says more than one that is waited for."""
        states = {outcome.state for outcome in self.outcomes}
        return "different" if "different" in states else "waiting" if "waiting" in states else "met"

    @property
    def why(self) -> list[str]:
        """The differences; where there are none, what is waited for."""
        return list(dict.fromkeys(outcome.why for outcome in self.outcomes if outcome.state == self.state and outcome.why))

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        case = self.case
        return {
            "case": case.name,
            "title": case.title,
            "state": self.state,
            "why": self.why,
            "steps": list(case.steps),
            "rule": case.rule,
            "page": case.page,
        }


async def results(evidence: Evidence, door: Door) -> list[CaseResult]:
    """The state of all cases of a door. Raises EvidenceError."""
    return [
        CaseResult(case, tuple([await expectation.outcome(evidence) for expectation in case.expects]))
        for case in cases(evidence.ground, door)
    ]


def lines(found: list[CaseResult], *, steps: bool) -> Iterator[str]:
    """The report for people: a line a case, what differs with its rule, and the steps of the next case."""
    for result in found:
        yield f"{result.state:<10} {result.case.name:<17} {result.case.title}"
        if result.state == "different":
            yield from (f"             {why}" for why in result.why)
            yield f"             the rule: {result.case.rule} ({result.case.page})"
    met = sum(result.state == "met" for result in found)
    yield f"{met} of {len(found)} cases are met"
    following = next((result for result in found if result.state != "met"), None)
    if following is not None and steps:
        yield ""
        yield f"next: {following.case.title} ({following.case.name})"
        yield from (f"  - {step}" for step in following.case.steps)
        if following.state == "waiting":
            yield from (f"  waiting: {why}" for why in following.why[:3])
