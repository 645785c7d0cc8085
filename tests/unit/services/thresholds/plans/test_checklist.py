"""The checklist, point by point: what is met, what is not, and why."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.thresholds.plans.checklist import checklist, in_the_way, latest_review
from services.thresholds.plans.plan import Approach, Monitoring, Plan, Processes

TODAY = date(2026, 11, 20)
USABLE = ["conversation-with-whanau", "meeting-with-whanau", "attendance-service-referral"]

WHOLE = Plan(
    objectives=["Everybody is here, every day."],
    priorities=["Mondays first."],
    processes=Processes(patterns=["We look at every fortnight."], barriers=["We ask at home."]),
    monitoring=Monitoring(measures=["The share who attend regularly."], achievement_links=["Beside progress in maths."]),
    thresholds={
        "expectations": Approach(strategies=["We greet everybody."]),
        "5": Approach(strategies=["We ring."], actions=["conversation-with-whanau"]),
        "10": Approach(strategies=["We meet."], actions=["meeting-with-whanau"]),
        "15": Approach(strategies=["We ask for help."], actions=["attendance-service-referral", "meeting-with-whanau"]),
    },
    approved_on=date(2026, 11, 3),
    approved_by="Board of Example Kura",
    effective_on=date(2027, 1, 28),
    review_on=date(2029, 11, 3),
)


def changed(**fields: Any) -> Plan:
    return replace(WHOLE, **fields)


def at(step: Any, **fields: Any) -> Plan:
    return changed(thresholds={**WHOLE.thresholds, step: replace(WHOLE.at(step), **fields)})


def missing(plan: Plan, today: date = TODAY) -> dict[str, str]:
    return {point.point: point.why for point in in_the_way(checklist(plan, "draft", USABLE, today))}


def test_a_whole_plan_meets_every_point() -> None:
    points = checklist(WHOLE, "published", USABLE, TODAY)
    assert [point.point for point in points] == [
        "objectives",
        "priorities",
        "patterns",
        "barriers",
        "measures",
        "achievement-links",
        "expectations",
        "threshold-5",
        "threshold-10",
        "threshold-15",
        "approval",
        "effect",
        "review",
        "published",
    ]
    assert all(point.met for point in points)
    whys = {point.point: point.why for point in points}
    assert whys["objectives"] == "1 objective"
    assert whys["threshold-15"] == "1 strategy, 2 actions"
    assert whys["review"] == "due on 2029-11-03"


def test_an_empty_plan_meets_none() -> None:
    points = checklist(Plan(), "draft", USABLE, TODAY)
    assert not any(point.met for point in points)
    assert len(in_the_way(points)) == 13


def test_a_draft_may_be_published_although_it_is_not_published_yet() -> None:
    points = checklist(WHOLE, "draft", USABLE, TODAY)
    assert [(point.point, point.why) for point in points if not point.met] == [("published", "this version is a draft")]
    assert in_the_way(points) == []
    assert checklist(WHOLE, "superseded", USABLE, TODAY)[-1].why == "this version is superseded"


@pytest.mark.parametrize(
    ("plan", "point", "why"),
    [
        (changed(objectives=[]), "objectives", "nothing is written yet"),
        (changed(priorities=[]), "priorities", "nothing is written yet"),
        (changed(processes=Processes(barriers=["We ask."])), "patterns", "nothing is written yet"),
        (changed(processes=Processes(patterns=["We look."])), "barriers", "nothing is written yet"),
        (changed(monitoring=Monitoring(achievement_links=["Maths."])), "measures", "nothing is written yet"),
        (changed(monitoring=Monitoring(measures=["Shares."])), "achievement-links", "nothing is written yet"),
        (at("expectations", strategies=[]), "expectations", "nothing is written yet"),
        (at("15", actions=[]), "threshold-15", "no action is named for 15 days"),
        (at("5", strategies=[]), "threshold-5", "no strategy is written for 5 days"),
        (
            at("10", actions=["meeting-with-whanau", "tea"]),
            "threshold-10",
            "not among the school's activities, or retired: tea",
        ),
        (changed(approved_on=None, review_on=None, approved_by=None), "approval", "approved_on and approved_by: not said"),
        (changed(approved_by=None), "approval", "approved_by: not said"),
        (changed(approved_on=date(2026, 11, 21)), "approval", "the approval, 2026-11-21, is still to come"),
        (changed(effective_on=None), "effect", "effective_on: not said"),
        (changed(review_on=None), "review", "review_on: not said"),
        (changed(review_on=date(2026, 11, 3)), "review", "the review, 2026-11-03, does not come after the approval, 2026-11-03"),
        (
            changed(review_on=date(2030, 11, 3)),
            "review",
            "the review, 2030-11-03, is due more than three years after the approval: 2029-11-03 at the latest",
        ),
        (changed(approved_on=None), "review", "without the day of approval nobody can tell whether the review comes in time"),
    ],
)
def test_what_is_missing_and_why(plan: Plan, point: str, why: str) -> None:
    assert missing(plan)[point] == why


def test_one_gap_leaves_the_other_points_alone() -> None:
    assert list(missing(changed(priorities=[]))) == ["priorities"]
    assert list(missing(at("15", actions=[]))) == ["threshold-15"]
    assert list(missing(changed(review_on=date(2029, 11, 4)))) == ["review"]


def test_a_review_that_nobody_held_shows_from_the_day_after() -> None:
    assert missing(WHOLE, date(2029, 11, 3)) == {}
    assert missing(WHOLE, date(2029, 11, 4)) == {"review": "the review was due on 2029-11-03"}


def test_three_years_from_a_leap_day() -> None:
    assert latest_review(date(2028, 2, 29)) == date(2031, 2, 28)
    assert latest_review(date(2026, 11, 3)) == date(2029, 11, 3)


def test_an_approval_today_counts() -> None:
    assert missing(changed(approved_on=TODAY)) == {}
