"""The sections of a plan: their titles, hints, points of the checklist, and fields. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.console.asking.part import Part

STEP_TITLES: Final = {
    "expectations": "Under 5 days: what everybody can expect",
    "5": "At 5 days",
    "10": "At 10 days",
    "15": "At 15 days",
}

PARTS: Final = (
    ("strategies", "", "Strategies, in words that a family understands"),
    ("parents", ": parents and whānau", "Their part: what you ask of them"),
    ("students", ": students", "Their part: what you ask of them"),
    ("ministry", ": the Ministry", "Its part, where it has one"),
)
"""The texts of a step: the school's own, and the parts of others."""

ROWS: Final = (
    ("roles", "Roles and duties", "A role, not a person: it is published", (("role", "Role", "text"), ("duty", "Duty", "text"))),
    ("baseline", "Where you start", "Figures from before the plan", (("measure", "Measure", "text"), ("value", "Figure", "text"))),
    (
        "targets",
        "Targets",
        "Students who attend more than 90% of the time, by year",
        (("year", "Year", "number"), ("regular_percent", "Per cent", "number")),
    ),
)
"""The plan's tables: field, title, hint and columns."""


@dataclass(frozen=True, slots=True)
class Section:
    """A list of texts: its field, title and hint, the checklist's point about it, and where a plan has it."""

    name: str
    title: str
    hint: str
    point: str
    path: tuple[str, ...]

    def texts(self, plan: Mapping[str, Any]) -> list[str]:
        """The texts of a plan."""
        value: Any = plan
        for key in self.path:
            value = value[key]
        return list(value)


SECTIONS: Final = (
    Section("objectives", "Objectives", "What the board wants to reach, and until when", "objectives", ("objectives",)),
    Section("priorities", "Priorities", "What comes first this year", "priorities", ("priorities",)),
    Section("patterns", "Finding patterns", "Who looks at what, and how often", "patterns", ("processes", "patterns")),
    Section("barriers", "Finding barriers", "How you find out what is behind absences", "barriers", ("processes", "barriers")),
    Section("measures", "Measuring progress", "How you know that it works", "measures", ("monitoring", "measures")),
    Section(
        "achievement_links",
        "Attendance and achievement",
        "How the one is seen beside the other",
        "achievement-links",
        ("monitoring", "achievement_links"),
    ),
    *(
        Section(
            f"{part}_{step}",
            f"{title}{words}",
            hint,
            step if step == "expectations" else f"threshold-{step}",
            ("thresholds", step, part),
        )
        for step, title in STEP_TITLES.items()
        for part, words, hint in PARTS
    ),
)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a section by a draft: texts that go, and texts that come."""

    title: str
    gone: list[str]
    come: list[str]


def changes(published: Mapping[str, Any] | None, draft: Mapping[str, Any], labels: Mapping[str, str]) -> list[Change]:
    """The differences, section by section; without a published plan, everything comes."""
    found = []
    for section in SECTIONS:
        before = section.texts(published) if published else []
        after = section.texts(draft)
        found.append(_change(section.title, before, after))
        if section.path[0] == "thresholds":
            step = section.path[1]
            old = published["thresholds"][step]["actions"] if published else []
            new = draft["thresholds"][step]["actions"]
            found.append(_change(f"{section.title}: actions", [labels.get(key, key) for key in old], [labels.get(key, key) for key in new]))
    for name, title, _, columns in ROWS:
        rows = [
            [" – ".join(str(row[column]) for column, _, _ in columns) for row in (plan or {}).get(name, [])] for plan in (published, draft)
        ]
        found.append(_change(title, rows[0], rows[1]))
    for name, title in (
        ("approved_by", "Approved by"),
        ("approved_on", "Approved"),
        ("effective_on", "In effect"),
        ("first_review_on", "First look"),
        ("review_on", "Review"),
    ):
        was, becomes = (published or {}).get(name), draft.get(name)
        found.append(_change(title, [was] if was else [], [becomes] if becomes else []))
    return [change for change in found if change.gone or change.come]


def labels_of(activities: Part[Any]) -> dict[str, str]:
    """The school's words for its activities."""
    return {one["activity"]: one["label"] for one in (activities.data["items"] if activities.data else [])}


def _change(title: str, before: list[str], after: list[str]) -> Change:
    return Change(title, [text for text in before if text not in after], [text for text in after if text not in before])
