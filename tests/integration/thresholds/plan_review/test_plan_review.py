"""The school's review: each action of the published plan, beside the deeds of a term."""

from tests.integration.thresholds.conftest import absences
from tests.integration.thresholds.plans.board import whole
from tests.integration.thresholds.records.staffroom import Staffroom, record_path, talked

PLAN = "/v1/schools/0999/plan"
REVIEW = f"{PLAN}/review"


async def published(staffroom: Staffroom) -> None:
    await staffroom.ok("PUT", PLAN, whole(), role="admin")
    await staffroom.ok("POST", f"{PLAN}/publish", {}, role="admin")


async def test_each_action_is_counted_over_the_students_who_reached_its_step(staffroom: Staffroom) -> None:
    for student in "123":
        await staffroom.crossed(student)
    # One came back under the step by a correction: nothing was to be done.
    await staffroom.crossed("4")
    await staffroom.heart.post(absences(1, student="4", code="P"))
    rang = talked(activity="conversation-with-whanau")
    await staffroom.ok("POST", f"{record_path('1')}/responses", rang, role="respond")
    await staffroom.ok("POST", f"{record_path('1')}/responses", rang | {"note": "again"}, role="respond")
    mistaken = await staffroom.ok("POST", f"{record_path('2')}/responses", rang, role="respond")
    await staffroom.ok("POST", f"{record_path('3')}/responses", talked(activity="positive-reinforcement"), role="respond")
    (response,) = mistaken["responses"]
    await staffroom.ok("DELETE", f"{record_path('2')}/responses/{response['id']}", role="respond")
    # From now on only the plan's own actions are offered at a step.
    await published(staffroom)
    review = await staffroom.ok("GET", REVIEW)
    five, ten, _ = review["steps"]
    assert (review["term"], review["version"], five["threshold"], five["reached"], five["without"]) == ("2026-T4", 1, 5, 3, 2)
    assert [(one["activity"], one["students"]) for one in five["planned"]] == [
        ("written-communication", 0),
        ("conversation-with-whanau", 1),
    ]
    assert five["planned"][1]["sentence"].endswith(": done for 1 of the 3 students who reached 5 days.")
    assert [(one["activity"], one["students"]) for one in five["beside"]] == [("positive-reinforcement", 1)]
    assert (ten["reached"], ten["without"], ten["planned"][0]["students"]) == (0, 0, 0)


async def test_it_is_for_the_whole_school_and_on_record(staffroom: Staffroom) -> None:
    assert await staffroom.refused("GET", REVIEW) == (404, "no-plan")
    await published(staffroom)
    await staffroom.ok("GET", REVIEW)
    assert await staffroom.refused("GET", REVIEW, groups=["9A"]) == (403, "part-of-a-school")
    (line,) = await staffroom.audit(action="read-analysis")
    assert line["filters"] == {"term": "2026-T4", "report": "plan-review"}
