"""An Attendance Management Plan as data: the board's decisions, as far as they are written down yet.

Every text is plain: paragraphs with blank lines between them, and lists (see `prose`). A draft may lack anything; the checklist decides
what a plan needs before it can be published.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

PlanStep = Literal["expectations", "5", "10", "15"]
"""A step of the Stepped Attendance Response: the expectations of everybody (under 5 days), and the three thresholds."""

STEPS: Final[tuple[PlanStep, ...]] = ("expectations", "5", "10", "15")

PlanState = Literal["draft", "published", "superseded"]
"""A version's state. `superseded`: a later one was published, whether or not this one ever was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """The school's processes to find patterns of absence, and its barriers and underlying causes."""

    patterns: list[str] = field(default_factory=list)
    barriers: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitoring:
    """The school's methods to monitor and measure progress, with links to achievement."""

    measures: list[str] = field(default_factory=list)
    achievement_links: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """The approach at one step: the school's strategies in words, and its actions by the keys of its list of activities, in order; and the
    parts of parents and whānau, of students, and of the Ministry, in words."""

    strategies: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    parents: list[str] = field(default_factory=list)
    students: list[str] = field(default_factory=list)
    ministry: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The contact for questions about the plan. It is published: prefer a role and an office's address to a person's own."""

    name: str
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDuty:
    """A role and its duties: of the board, the principal, the attendance lead, teachers. A role, not a person: it is published."""

    role: str
    duty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineFigure:
    """A figure from which the plan starts, in words."""

    measure: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearTarget:
    """The share of students, in per cent, that the board wants to attend regularly in a year."""

    year: int
    regular_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan. `approved_by` is the board, a body; `review_on` is the day by which the board reviews the plan, `first_review_on` that of the
    first look at it."""

    objectives: list[str] = field(default_factory=list)
    priorities: list[str] = field(default_factory=list)
    processes: Processes = Processes()
    monitoring: Monitoring = Monitoring()
    thresholds: dict[PlanStep, Approach] = field(default_factory=dict)
    approved_on: date | None = None
    approved_by: str | None = None
    effective_on: date | None = None
    review_on: date | None = None
    contact: Contact | None = None
    roles: list[RoleDuty] = field(default_factory=list)
    baseline: list[BaselineFigure] = field(default_factory=list)
    targets: list[YearTarget] = field(default_factory=list)
    first_review_on: date | None = None

    def at(self, step: PlanStep) -> Approach:
        """The approach at a step; an empty one where nothing is written yet."""
        return self.thresholds.get(step, Approach())

    def target_of(self, year: int) -> YearTarget | None:
        """The target of a year, or of the next one that has any; None behind the last."""
        return min((target for target in self.targets if target.year >= year), key=lambda target: target.year, default=None)

    def actions(self) -> frozenset[str]:
        """The keys of all activities that the plan names."""
        return frozenset(key for approach in self.thresholds.values() for key in approach.actions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """The names that a version is printed with: the school's, and the labels of its activities.

    Kept with a published version, so that what the board approved does not change its words when a list does. `standards`: the codes that
    the activities stand for; editions of earlier releases have none.
    """

    school_name: str
    labels: dict[str, str]
    standards: dict[str, str] = field(default_factory=dict)
