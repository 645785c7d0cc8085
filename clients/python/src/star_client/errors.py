"""The errors of the client."""

from collections.abc import Mapping
from typing import Any

PREFIX = "urn:nz-star:problem:"


class StarError(Exception):
    """A refusal: `kind` is the end of the problem's type, `problem` the whole of it.

    A kind that this release of the client does not know is no fault: go by `status` then.
    """

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('type', '')}: {problem.get('detail', '')}{_first_rejection(problem)}")
        self.status = status
        self.problem = dict(problem)
        self.kind = str(problem.get("type", "")).removeprefix(PREFIX)
        self.detail = str(problem.get("detail", ""))

    @property
    def read_from(self) -> str | None:
        """The cursor to read the feed from when the one that was sent is of another history (410); None for other refusals."""
        return str(self.problem["read_from"]) if "read_from" in self.problem else None


def _first_rejection(problem: Mapping[str, Any]) -> str:
    """The first item of a batch that was refused, for the message; all of them are in the problem."""
    match problem.get("rejected"):
        case [{"index": index, "reason": reason, "detail": detail}, *_]:
            return f" (item {index}: {reason}, {detail})"
    return ""


class WebhookError(Exception):
    """A webhook that is not from the engine, or too old."""
