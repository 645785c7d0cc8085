"""`/console/{school}/ministry/uploads/{upload}`: one upload beside what the Ministry had; its files, its certificate, its mark as sent."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from services.console.asking.names import records_named
from services.console.asking.part import Part
from services.console.frame.addresses import Address
from services.console.frame.files import passed_on
from services.console.frame.forms import Form, form
from services.console.frame.navigation import MINISTRY_PAGE
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.pages.ministry.page import not_done, tabs_of
from services.console.pages.ministry.view import difference_items
from services.console.pages.ministry.words import ADAPTER, OUTCOME, UPLOAD, activity_labels, reason, week_in_words
from services.console.people.needs import UPLOAD_ADMINS

router = PageRouter()

AT_ONCE: Final = 100


class MarkForm(Form):
    """The receipt that the Ministry gave to the person who carried the files there."""

    receipt: str = Field(title="The receipt", max_length=500)
    note: str | None = Field(default=None, title="The note", max_length=500)


@router.get("/{school}/ministry/uploads/{upload}", MINISTRY_PAGE.needs)
async def upload(visit: VisitHere, upload: UUID, cursor: str | None = None) -> Response:
    """The upload, item by item."""
    moe_sync = visit.apis.moe_sync
    parts = await visit.ask(
        upload=moe_sync.get(f"/v1/uploads/{upload}"),
        differences=moe_sync.get(f"/v1/uploads/{upload}/diff", limit=AT_ONCE, cursor=cursor),
        activities=visit.apis.thresholds.get(f"/v1/schools/{visit.school}/activities"),
    )
    sent = _of_school(visit, parts["upload"])
    differences = parts["differences"]
    shown = differences.data["items"] if differences.data else []
    records = await records_named(visit.apis.thresholds, visit.school, [one["record"] for one in shown])
    labels = activity_labels(parts["activities"].data)
    following = differences.data["next"] if differences.data else None
    title = f"Upload {sent.data['number']}, week {week_in_words(sent.data['week'])}" if sent.data else "An upload"
    return visit.show(
        "ministry/upload.html",
        MINISTRY_PAGE,
        title=title,
        tabs=tabs_of(visit, "uploads"),
        upload=sent,
        state=UPLOAD[sent.data["status"]] if sent.data else "",
        why=reason(sent.data["reason"]) if sent.data else None,
        way=ADAPTER.get(sent.data["adapter"] or "", "") if sent.data else "",
        outcomes=OUTCOME,
        items=differences.map(lambda _: difference_items(shown, records, labels)),
        more=Address(visit.address("ministry", "uploads", str(upload)), {}).having(cursor=following) if following else None,
        goes_on=cursor is not None,
        may_carry=visit.may(UPLOAD_ADMINS),
    )


@router.post("/{school}/ministry/uploads/{upload}/mark-sent", UPLOAD_ADMINS)
async def mark_sent(visit: VisitHere, upload: UUID, body: Annotated[MarkForm, form(MarkForm)]) -> Response:
    """Notes that a person has carried it."""
    await _require(visit, upload)
    asked = {"receipt": body.receipt, "note": body.note}
    part = await visit.apis.moe_sync.send("POST", f"/v1/uploads/{upload}/mark-sent", asked)
    said = "Marked as sent." if part.came else not_done(part)
    if part.failure is not None and part.failure.kind == "answered":
        said = "This upload has its answer already: the receipt below."
    return visit.leave(visit.address("ministry", "uploads", str(upload)), said)


@router.get("/{school}/ministry/uploads/{upload}/certificate", MINISTRY_PAGE.needs)
async def certificate(visit: VisitHere, upload: UUID) -> Response:
    """The certificate as a page to print."""
    await _require(visit, upload)
    return await passed_on(visit.apis.moe_sync, f"/v1/uploads/{upload}/certificate", format="pdf")


@router.get("/{school}/ministry/uploads/{upload}/files", UPLOAD_ADMINS)
async def files(visit: VisitHere, upload: UUID) -> Response:
    """All files of the upload in one archive, for somebody to carry."""
    await _require(visit, upload)
    return await passed_on(visit.apis.moe_sync, f"/v1/uploads/{upload}/files/upload.zip")


async def _require(visit: Visit, upload: UUID) -> None:
    _of_school(visit, await visit.apis.moe_sync.get(f"/v1/uploads/{upload}"))


def _of_school(visit: Visit, part: Part[Any]) -> Part[Any]:
    """The upload. Raises NotThereError for another school's: the address names this one."""
    if (part.failure is not None and part.failure.why == "absent") or (part.data is not None and part.data["school"] != visit.school):
        raise NotThereError
    return part
