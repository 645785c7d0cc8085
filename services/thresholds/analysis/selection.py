"""The part of a school's term that a request asks about, as its parameters name it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from services.thresholds.analysis.behind import AnalysisFigure
from services.thresholds.analysis.categories import LEVELS, CategoryLevel
from services.thresholds.analysis.weeks import MOST_WEEKS, WeekdayName
from services.thresholds.schemas import QueryText, TermParameter
from shared.attendance.tiers import TIERS, Tier
from shared.auth.principal import MOST_YEAR


@dataclass(frozen=True, slots=True)
class Selected:
    """A term, and of its students those of a year level and a group; None does not restrict."""

    term: TermParameter = None
    year_level: Annotated[int | None, Query(ge=0, le=MOST_YEAR, description="Only students of this year level")] = None
    group: Annotated[QueryText | None, Query(description="Only students of this group")] = None


Selection = Annotated[Selected, Depends()]


@dataclass(frozen=True, slots=True)
class FigureParameters:
    """A figure of the analysis, as a request names it; of those that are named, all hold."""

    tier: Annotated[list[Tier] | None, Query(description="Only students on one of these tiers", max_length=len(TIERS))] = None
    category: Annotated[
        list[CategoryLevel] | None, Query(description="Only students of one of these categories", max_length=len(LEVELS))
    ] = None
    week: Annotated[int | None, Query(ge=1, le=MOST_WEEKS, description="Only students away in this week of the term")] = None
    weekday: Annotated[WeekdayName | None, Query(description="Only students away on this day of a week")] = None

    @property
    def figure(self) -> AnalysisFigure:
        """The figure."""
        return AnalysisFigure(self.tier or (), self.category or (), self.week, self.weekday)


AskedFigure = Annotated[FigureParameters, Depends()]
