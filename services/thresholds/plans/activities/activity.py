"""Response activities: the kinds of responses to an absence. The Ministry's own list is not public; this one is ours.

A school offers its own list, in its own words; each entry maps to a standard code, which goes into the Ministry's upload.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from shared.attendance.tiers import THRESHOLDS, Threshold

STANDARD: Final[dict[str, str]] = {
    "absence-notification-sent": "Absence notification sent",
    "written-communication": "Written communication",
    "conversation-with-whanau": "Conversation with whānau",
    "conversation-with-student": "Conversation with student",
    "positive-reinforcement": "Positive reinforcement",
    "meeting-with-whanau": "Meeting with whānau",
    "barriers-identified": "Barriers identified",
    "individual-support-plan-developed": "Individual support plan developed",
    "support-plan-reviewed": "Support plan reviewed",
    "in-school-support": "In-school support",
    "external-agency-referral": "External agency referral",
    "attendance-service-referral": "Attendance Service referral",
    "ministry-escalation": "Ministry escalation",
    "no-action-reason-recorded": "No action, reason recorded",
}
"""Code to label, in the order in which a school is offered them."""

TO_PARENTS: Final[dict[str, str]] = {
    "absence-notification-sent": "We tell you when your child is away and we do not know why.",
    "written-communication": "We write to you.",
    "conversation-with-whanau": "We ring you and ask how we can help.",
    "conversation-with-student": "We talk with your child.",
    "positive-reinforcement": "We tell you and your child what goes well.",
    "meeting-with-whanau": "We meet with you.",
    "barriers-identified": "We look with you for what makes it hard to be at school.",
    "individual-support-plan-developed": "We make a plan with you and your child.",
    "support-plan-reviewed": "We look with you at how the plan goes.",
    "in-school-support": "We help your child at school.",
    "external-agency-referral": "We ask others who can help, and tell you first.",
    "attendance-service-referral": "We ask the Attendance Service for help.",
    "ministry-escalation": "We tell the Ministry of Education.",
}
"""The standard activities as a school's plan says them to parents. Doing nothing is no promise to anybody, and is not here."""

NEEDS_NOTE: Final = "no-action-reason-recorded"
"""The standard code for doing nothing: a response with it needs a note with the reason."""


@dataclass(frozen=True, slots=True)
class Activity:
    """An entry of a school's list.

    `activity` is the school's own key, `standard` the code in `STANDARD` that it stands for. It is offered on records of the
    `thresholds`; a retired one is offered nowhere, and stays on the list for the responses that name it.
    """

    activity: str
    label: str
    standard: str
    thresholds: tuple[Threshold, ...] = THRESHOLDS
    retired: bool = False

    def offered_at(self, threshold: Threshold | None) -> bool:
        """Whether it can be recorded on a record of this threshold; None is a record made by hand without one."""
        return not self.retired and (threshold is None or threshold in self.thresholds)


DEFAULT: Final[tuple[Activity, ...]] = tuple(Activity(code, label, code) for code, label in STANDARD.items())
"""The activities of a school that has sent no list of its own."""


def to_parents(activity: str, label: str, standard: str | None) -> str | None:
    """An activity as parents read it: the sentence for a standard one in its standard words, else the school's own name for it.

    None for doing nothing, under whatever name.
    """
    if (standard or activity) == NEEDS_NOTE:
        return None
    return TO_PARENTS.get(activity, label) if label in (STANDARD.get(activity), activity) else label


def with_retired(sent: Sequence[Activity], before: Sequence[Activity], used: frozenset[str]) -> list[Activity]:
    """The list to keep: `sent`, then as retired the activities of the list before that it leaves out and that responses name."""
    named = {activity.activity for activity in sent}
    left_out = [activity for activity in before if activity.activity not in named and activity.activity in used]
    return [*sent, *(replace(activity, retired=True) for activity in left_out)]
