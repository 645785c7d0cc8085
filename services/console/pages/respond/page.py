"""`/console/{school}/respond`: the form over any list, what it sends, and the way back."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query
from starlette.responses import Response

from services.console.asking.part import Part
from services.console.frame.forms import BadFormError, form
from services.console.frame.navigation import BASE
from services.console.frame.refusals import NotThereError
from services.console.frame.router import PageRouter
from services.console.frame.visit import Visit, VisitHere
from services.console.frame.words import count
from services.console.pages.respond.form import ReopenForm, ResponseForm, UndoForm, before_of
from services.console.pages.respond.view import chosen_records, results, step_of
from services.console.people.needs import MANAGERS, RESPONDERS

router = PageRouter()

MOST: Final = 500
"""Records of one form, as many as one request takes."""

AT_ONCE: Final = 8
"""Changes under way at a time, where each is a request of its own."""


@router.get("/{school}/respond", RESPONDERS)
async def respond(
    visit: VisitHere,
    record: Annotated[list[str], Query(default_factory=list, max_length=MOST)],
    student: Annotated[list[str], Query(default_factory=list, max_length=MOST)],
    back: str = "today",
) -> Response:
    """The form for the records, or students, that were chosen."""
    parts = await visit.ask(open=_open_records(visit, student[0] if len(student) == 1 and not record else None))
    found = parts["open"]
    records = chosen_records(found.otherwise([]), set(record), student)
    step = step_of(records)
    (activities,) = (
        await visit.ask(activities=visit.apis.thresholds.get(f"/v1/schools/{visit.school}/activities", threshold=step))
    ).values()
    offered = activities.map(lambda sent: [one for one in sent["items"] if not one["retired"]])
    view = {"records": records, "found": found, "step": step, "activities": offered, "back": _back(back)}
    return visit.show("respond/respond.html", None, view, title="Respond")


@router.post("/{school}/respond", RESPONDERS)
async def record_responses(visit: VisitHere, body: Annotated[ResponseForm, form(ResponseForm)]) -> Response:
    """Records them; for several students the page has a result each."""
    sent = [str(one) for one in body.record]
    if len(sent) > MOST:
        raise BadFormError([f"Choose no more than {MOST} students at once."])
    found = await _open_records(visit, None)
    path = f"/v1/schools/{visit.school}/responses"
    answer = await visit.apis.thresholds.send("POST", path, {"responses": body.items()}, once=body.once)
    outcome = results(found.otherwise([]), sent, answer)
    decided = await _decide(visit, body, [one.record for one in outcome if one.response]) if visit.person.may("manage") else []
    recorded = [one for one in outcome if one.response]
    before = before_of(body, found.otherwise([])) if decided else []
    if len(outcome) == 1 and recorded:
        query = [("response", f"{recorded[0].record}:{recorded[0].response}"), ("back", _back(body.back)), *before]
        undo = f"{visit.address('respond', 'undo')}?{urlencode(query)}"
        return visit.leave(_path(visit, body.back), f"Recorded{_decided(body, decided)}.", undo=undo)
    await visit.ask()
    view = {"before": before, "results": outcome, "recorded": recorded, "decided": _decided(body, decided), "back": _back(body.back)}
    title = f"Recorded for {count(len(recorded), 'student')}" if recorded else "Nothing was recorded"
    return visit.show("respond/results.html", None, view, title=title, status=200 if recorded else 422)


@router.post("/{school}/respond/undo", RESPONDERS)
async def undo(
    visit: VisitHere,
    body: Annotated[UndoForm, form(UndoForm)],
    response: Annotated[list[str], Query(default_factory=list)],
    due: Annotated[list[str], Query(default_factory=list)],
    reopen: bool = False,
    back: str | None = None,
) -> Response:
    """Takes responses back that were recorded by mistake, and what was decided with them."""
    wanted = body if body.response else UndoForm(response=response, reopen=reopen, due=due)
    try:
        pairs, decisions = wanted.pairs(), wanted.decisions()
    except ValueError as error:
        raise NotThereError from error
    gate = asyncio.Semaphore(AT_ONCE)

    async def withdraw(record: object, answered: object) -> Part[Any]:
        async with gate:
            return await visit.apis.thresholds.send("DELETE", f"/v1/star-records/{record}/responses/{answered}")

    parts = await asyncio.gather(*(withdraw(*pair) for pair in pairs))
    undone = await _changed(visit, decisions)
    taken = sum(part.came for part in parts)
    kept = f"; {count(len(parts) - taken, 'response')} could not be" if taken < len(parts) else ""
    return visit.leave(_path(visit, back or body.back), f"{count(taken, 'response')} taken back{kept}{_put_back(undone)}.")


@router.post("/{school}/respond/reopen", MANAGERS)
async def reopen_record(visit: VisitHere, body: Annotated[ReopenForm, form(ReopenForm)]) -> Response:
    """Opens a record again that was closed by mistake, or too early."""
    (part,) = await _changed(visit, {body.record: {"status": "open"}})
    if part.failure is not None and part.failure.why in {"absent", "refused"}:
        raise NotThereError
    said = (
        "The record is open again."
        if part.came
        else "That was not done: " + ((part.failure.detail if part.failure else "") or "the service does not answer now") + "."
    )
    return visit.leave(_path(visit, body.back), said)


async def _open_records(visit: Visit, student: str | None) -> Part[Any]:
    """The open records that the person may see, those of one student where only they are meant."""
    path = f"/v1/schools/{visit.school}/star-records"
    items: list[Any] = []
    cursor = None
    while True:
        part = await visit.apis.thresholds.get(path, status="open", student=student, limit=MOST, cursor=cursor)
        if part.data is None:
            return part
        items += part.data["items"]
        cursor = part.data["next"]
        if cursor is None:
            return Part(items)


async def _decide(visit: Visit, body: ResponseForm, records: list[str]) -> list[Part[Any]]:
    changes = body.decision
    return await _changed(visit, dict.fromkeys(records, changes) if changes else {})


async def _changed(visit: Visit, changes: Mapping[Any, Mapping[str, str | None]]) -> list[Part[Any]]:
    """Changes of records, by their ids."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def change(record: object, wanted: Mapping[str, str | None]) -> Part[Any]:
        async with gate:
            return await visit.apis.thresholds.send("PATCH", f"/v1/star-records/{record}", wanted)

    return list(await asyncio.gather(*(change(record, wanted) for record, wanted in changes.items())))


def _put_back(undone: list[Part[Any]]) -> str:
    if not undone:
        return ""
    done = sum(part.came for part in undone)
    return f"; {count(done, 'record')} as before" + (f", {len(undone) - done} could not be" if done < len(undone) else "")


def _decided(body: ResponseForm, decided: list[Part[Any]]) -> str:
    if not decided:
        return ""
    done = sum(part.came for part in decided)
    what = "closed" if body.outcome else "given a day for the next step"
    return f"; {count(done, 'record')} {what}" + (f", {len(decided) - done} could not be" if done < len(decided) else "")


def _back(back: str) -> str:
    """A list of the same school to lead back to, and no other address."""
    path = back.partition("?")[0]
    return (
        back
        if path and all(part.isalnum() or part in "-_./" for part in path) and ".." not in path and not path.startswith("/")
        else "today"
    )


def _path(visit: Visit, back: str) -> str:
    return f"{BASE}/{visit.school}/{_back(back)}"
