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
class Lists:
    """The lists that bars open: the page of students and that of records, of this term alone; and, of any term, the students behind a
    figure and the students with a pattern."""

    students: Link
    records: Link
    behind: Link
    patterns: Link


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


def charts_of(sent: Mapping[str, Any], lists: Lists) -> list[Chart]:
    """All plots of a term."""
    weeks, weekdays = [_week(week, lists) for week in sent["weeks"]], [_weekday(day, lists) for day in sent["weekdays"]]
    return [
        Chart("tiers", "Students by tier", "Tier", "Students", _tiers(sent["tiers"], lists)),
        Chart("weeks", "Absence week by week", "Week", "Absence", weeks, _best(sent, "week", "Week {}")),
        Chart("weekdays", "Absence by weekday", "Day", "Absence", weekdays, _best(sent, "weekday", "{}")),
        Chart("causes", "Reasons", "Reason", "Half days", _causes(sent["classes"], lists)),
        Chart("years", "Year levels", "Year", "Absence", [_year(year, lists) for year in sent["year_levels"]]),
        Chart("groups", "Groups", "Group", "Absence", [_group(group, lists) for group in sent["groups"]]),
        Chart("categories", "The Ministry's categories", "Category", "Students", _categories(sent["categories"], lists)),
        Chart("steps", "Steps reached", "Step", "Students", _steps(sent["crossings"], lists.records)),
        Chart("patterns", "Patterns", "Pattern", "Students", [_pattern(one, lists.patterns) for one in sent["patterns"]]),
    ]


def headline(sent: Mapping[str, Any]) -> str:
    """The term in one sentence."""
    if sent["students"] == 0:
        return "No student is counted yet."
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


def figure_words(asked: Mapping[str, Any], sent: Mapping[str, Any] | None) -> str:
    """The figure that a list is behind, in words; `sent` is the list."""
    said = [
        " and ".join(words.tier(name) for name in asked.get("tier", ())),
        " and ".join(CATEGORY_WORDS.get(name, name) for name in asked.get("category", ())),
        f"Away in week {asked['week']}{_dates(sent)}" if "week" in asked else "",
        f"Away on {asked['weekday']}s" if "weekday" in asked else "",
        f"Year {asked['year_level']}" if "year_level" in asked else "",
        asked.get("group", ""),
    ]
    return " · ".join(part for part in said if part) or "All students"


def _dates(sent: Mapping[str, Any] | None) -> str:
    return f", {words.day(sent['starts_on'])} to {words.day(sent['ends_on'])}" if sent and sent["starts_on"] else ""


def _tiers(tiers: Sequence[Mapping[str, Any]] | None, lists: Lists) -> list[Bar]:
    return [
        Bar(
            " and ".join(words.tier(name) for name in band["tiers"]),
            band["students"],
            words.count(band["students"], "student"),
            _opened(band["students"], _students(lists, band["tiers"])),
            band["tiers"][-1],
        )
        for band in tiers or []
    ]


def _students(lists: Lists, tiers: Sequence[str]) -> str | None:
    """The students on these tiers: on one, the page of students has more about them."""
    return (lists.students(tier=tiers[0]) if len(tiers) == 1 else None) or lists.behind(tier=tiers)


def _categories(categories: Sequence[Mapping[str, Any]] | None, lists: Lists) -> list[Bar]:
    return [
        Bar(
            " and ".join(CATEGORY_WORDS[name] for name in band["categories"]),
            band["students"],
            words.count(band["students"], "student"),
            _opened(band["students"], lists.behind(category=band["categories"])),
        )
        for band in categories or []
    ]


def _week(week: Mapping[str, Any], lists: Lists) -> Bar:
    label = f"Week {week['week']}, from {words.day(week['starts_on'])}"
    href = _opened(week["absent_half_days"], lists.behind(week=week["week"]))
    return Bar(label, week["absence_rate"], _marked(week["absence_rate"]), href)


def _weekday(day: Mapping[str, Any], lists: Lists) -> Bar:
    href = _opened(day["absent_half_days"], lists.behind(weekday=day["weekday"]))
    return Bar(day["weekday"], day["absence_rate"], _marked(day["absence_rate"]), href)


def _opened(number: int | None, href: str | None) -> str | None:
    """The list behind a number; nobody's is not worth a click, and a hidden one opens nothing."""
    return href if number else None


def _causes(classes: Sequence[Mapping[str, Any]] | None, lists: Lists) -> list[Bar]:
    return [
        Bar(
            f"{code['meaning']}{_code(code)}, {CLASS_WORDS[one['class']].lower()}",
            code["half_days"],
            words.count(code["half_days"], "half day") if code["half_days"] is not None else HIDDEN,
            lists.students(mostly=code["code"]) if code["code"] else None,
            "green" if one["class"] == "justified" else "orange",
        )
        for one in classes or []
        for code in one["codes"]
    ]


def _code(code: Mapping[str, Any]) -> str:
    return f" ({code['code']})" if code["code"] else ""


def _year(year: Mapping[str, Any], lists: Lists) -> Bar:
    if year["year_level"] is None:
        merged = ", ".join("no year" if one is None else str(one) for one in year["merged"])
        return Bar(f"Together: years {merged}" if merged else "No year known", year["absence_rate"], _cohort(year))
    return Bar(f"Year {year['year_level']}", year["absence_rate"], _cohort(year), _part(lists, year_level=year["year_level"]))


def _group(group: Mapping[str, Any], lists: Lists) -> Bar:
    if group["group"] is None:
        return Bar(f"Together: {', '.join(group['merged'])}", group["absence_rate"], _cohort(group))
    return Bar(group["group"], group["absence_rate"], _cohort(group), _part(lists, group=group["group"]))


def _part(lists: Lists, **filters: Any) -> str | None:
    """The students of a part of the school."""
    return lists.students(**filters) or lists.behind(**filters)


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


def _pattern(one: Mapping[str, Any], patterns: Link) -> Bar:
    label = PATTERN_WORDS.get(one["pattern"], one["pattern"].replace("-", " ").capitalize())
    shown = words.count(one["students"], "student") if one["students"] is not None else HIDDEN
    return Bar(label, one["students"], f"{shown}. {one['rule']}", _opened(one["students"], patterns(pattern=one["pattern"])))


def _cohort(cohort: Mapping[str, Any]) -> str:
    if cohort["students"] is None:
        return HIDDEN
    return f"{_rate(cohort['absence_rate'])} of {words.count(cohort['students'], 'student')}"


def _best(sent: Mapping[str, Any], what: str, form: str) -> str:
    best, worst = sent[f"best_{what}"], sent[f"worst_{what}"]
    return f"Best: {form.format(best)}. Worst: {form.format(worst)}." if best is not None and worst is not None else ""


def _marked(value: float | None) -> str:
    """The rate of days that are never hidden: without one, nothing is marked."""
    return "not marked" if value is None else words.percent(value)


def _rate(value: float | None) -> str:
    return HIDDEN if value is None else words.percent(value)


def _number(value: int | None) -> str:
    return "too few" if value is None else str(value)
