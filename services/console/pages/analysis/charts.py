"""Tables with bars: the plots of the analysis. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.console.frame import words
from shared.web.spreadsheet import Cell

HIDDEN: Final = "too few to show"

CLASS_WORDS: Final = {"justified": "Justified", "unjustified": "Not justified"}
CATEGORY_WORDS: Final = {
    "regular": "Regular (over 90 %)",
    "irregular": "Irregular (over 80 %)",
    "moderate": "Moderate (over 70 %)",
    "chronic": "Chronic (70 % or less)",
    "unmarked": "Not marked yet",
}
PATTERN_WORDS: Final = {
    "weekday": "One weekday",
    "around-breaks": "Around breaks",
    "afternoons": "Afternoons",
    "one-spell": "One long spell",
    "scattered": "Scattered days",
}

Link = Callable[..., str | None]
"""The address of a list with these filters; None where there is no such list."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: its label, its length (None where it is hidden), the number in words, and the students behind it."""

    label: str
    value: float | None
    shown: str
    href: str | None = None
    tone: str = "accent"


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot: its name in addresses, its title, the heading of its numbers, and its rows."""

    name: str
    title: str
    label: str
    unit: str
    bars: list[Bar]
    note: str = ""

    @property
    def longest(self) -> float:
        """The length of the longest bar."""
        return max((bar.value for bar in self.bars if bar.value), default=1.0)

    def cells(self) -> list[list[Cell]]:
        """The rows of its file."""
        return [[bar.label, bar.value, bar.shown] for bar in self.bars]


def charts_of(sent: Mapping[str, Any], students: Link, records: Link) -> list[Chart]:
    """All plots of a term; `students` and `records` are the lists that bars open."""
    weeks, weekdays = [_week(week) for week in sent["weeks"]], [_weekday(day) for day in sent["weekdays"]]
    return [
        Chart("tiers", "Students by tier", "Tier", "Students", _tiers(sent["tiers"], students)),
        Chart("weeks", "Absence week by week", "Week", "Absence", weeks, _best(sent, "week", "Week {}")),
        Chart("weekdays", "Absence by weekday", "Day", "Absence", weekdays, _best(sent, "weekday", "{}")),
        Chart("causes", "Reasons", "Reason", "Half days", _causes(sent["classes"], students)),
        Chart("years", "Year levels", "Year", "Absence", [_year(year, students) for year in sent["year_levels"]]),
        Chart("groups", "Groups", "Group", "Absence", [_group(group, students) for group in sent["groups"]]),
        Chart("categories", "The Ministry's categories", "Category", "Students", _categories(sent["categories"])),
        Chart("steps", "Steps reached", "Step", "Students", _steps(sent["crossings"], records)),
        Chart("patterns", "Patterns", "Pattern", "Students", [_pattern(one) for one in sent["patterns"]]),
    ]


def headline(sent: Mapping[str, Any]) -> str:
    """The term in one sentence."""
    if sent["students"] is None:
        return "Too few students to show numbers that nobody can be picked out from."
    sentence = f"{words.count(sent['students'], 'student')}, {words.percent(sent['absence_rate'])} of half days away"
    target = sent["target"]
    if target is None or target["regular_share"] is None:
        return f"{sentence}."
    reached = f"the target of {words.percent(target['target_share'])}"
    sentence += f"; {words.percent(target['regular_share'])} attend regularly"
    if not target["students"]:
        return f"{sentence}: {reached} is met."
    return f"{sentence}, and {words.count(target['students'], 'more student')} would have to for {reached}."


def _tiers(tiers: Sequence[Mapping[str, Any]] | None, students: Link) -> list[Bar]:
    return [
        Bar(
            " and ".join(words.tier(name) for name in band["tiers"]),
            band["students"],
            words.count(band["students"], "student"),
            students(tier=band["tiers"][0]) if len(band["tiers"]) == 1 else None,
            band["tiers"][-1],
        )
        for band in tiers or []
    ]


def _categories(categories: Sequence[Mapping[str, Any]] | None) -> list[Bar]:
    return [
        Bar(" and ".join(CATEGORY_WORDS[name] for name in band["categories"]), band["students"], words.count(band["students"], "student"))
        for band in categories or []
    ]


def _week(week: Mapping[str, Any]) -> Bar:
    return Bar(f"Week {week['week']}, from {words.day(week['starts_on'])}", week["absence_rate"], _rate(week["absence_rate"]))


def _weekday(day: Mapping[str, Any]) -> Bar:
    return Bar(day["weekday"], day["absence_rate"], _rate(day["absence_rate"]))


def _causes(classes: Sequence[Mapping[str, Any]] | None, students: Link) -> list[Bar]:
    return [
        Bar(
            f"{code['meaning']}{_code(code)}, {CLASS_WORDS[one['class']].lower()}",
            code["half_days"],
            words.count(code["half_days"], "half day") if code["half_days"] is not None else HIDDEN,
            students(mostly=code["code"]) if code["code"] else None,
            "green" if one["class"] == "justified" else "orange",
        )
        for one in classes or []
        for code in one["codes"]
    ]


def _code(code: Mapping[str, Any]) -> str:
    return f" ({code['code']})" if code["code"] else ""


def _year(year: Mapping[str, Any], students: Link) -> Bar:
    if year["year_level"] is None:
        merged = ", ".join("no year" if one is None else str(one) for one in year["merged"])
        return Bar(f"Together: years {merged}" if merged else "No year known", year["absence_rate"], _cohort(year))
    return Bar(f"Year {year['year_level']}", year["absence_rate"], _cohort(year), students(year_level=year["year_level"]))


def _group(group: Mapping[str, Any], students: Link) -> Bar:
    if group["group"] is None:
        return Bar(f"Together: {', '.join(group['merged'])}", group["absence_rate"], _cohort(group))
    return Bar(group["group"], group["absence_rate"], _cohort(group), students(group=group["group"]))


def _steps(crossings: Sequence[Mapping[str, Any]] | None, records: Link) -> list[Bar]:
    return [
        Bar(
            words.days(one["threshold"]),
            one["up"],
            f"{_number(one['up'])} reached it" + (f", {_number(one['down'])} came back below" if one["down"] else ""),
            records(threshold=one["threshold"], status="all") if one["up"] else None,
            {5: "yellow", 10: "orange", 15: "red"}[one["threshold"]],
        )
        for one in crossings or []
    ]


def _pattern(one: Mapping[str, Any]) -> Bar:
    label = PATTERN_WORDS.get(one["pattern"], one["pattern"].replace("-", " ").capitalize())
    shown = words.count(one["students"], "student") if one["students"] is not None else HIDDEN
    return Bar(label, one["students"], f"{shown}. {one['rule']}")


def _cohort(cohort: Mapping[str, Any]) -> str:
    if cohort["students"] is None:
        return HIDDEN
    return f"{_rate(cohort['absence_rate'])} of {words.count(cohort['students'], 'student')}"


def _best(sent: Mapping[str, Any], what: str, form: str) -> str:
    best, worst = sent[f"best_{what}"], sent[f"worst_{what}"]
    return f"Best: {form.format(best)}. Worst: {form.format(worst)}." if best is not None and worst is not None else ""


def _rate(value: float | None) -> str:
    return HIDDEN if value is None else words.percent(value)


def _number(value: int | None) -> str:
    return "too few" if value is None else str(value)
