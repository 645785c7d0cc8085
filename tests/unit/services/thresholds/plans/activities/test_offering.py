"""Activities that staff are offered at a threshold."""

from typing import Any

from services.thresholds.plans.activities.activity import DEFAULT, Activity
from services.thresholds.plans.activities.offering import offered
from services.thresholds.plans.plan import Approach, Plan

RING = Activity("ring", "We ring", "conversation-with-whanau", thresholds=(5, 10))
MEET = Activity("meet", "We meet", "meeting-with-whanau", thresholds=(10, 15))
OLD = Activity("old", "We wrote", "written-communication", retired=True)
LIST = [RING, MEET, OLD]
PLAN = Plan(thresholds={"5": Approach(actions=["old", "meet", "ring"]), "10": Approach(actions=["gone"])})


def keys(plan: Plan | None, threshold: Any) -> list[str]:
    return [activity.activity for activity in offered(LIST, plan, threshold)]


def test_without_a_plan_the_lists_own_thresholds_count() -> None:
    assert keys(None, 5) == ["ring"]
    assert keys(None, 10) == ["ring", "meet"]
    assert keys(None, 15) == ["meet"]


def test_a_plan_offers_its_own_actions_in_its_order_but_for_retired_ones() -> None:
    assert keys(PLAN, 5) == ["meet", "ring"]


def test_a_plan_offers_nothing_that_it_does_not_name_or_the_list_has_lost() -> None:
    assert keys(PLAN, 10) == []
    assert keys(PLAN, 15) == []


def test_a_record_of_no_threshold_is_offered_everything_that_is_not_retired() -> None:
    assert keys(PLAN, None) == ["ring", "meet"]
    assert keys(None, None) == ["ring", "meet"]


def test_a_school_without_list_or_plan_is_offered_the_standard_ones_everywhere() -> None:
    for threshold in (5, 10, 15, None):
        assert offered(DEFAULT, None, threshold) == list(DEFAULT)  # type: ignore[arg-type]
