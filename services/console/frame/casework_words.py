"""The words of contacts and of the checklist of evidence. Pure."""

from collections.abc import Mapping
from typing import Final

SOURCES: Final[Mapping[str, str]] = {
    "guide": "The Ministry's guide",
    "prosecution": "The Ministry, before a prosecution",
    "attendance-service": "The Attendance Service",
}
ITEMS: Final[Mapping[str, str]] = {
    "contact-home": "The school has talked with the family",
    "meeting-held": "A meeting with the family was held",
    "plan-agreed": "A support plan was agreed",
    "plan-reviewed": "The plan is reviewed",
    "intensive-plan": "An intensive plan was agreed",
    "agencies": "Agencies have a part",
    "attendance-record": "The attendance record is complete",
    "support-plan": "There is a support plan",
    "warning-notice": "The family was warned in writing",
    "family-s-part": "The record says whether the family took part",
    "individual-plan-first": "The school has worked an individual plan first",
    "barriers": "Barriers are named",
    "primary-contact": "The case has one contact at the school",
}

HOWS: Final[Mapping[str, str]] = {
    "phone": "Telephone",
    "text": "Text message",
    "email": "E-mail",
    "visit": "Visit",
    "in-person": "In person",
    "letter": "Letter",
}
REPLIES: Final[Mapping[str, str]] = {
    "ill": "The child is ill",
    "school-matter": "Something at school makes it hard",
    "need-help": "The family needs help",
    "wrong-number": "The number of days is wrong",
    "ring-me": "Please ring",
}
OUTCOMES: Final[Mapping[str, str]] = {
    "reached": "Reached",
    "no-answer": "No answer",
    "message-left": "Message left",
    "declined": "Reached, would not talk",
}
