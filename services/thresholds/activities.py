"""Response activities: what a school does about an absence. The Ministry's own list is not public; this one is ours."""

from typing import Final

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
