"""The part of a school's term that a request asks about, as its parameters name it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from services.thresholds.schemas import QueryText, TermParameter
from shared.auth.principal import MOST_YEAR


@dataclass(frozen=True, slots=True)
class Selected:
    """A term, and of its students those of a year level and a group; None does not restrict."""

    term: TermParameter = None
    year_level: Annotated[int | None, Query(ge=0, le=MOST_YEAR, description="Only students of this year level")] = None
    group: Annotated[QueryText | None, Query(description="Only students of this group")] = None


Selection = Annotated[Selected, Depends()]
