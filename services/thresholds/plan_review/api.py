"""The review of what was done against what the plan says."""

from services.thresholds.access.callers import SchoolReader
from services.thresholds.plan_review import repository
from services.thresholds.plan_review.counting import ActionDone, StepReview, review
from services.thresholds.plan_review.schemas import ActionDoneOut, PlanReviewOut, StepReviewOut
from services.thresholds.plans import repository as plans
from services.thresholds.plans.activities import repository as activities
from services.thresholds.plans.api.common import no_plan
from services.thresholds.roster.lookup import calendar_for, term_for
from services.thresholds.schemas import TermParameter
from services.thresholds.state import State
from shared.audit.log import Access, log_access
from shared.web.door import Router
from shared.web.service import SchoolInPath

router = Router(tags=["plan"])


@router.get("/v1/schools/{school}/plan/review", summary="Review what was done against what the plan says")
async def get_plan_review(school: SchoolInPath, state: State, caller: SchoolReader, term: TermParameter = None) -> PlanReviewOut:
    """For each step of the published plan: how many students reached it in the term, and for how many of them each of its actions stands on
    the record of that step. It counts what was recorded, and says nothing of how well it was done. It is for the school: of small numbers,
    somebody could be picked out."""
    caller.require_school(school)
    async with state.engine.begin() as connection:
        calendar = await calendar_for(connection, school)
        of_term = term_for(calendar, term, state.clock())
        version = await plans.newest(connection, school, "published")
        if version is None:
            raise no_plan("the school has published no plan yet")
        labels = {activity.activity: activity.label for activity in await activities.of_school(connection, school)}
        done = await repository.done(connection, school, of_term.name)
        access = Access(action="read-analysis", school=school, filters={"term": of_term.name, "report": "plan-review"})
        await log_access(connection, caller, access, state.clock())
    steps = [_out(step) for step in review(version.plan, done, labels)]
    return PlanReviewOut(school=school, term=of_term.name, version=version.version, steps=steps)


def _out(step: StepReview) -> StepReviewOut:
    def action(one: ActionDone) -> ActionDoneOut:
        return ActionDoneOut(activity=one.activity, label=one.label, students=one.students, sentence=step.sentence(one))

    return StepReviewOut(
        threshold=step.threshold,
        reached=step.reached,
        without=step.without,
        planned=[action(one) for one in step.actions],
        beside=[action(one) for one in step.beside],
    )
