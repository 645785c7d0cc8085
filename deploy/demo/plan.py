"""The made-up school's Attendance Management Plan: sent and published once, so that its public page is there to look at."""

from datetime import date
from http import HTTPStatus
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from deploy.demo.client import Client, RefusedError
from deploy.demo.school import DOMAIN, NAME, NUMBER

PATH: Final = f"/thresholds/v1/schools/{NUMBER}/plan"

EARLY: Final = (
    "absence-notification-sent",
    "written-communication",
    "conversation-with-whanau",
    "conversation-with-student",
    "positive-reinforcement",
    "barriers-identified",
    "in-school-support",
    "individual-support-plan-developed",
    "no-action-reason-recorded",
)
LATER: Final = (*EARLY[1:8], "meeting-with-whanau", "support-plan-reviewed", "external-agency-referral", EARLY[8])
LAST: Final = (*LATER[:-1], "attendance-service-referral", "ministry-escalation", EARLY[8])


async def publish_plan(client: Client, today: date) -> bool:
    """Publishes the plan, unless the school has one; False when it had."""
    known = await client.find(PATH)
    if known is not None and known["state"] == "published":
        return False
    try:
        await client.put(PATH, plan(today))
        await client.post(f"{PATH}/publish", {})
    except RefusedError as error:
        # Somebody has changed the school's activities since: then its plan is theirs to write.
        if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        return False
    return True


def plan(today: date) -> dict[str, Any]:
    """The plan, approved today."""
    return {
        "objectives": [
            "Every ākonga is here every day that they can be: by 2030 at least 80% of our students attend more than 90% of the time.",
            "No absence goes unnoticed, and no family hears of it first by a letter.",
        ],
        "priorities": [
            "Year 9 settles in well.",
            "Mondays and the days around long weekends.",
            "Students who were away for a long illness.",
        ],
        "processes": {
            "patterns": [
                "Form teachers look at their class's marks each morning, and mend what is wrong by ten.",
                "Deans look at the week's analysis each Monday: who is new at a step, which days and year levels stand out.",
            ],
            "barriers": [
                "We ask, before we judge:\n- what makes coming hard?\n- what would help?\n- who else should be at the table?",
            ],
        },
        "monitoring": {
            "measures": ["The share of regular attendance, each term, by year level.", "How soon we answer at each step."],
            "achievement_links": ["Each term the board sees attendance beside achievement, for the whole school and by year level."],
        },
        "thresholds": {
            "expectations": {
                "strategies": ["Tell us by nine when your child can't come, and why.", "We ring home the same day when we have not heard."],
                "actions": [],
                "parents": ["See that your child is here every day that they are able, and tell us when they are not."],
                "students": ["Come every day, and tell us early what makes it hard."],
            },
            "5": {
                "strategies": ["The form teacher talks with whānau, and finds out what is behind it."],
                "actions": list(EARLY),
                "parents": ["Talk with us about the reasons, and take up what helps."],
                "students": ["Ask for the work you missed."],
            },
            "10": {
                "strategies": ["The dean meets whānau, and we write down together who does what."],
                "actions": list(LATER),
                "parents": ["Come to the meeting, and make the plan with us."],
                "students": ["Say what would help, and keep to the plan."],
                "ministry": ["Helps the school to find an agency."],
            },
            "15": {
                "strategies": ["The deputy principal leads an individual plan, and brings in those who can help beyond the school."],
                "actions": list(LAST),
                "parents": ["Meet us regularly until it goes better."],
                "students": ["Come to each review."],
                "ministry": ["Takes part in the plan, and steps in where support is refused."],
            },
        },
        "roles": [
            {"role": "The board", "duty": "Approves the plan, and looks at the figures each term."},
            {"role": "The principal", "duty": "Leads attendance, and answers to the board."},
            {"role": "Deans", "duty": "Look at each week's figures, and work with students and whānau from 10 days on."},
            {"role": "Form teachers", "duty": "Mark the roll, and ring home at 5 days."},
            {"role": "The office", "duty": "Answers every absence on its day."},
        ],
        "baseline": [{"measure": f"Students who attended regularly in {today.year - 1}", "value": "61%"}],
        "targets": [{"year": today.year + years, "regular_percent": percent} for years, percent in ((0, 65), (1, 70), (3, 80))],
        "first_review_on": str(today + relativedelta(months=6)),
        "approved_on": str(today),
        "approved_by": f"The board of {NAME}",
        "effective_on": str(today),
        "review_on": str(today + relativedelta(years=2)),
        "contact": {"name": "The school office", "email": f"office@{DOMAIN}"},
    }
