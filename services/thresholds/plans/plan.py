"""An Attendance Management Plan as data: what the board has decided, as far as it is written down yet.

Every text is plain: paragraphs with blank lines between them, and lists (see `prose`). A draft may lack anything; what has to be there
before it can be published is the checklist's business.
"""

from datetime import date
from typing import Final, Literal

from msgspec import Struct

Step = Literal["expectations", "5", "10", "15"]
"""A rung of the Stepped Attendance Response: what is expected of everybody (under 5 days), and the three thresholds."""

STEPS: Final[tuple[Step, ...]] = ("expectations", "5", "10", "15")

State = Literal["draft", "published", "superseded"]
"""A version's state. `superseded`: a later one was published, whether or not this one ever was."""


class Processes(Struct, frozen=True, kw_only=True):
    """How the school finds out about absence: its patterns, and the barriers and causes behind it."""

    patterns: list[str] = []
    barriers: list[str] = []


class Monitoring(Struct, frozen=True, kw_only=True):
    """How progress is monitored and measured, and how that is linked to achievement."""

    measures: list[str] = []
    achievement_links: list[str] = []


class Approach(Struct, frozen=True, kw_only=True):
    """What the school does at one step: strategies in words, and actions by the keys of its list of activities, in order."""

    strategies: list[str] = []
    actions: list[str] = []


class Contact(Struct, frozen=True, kw_only=True):
    """Whom to ask about the plan. It is published: a role and an office's address do better than a person's own."""

    name: str
    email: str | None = None
    phone: str | None = None


class Plan(Struct, frozen=True, kw_only=True):
    """A plan. `approved_by` is the board, a body; `review_on` is the day by which the board reviews the plan."""

    objectives: list[str] = []
    priorities: list[str] = []
    processes: Processes = Processes()
    monitoring: Monitoring = Monitoring()
    thresholds: dict[Step, Approach] = {}
    approved_on: date | None = None
    approved_by: str | None = None
    effective_on: date | None = None
    review_on: date | None = None
    contact: Contact | None = None

    def at(self, step: Step) -> Approach:
        """What is done at a step; an empty approach where nothing is written yet."""
        return self.thresholds.get(step, Approach())

    def actions(self) -> frozenset[str]:
        """The keys of all activities that the plan names."""
        return frozenset(key for approach in self.thresholds.values() for key in approach.actions)


class Edition(Struct, frozen=True, kw_only=True):
    """What a version is printed with beside its own text: the school's name and the labels of its activities.

    Kept with a published version, so that what the board approved does not change its words when a list does.
    """

    school_name: str
    labels: dict[str, str]
