"""The error that rules and endpoints raise for a client: apart from the handlers, so that a command knows it without the web framework."""

from collections.abc import Mapping
from typing import Any, Protocol

from shared.web.problem_types import ProblemKind


class OfASchool(Protocol):
    """A row that belongs to a school; to none (None), if that could not be read."""

    @property
    def school(self) -> str | None:
        """The school's number."""


class ProblemError(Exception):
    """An error with an answer for the client.

    `kind` is the end of the problem's type, of the list in `problem_types.py`; `extra` are further members of the answer.
    """

    def __init__(
        self,
        status: int,
        kind: ProblemKind,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = dict(extra or {})
        self.row: OfASchool | None = None
        """The row that is there, and that the caller may not know of."""
