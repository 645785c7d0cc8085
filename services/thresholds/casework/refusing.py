"""The error of rules about casework, and the answer that it becomes."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Literal

from shared.web.problems import ProblemError

Unkeepable = Literal["bad-field", "future-date", "nobody-reached", "not-agreed", "nothing-planned"]


class UnkeepableError(ValueError):
    """A contact, meeting or support plan that can't be like this. `kind` is stable, for the problem's type."""

    def __init__(self, kind: Unkeepable, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


@contextmanager
def refusals() -> Iterator[None]:
    """Turns the error of a rule into the refusal of a request: ProblemError 422."""
    try:
        yield
    except UnkeepableError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, error.kind, str(error)) from error
