"""A plan as people read it: headings, texts and dates in words. The page and the PDF are both made of this, so they read the same."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from services.thresholds.pages.masthead import LANGUAGE, Fact, day_in_words
from services.thresholds.plans.activities.activity import to_parents
from services.thresholds.plans.plan import Edition, Plan, PlanState, PlanStep
from services.thresholds.plans.prose import ProseBlock, blocks
from shared.attendance.tiers import MEANING, Tier

TITLE: Final = "Attendance Management Plan"

COUNTING: Final = (
    "Days are counted in half days within one school term, whatever the reason for being away, and start again at 0 each term."
    " The steps are those of the Ministry of Education's Stepped Attendance Response (STAR), the same at every school in Aotearoa"
    " New Zealand."
)

_STEPS: Final[tuple[tuple[PlanStep, Tier, str], ...]] = (
    ("expectations", "green", "Fewer than 5 days away"),
    ("5", "yellow", "5 to 9.5 days away"),
    ("10", "orange", "10 to 14.5 days away"),
    ("15", "red", "15 days away or more"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One text of a list of texts, as its blocks."""

    blocks: tuple[ProseBlock, ...]


@dataclass(frozen=True, slots=True)
class Subsection:
    """A heading within a section, and its texts."""

    heading: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class PlanSection:
    """A section; `anchor` names it in links."""

    anchor: str
    heading: str
    parts: tuple[Subsection, ...]


@dataclass(frozen=True, slots=True)
class StepShown:
    """The approach at one step."""

    tier: Tier
    meaning: str
    heading: str
    strategies: tuple[Item, ...]
    actions: tuple[str, ...]
    others: tuple[Subsection, ...]


@dataclass(frozen=True, slots=True)
class PlanTable:
    """A table of two columns; `anchor` names it in links."""

    anchor: str
    heading: str
    columns: tuple[str, str]
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """A whole plan, ready to be set on a page. `notice` warns of a version that is not the published one."""

    title: str
    language: str
    school: str
    version: int
    notice: str | None
    facts: tuple[Fact, ...]
    sections: tuple[PlanSection, ...]
    tables: tuple[PlanTable, ...]
    steps_anchor: str
    steps_heading: str
    counting: str
    steps: tuple[StepShown, ...]
    contact_name: str | None
    contact_email: str | None
    contact_phone: str | None

    def as_data(self) -> dict[str, Any]:
        """The document as plain JSON data."""
        return asdict(self)


def document(plan: Plan, edition: Edition, version: int, state: PlanState) -> PlanDocument:
    """The document of a version of a plan."""
    contact = plan.contact
    return PlanDocument(
        title=TITLE,
        language=LANGUAGE,
        school=edition.school_name,
        version=version,
        notice=_notice(state),
        facts=tuple(_facts(plan)),
        sections=_sections(plan),
        tables=tuple(table for table in _tables(plan) if table.rows),
        steps_anchor="steps",
        steps_heading="What we do at each step",
        counting=COUNTING,
        steps=tuple(_step(plan, edition, *step) for step in _STEPS),
        contact_name=contact.name if contact else None,
        contact_email=contact.email if contact else None,
        contact_phone=contact.phone if contact else None,
    )


def _notice(state: PlanState) -> str | None:
    if state == "draft":
        return "Draft: not published"
    return "This is an earlier plan: a newer one has been published" if state == "superseded" else None


def _facts(plan: Plan) -> list[Fact]:
    approval = ", ".join(part for part in (plan.approved_by, plan.approved_on and day_in_words(plan.approved_on)) if part)
    facts = (
        ("Approved by", approval),
        ("Holds from", plan.effective_on and day_in_words(plan.effective_on)),
        ("We look at how it goes", plan.first_review_on and day_in_words(plan.first_review_on)),
        ("We write it anew by", plan.review_on and day_in_words(plan.review_on)),
    )
    return [Fact(label, value) for label, value in facts if value]


def _sections(plan: Plan) -> tuple[PlanSection, ...]:
    outline = (
        ("aims", "What we want to achieve", (("Our objectives", plan.objectives), ("Our strategic priorities", plan.priorities))),
        (
            "finding-out",
            "How we find out why students are away",
            (
                ("Patterns of absence", plan.processes.patterns),
                ("Barriers and underlying causes", plan.processes.barriers),
            ),
        ),
        (
            "progress",
            "How we measure progress",
            (
                ("Monitoring and measuring", plan.monitoring.measures),
                ("Links to achievement", plan.monitoring.achievement_links),
            ),
        ),
    )
    sections = []
    for anchor, heading, parts in outline:
        written = tuple(Subsection(title, _items(texts)) for title, texts in parts if texts)
        if written:
            sections.append(PlanSection(anchor, heading, written))
    return tuple(sections)


def _step(plan: Plan, edition: Edition, step: PlanStep, tier: Tier, heading: str) -> StepShown:
    approach = plan.at(step)
    said = (to_parents(key, edition.labels.get(key, key), edition.standards.get(key)) for key in approach.actions)
    parts = (
        ("What parents and whānau do", approach.parents),
        ("What students do", approach.students),
        ("What the Ministry does", approach.ministry),
    )
    others = tuple(Subsection(title, _items(texts)) for title, texts in parts if texts)
    return StepShown(tier, MEANING[tier], heading, _items(approach.strategies), tuple(filter(None, said)), others)


def _tables(plan: Plan) -> tuple[PlanTable, ...]:
    targets = sorted(plan.targets, key=lambda target: target.year)
    return (
        PlanTable("roles", "Roles and duties", ("Role", "Duty"), tuple((entry.role, entry.duty) for entry in plan.roles)),
        PlanTable("baseline", "Where we start", ("Measure", "Figure"), tuple((entry.measure, entry.value) for entry in plan.baseline)),
        PlanTable(
            "targets",
            "Our targets",
            ("Year", "Students who attend regularly: more than 90% of the time"),
            tuple((str(target.year), f"{target.regular_percent:g}%") for target in targets),
        ),
    )


def _items(texts: Sequence[str]) -> tuple[Item, ...]:
    return tuple(Item(blocks(text)) for text in texts)
