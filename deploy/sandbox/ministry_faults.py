"""The faults of the Ministry's end, on demand."""

from typing import Annotated, Self, TypedDict

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from deploy.sandbox.problems import ProblemError


class FaultsState(TypedDict):
    status: int | None
    times: int
    retry_after: int | None
    after_storing: bool
    reject: list[str]


class FaultsRequest(BaseModel):
    """`{"status", "times", "retry_after", "after_storing"}` or `{"reject": [...]}` or both; unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    status: Annotated[int, Field(ge=400, le=599)] | None = None
    times: Annotated[int, Field(ge=1)] = 1
    retry_after: Annotated[int, Field(ge=0)] | None = None
    after_storing: bool = False
    reject: list[Annotated[str, StringConstraints(min_length=1)]] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.status is None and (self.reject is None or self.model_fields_set != {"reject"}):
            raise ValueError("either status (times, retry_after and after_storing go with it) or reject is needed")
        return self


class MinistryFaults:
    """The faults in force, in memory: a new status fault replaces the one before, and so does a new reject list."""

    def __init__(self) -> None:
        self._status: int | None = None
        self._times = 0
        self._retry_after: int | None = None
        self._after_storing = False
        self._reject: frozenset[str] = frozenset()

    @property
    def unwanted(self) -> frozenset[str]:
        """The ids, student ids and students whose items are rejected."""
        return self._reject

    def set(self, request: FaultsRequest) -> None:
        """Puts the request in force; what it doesn't speak of stays."""
        if request.status is not None:
            self._status, self._times = request.status, request.times
            self._retry_after, self._after_storing = request.retry_after, request.after_storing
        if request.reject is not None:
            self._reject = frozenset(request.reject)

    def clear(self) -> None:
        """An obliging Ministry again."""
        self._status, self._times, self._reject = None, 0, frozenset()

    def state(self) -> FaultsState:
        """The fault in force; `times` is how often it will still happen."""
        return {
            "status": self._status,
            "times": self._times,
            "retry_after": self._retry_after,
            "after_storing": self._after_storing,
            "reject": sorted(self._reject),
        }

    def strike(self, *, after_storing: bool) -> None:
        """Raises the ProblemError that is due at this point, and uses one of its times; nothing due, nothing happens."""
        if self._status is None or after_storing != self._after_storing:
            return
        problem = ProblemError(
            self._status,
            "fault",
            "The sandbox was asked to fail",
            headers=None if self._retry_after is None else {"Retry-After": str(self._retry_after)},
        )
        self._times -= 1
        if self._times == 0:
            self._status = None
        raise problem
