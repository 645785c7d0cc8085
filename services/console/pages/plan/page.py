"""`/console/{school}/plan`: read, write, publish, print."""

from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.forms import BadFormError, form
from services.console.frame.meanwhile import check_base
from services.console.frame.navigation import PLAN
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.tabs import Tab
from services.console.frame.visit import Visit, VisitHere
from services.console.frame.words import count
from services.console.pages.plan.form import PlanForm, PublishForm
from services.console.pages.plan.sections import ROWS, SECTIONS, STEP_TITLES, changes, labels_of
from services.console.people.needs import PLAN_ADMINS
from shared.identifiers import is_term_name

router = PageRouter()

TITLES: Final = {"plan": "The plan", "edit": "Write", "publish": "Publish", "versions": "Versions", "review": "What was done"}


@router.get("/{school}/plan", PLAN.needs)
async def plan(visit: VisitHere, version: int | None = None) -> Response:
    """The published plan, or a version, with the checklist beside it."""
    path = f"/v1/schools/{visit.school}/plan"
    parts = await visit.ask(
        plan=visit.apis.thresholds.get(path if version is None else f"{path}/versions/{version}"),
        draft=visit.apis.thresholds.get(path, draft=True),
        activities=_activities(visit),
    )
    shown = parts["plan"].data
    checklist = await visit.apis.thresholds.get(f"{path}/checklist", version=shown["version"]) if shown else parts["plan"]
    view = {"plan": parts["plan"], "draft": _newer_draft(parts), "checklist": checklist, **_common(visit, "plan", parts["activities"])}
    return visit.show("plan/plan.html", PLAN, view)


@router.get("/{school}/plan/edit", PLAN_ADMINS)
async def edit(visit: VisitHere) -> Response:
    """The form: the newest draft, or else the published plan, to be written on."""
    path = f"/v1/schools/{visit.school}/plan"
    parts = await visit.ask(
        plan=visit.apis.thresholds.get(path),
        draft=visit.apis.thresholds.get(path, draft=True),
        activities=_activities(visit),
    )
    written = _newer_draft(parts) or parts["plan"].data
    checklist = await visit.apis.thresholds.get(f"{path}/checklist", version=written["version"]) if written else parts["plan"]
    is_away = parts["plan"].failure is not None and parts["plan"].failure.why == "away"
    view = {"plan": parts["plan"], "is_away": is_away, "written": written, "checklist": checklist}
    return visit.show("plan/edit.html", PLAN, {**view, **_common(visit, "edit", parts["activities"])})


@router.post("/{school}/plan/edit", PLAN_ADMINS)
async def save(visit: VisitHere, body: Annotated[PlanForm, form(PlanForm)]) -> Response:
    """Keeps a draft."""
    path = f"/v1/schools/{visit.school}/plan"
    parts = await visit.ask(plan=visit.apis.thresholds.get(path), draft=visit.apis.thresholds.get(path, draft=True))
    for part in parts.values():
        if part.failure is not None and part.failure.why == "away":
            raise BadFormError(_sentences(part))
    check_base(body.base, _newer_draft(parts) or parts["plan"].data, body.body(), visit.address("plan", "edit"))
    saved = await visit.apis.thresholds.send("PUT", path, body.body())
    if saved.failure is not None:
        raise BadFormError(_sentences(saved))
    checklist = await visit.apis.thresholds.get(f"{path}/checklist", version=saved.otherwise({})["version"])
    open_points = [
        point for point in (checklist.data["items"] if checklist.data else []) if not point["met"] and point["point"] != "published"
    ]
    left = f"{count(len(open_points), 'point')} of the checklist to go" if open_points else "it can be published"
    return visit.leave(visit.address("plan", "edit"), f"The draft is saved: {left}.")


@router.get("/{school}/plan/publish", PLAN_ADMINS)
async def preview(visit: VisitHere) -> Response:
    """The changes that publishing the newest draft would make."""
    path = f"/v1/schools/{visit.school}/plan"
    parts = await visit.ask(
        plan=visit.apis.thresholds.get(path),
        draft=visit.apis.thresholds.get(path, draft=True),
        activities=_activities(visit),
    )
    draft = _newer_draft(parts)
    published = parts["plan"].data if parts["plan"].data and parts["plan"].data["state"] == "published" else None
    checklist = await visit.apis.thresholds.get(f"{path}/checklist", version=draft["version"]) if draft else None
    view = {
        "plan": parts["plan"],
        "draft": draft,
        "published": published,
        "checklist": checklist,
        "changes": changes(published, draft, labels_of(parts["activities"])) if draft else [],
    }
    return visit.show("plan/publish.html", PLAN, {**view, **_common(visit, "publish", parts["activities"])})


@router.post("/{school}/plan/publish", PLAN_ADMINS)
async def publish(visit: VisitHere, body: Annotated[PublishForm, form(PublishForm)]) -> Response:
    """Publishes the version that was shown."""
    published = await visit.apis.thresholds.send("POST", f"/v1/schools/{visit.school}/plan/publish", {"version": body.version})
    if published.failure is not None:
        raise BadFormError(_sentences(published))
    return visit.leave(visit.address("plan"), "The plan is published: families and the Ministry can read it now.")


@router.get("/{school}/plan/versions", PLAN.needs)
async def versions(visit: VisitHere, cursor: str | None = None) -> Response:
    """All versions, newest first."""
    path = f"/v1/schools/{visit.school}/plan/versions"
    parts = await visit.ask(versions=visit.apis.thresholds.get(path, limit=50, cursor=cursor), activities=_activities(visit))
    return visit.show("plan/versions.html", PLAN, {"versions": parts["versions"], **_common(visit, "versions", parts["activities"])})


@router.get("/{school}/plan/review", PLAN.needs)
async def review(visit: VisitHere, term: str | None = None) -> Response:
    """The actions of the published plan in a term: for how many students each was done."""
    asked = term if term and is_term_name(term) else None
    parts = await visit.ask(
        review=visit.apis.thresholds.get(f"/v1/schools/{visit.school}/plan/review", term=asked), activities=_activities(visit)
    )
    view = {"review": parts["review"], "term": asked, **_common(visit, "review", parts["activities"])}
    return visit.show("plan/review.html", PLAN, view, title="What was done against the plan")


@router.get("/{school}/plan/{version}.pdf", PLAN.needs)
async def pdf(visit: VisitHere, version: int) -> Response:
    """A version for the board, on paper."""
    answer = await visit.apis.thresholds.fetch(f"/v1/schools/{visit.school}/plan/versions/{version}/plan.pdf")
    if answer is None or answer.status_code != HTTPStatus.OK:
        raise NotThereError
    headers = {"Content-Disposition": f'inline; filename="plan-{visit.school}-{version}.pdf"', "Cache-Control": "no-store"}
    return Response(answer.content, media_type="application/pdf", headers=headers)


def _common(visit: Visit, current: Literal["plan", "edit", "publish", "versions", "review"], activities: Part[Any]) -> dict[str, Any]:
    """The tabs and the words that all pages of the plan share."""
    may_write = PLAN_ADMINS.met_by(visit.person.principal)
    names = [name for name in TITLES if may_write or name in {"plan", "versions", "review"}]
    tabs = [Tab(TITLES[name], None, visit.address(*(["plan"] if name == "plan" else ["plan", name])), name == current) for name in names]
    return {
        "tabs": tabs,
        "sections": SECTIONS,
        "tables": ROWS,
        "steps": STEP_TITLES,
        "activities": activities,
        "labels": labels_of(activities),
        "may_write": may_write,
    }


def _newer_draft(parts: dict[str, Part[Any]]) -> dict[str, Any] | None:
    """The newest draft, where it is newer than what is published."""
    draft, shown = parts["draft"].data, parts["plan"].data
    if draft is None or draft["state"] != "draft":
        return None
    return draft if shown is None or shown["version"] <= draft["version"] else None


def _activities(visit: Visit) -> Any:
    return visit.apis.thresholds.get(f"/v1/schools/{visit.school}/activities")


def _sentences(part: Part[Any]) -> list[str]:
    failure = part.failure
    if failure is None or failure.why == "away":
        return ["The service does not answer now. Your texts are still in the form: go back, and try again in a minute."]
    errors = failure.extra.get("errors", [])
    return [f"{_place(error['at'])}: {error['why'].removeprefix('Value error, ')}." for error in errors] or [f"{failure.detail}."]


def _place(at: str) -> str:
    parts = [part for part in at.split(".") if part not in {"body", "thresholds", "processes", "monitoring"} and not part.isdigit()]
    return " ".join(parts).replace("_", " ").capitalize() or "The plan"
