"""A plan's body and its bounds: every text plain and bounded, every refusal clear."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from services.thresholds.plans.plan import Approach, Contact, Plan
from services.thresholds.plans.schemas import PlanIn


def read(**fields: Any) -> Plan:
    return PlanIn.model_validate(fields).plan()


def refusal(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        PlanIn.model_validate(fields)
    return [(".".join(map(str, error["loc"])), error["msg"]) for error in refused.value.errors()]


def test_a_draft_may_be_empty_and_has_every_step() -> None:
    plan = read()
    assert list(plan.thresholds) == ["expectations", "5", "10", "15"]
    assert all(step == Approach() for step in plan.thresholds.values())
    assert (plan.objectives, plan.approved_on, plan.contact) == ([], None, None)


def test_one_text_is_a_list_of_one_and_an_empty_field_none() -> None:
    assert read(objectives="Be here.").objectives == ["Be here."]
    assert read(objectives=" ").objectives == []
    assert read(objectives=["a", "b"]).objectives == ["a", "b"]


def test_texts_are_kept_composed_and_without_blanks_at_the_ends_of_lines() -> None:
    assert read(objectives="wha\u0304nau  \r\n- one\t\r\n\r\n").objectives == ["whānau\n- one"]


def test_dates_and_contact() -> None:
    plan = read(approved_on="2026-11-03", contact={"name": " Attendance lead ", "email": "Office@EXAMPLE.test", "phone": "+64 4 000 0000"})
    assert plan.approved_on == date(2026, 11, 3)
    assert plan.contact == Contact(name="Attendance lead", email="Office@example.test", phone="+64 4 000 0000")


@pytest.mark.parametrize(
    ("fields", "at", "why"),
    [
        ({"objective": "typo"}, "objective", "Extra inputs are not permitted"),
        ({"processes": {"pattern": "typo"}}, "processes.pattern", "Extra inputs are not permitted"),
        ({"thresholds": {"20": {}}}, "thresholds.20.[key]", "Input should be 'expectations', '5', '10' or '15'"),
        ({"objectives": ["ok", " "]}, "objectives.1", "Value error, the text is empty"),
        ({"objectives": "x" * 4001}, "objectives.0", "String should have at most 4000 characters"),
        ({"objectives": ["x"] * 31}, "objectives", "Value should have at most 30 items after validation, not 31"),
        ({"objectives": "a\x00b"}, "objectives.0", "Value error, the character U+0000 is not text"),
        ({"objectives": "a\u202eb"}, "objectives.0", "Value error, the character U+202E is not text"),
        ({"objectives": "a\ue000b"}, "objectives.0", "Value error, the character U+E000 is not text"),
        ({"thresholds": {"5": {"actions": ["a", "a"]}}}, "thresholds.5.actions", "Value error, an activity is there twice"),
        ({"approved_by": "The\nboard"}, "approved_by", "Value error, this goes on one line"),
        ({"review_on": "2100-01-01"}, "review_on", "Input should be less than or equal to 2099-12-31"),
        ({"contact": {"name": "x", "email": "nobody"}}, "contact.email", "Value error, not an e-mail address"),
        ({"contact": {"email": "a@example.test"}}, "contact.name", "Field required"),
    ],
)
def test_refusals(fields: dict[str, Any], at: str, why: str) -> None:
    assert refusal(**fields) == [(at, why)]


def test_all_texts_together_are_bounded() -> None:
    most = ["x" * 4000] * 15
    assert sum(map(len, read(objectives=most).objectives)) == 60_000
    assert refusal(objectives=most, approved_by="b") == [
        ("", "Value error, the plan's texts have 60001 characters together; 60000 is the most")
    ]
