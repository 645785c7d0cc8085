"""The decisions of a person about letters, sent to the services; the answer is the sentence that the next page shows."""

import asyncio
from typing import Any, Final
from uuid import UUID

from services.console.asking.part import Part
from services.console.asking.walking import BrokenOffError, pages
from services.console.frame.forms import BadFormError
from services.console.frame.letters import ENDABLE, RELEASABLE
from services.console.frame.visit import Visit
from services.console.frame.words import count, moment
from services.console.pages.letters.forms import AllForm, ChosenForm, SentForm

AT_ONCE: Final = 500
HOLDS_AT_ONCE: Final = 8
DONE: Final = {"release": "will go when the school's window opens", "discard": "ended", "hold": "held"}
GONE: Final = "No such letter waits any more: Sent and Not sent say what became of those that did."
NOT_WAITING: Final = "what does not wait any more is under Sent or Not sent"
AFTER_ALL: Final = "“Send it again” lets it go after all."
DONE_SENT: Final = {
    "resend": "The letter is on its way again.",
    "cancel": f"The letter will not go. {AFTER_ALL}",
    "correct": "A letter of correction is on its way.",
}


async def decide(visit: Visit, body: ChosenForm) -> str:
    """Decides about the letters that were ticked."""
    if body.act == "hold":
        return await _hold(visit, set(body.letter), body.why or "")
    return await _send(visit, body.act, body.letter, body.why)


async def decide_all(visit: Visit, body: AllForm) -> str:
    """Decides about all that wait, or those of a step and a reason, if there are as many as the person typed."""
    states = RELEASABLE if body.act == "release" else ENDABLE
    shown = [item for item in await _waiting(visit, body.threshold) if body.status in (None, item["status"])]
    waiting = [item for item in shown if item["status"] in states]
    if not waiting:
        raise BadFormError([GONE])
    if len(waiting) != body.number:
        raise BadFormError([f"{count(len(waiting), 'letter waits', 'letters wait')} now, not {body.number}. Nothing was changed."])
    return await _send(visit, body.act, [UUID(item["letter_id"]) for item in waiting], body.why)


async def decide_sent(visit: Visit, delivery: UUID, body: SentForm) -> str:
    """Decides about a letter that is written."""
    answer = await visit.apis.notifier.send("POST", f"/v1/deliveries/{delivery}/{body.act}", {"reason": body.why}, once=body.once)
    if answer.came:
        return DONE_SENT[body.act]
    if body.act == "cancel" and answer.failure is not None and answer.failure.why == "invalid":
        return await _so_already(visit, delivery) or _nothing(answer)
    return _nothing(answer)


async def note_returned(visit: Visit, delivery: UUID) -> str:
    """Records that a letter's envelope came back."""
    answer = await visit.apis.notifier.send("POST", f"/v1/deliveries/{delivery}/returned")
    if not answer.came:
        return _nothing(answer)
    return "The letter counts as come back. Ring the family, and correct the address in your school's system: nothing is posted there."


async def _so_already(visit: Visit, delivery: UUID) -> str | None:
    """The sentence about a letter that does not wait any more; None where it waits, or can't be had."""
    found = (await visit.apis.notifier.get(f"/v1/deliveries/{delivery}")).data
    if found is None or found["status"] == "waiting":
        return None
    zone = (await visit.know()).zone
    if found["reason"] == "by-staff":
        # A note holds no names: the page itself says who it was, and why.
        at = f" since {moment(found['asked_at'], zone)}" if found["asked_at"] else ""
        return f"The letter is stopped already{at}: who did it, and why, stands below. {AFTER_ALL}"
    if found["sent_at"] is not None:
        return f"The letter went {moment(found['sent_at'], zone)}: it can't be stopped any more."
    return "The letter does not wait any more: its state is above."


async def _send(visit: Visit, act: str, letters: list[UUID], why: str | None) -> str:
    accepted, rejected = 0, list[str]()
    for at in range(0, len(letters), AT_ONCE):
        body: dict[str, Any] = {"letters": [str(letter) for letter in letters[at : at + AT_ONCE]]}
        if act == "discard":
            body["reason"] = why
        answer = await visit.apis.notifier.send("POST", f"/v1/schools/{visit.school}/letters/{act}", body)
        if answer.data is None:
            return _nothing(answer) if not accepted else f"{count(accepted, 'letter')} {DONE[act]}; then the service was away."
        accepted += answer.data["accepted"]
        rejected += [item["detail"] if item["reason"] == "on-hold" else NOT_WAITING for item in answer.data["rejected"]]
    return f"{count(accepted, 'letter')} {DONE[act]}.{_rest(rejected)}"


async def _hold(visit: Visit, letters: set[UUID], why: str) -> str:
    """A hold for the student and the step of each letter, some at a time."""
    chosen = [item for item in await _waiting(visit, None) if UUID(item["letter_id"]) in letters]
    at_once = asyncio.Semaphore(HOLDS_AT_ONCE)

    async def hold(item: dict[str, Any]) -> Part[Any]:
        async with at_once:
            path = f"{visit.student_path(item['student'])}/hold"
            return await visit.apis.thresholds.send("PUT", path, {"reason": why, "threshold": item["threshold"], "term": item["term"]})

    answers = await asyncio.gather(*(hold(item) for item in chosen))
    held = sum(answer.came for answer in answers)
    rejected = [answer.failure.detail for answer in answers if answer.failure is not None]
    return f"{count(held, 'letter')} {DONE['hold']}.{_rest([*rejected, *[NOT_WAITING] * (len(letters) - len(chosen))])}"


async def _waiting(visit: Visit, threshold: str | None) -> list[dict[str, Any]]:
    """All letters that wait. Raises BadFormError if they can't be had."""
    found: list[dict[str, Any]] = []
    try:
        path = f"/v1/schools/{visit.school}/deliveries"
        async for items in pages(visit.apis.notifier, path, group="waiting", threshold=threshold, limit=AT_ONCE):
            found += items
    except BrokenOffError as error:
        raise BadFormError(["Letters can't be reached now. Nothing was changed."]) from error
    return found


def _rest(reasons: list[str]) -> str:
    return f" {count(len(reasons), 'was', 'were')} left: {'; '.join(sorted(set(reasons)))}." if reasons else ""


def _nothing(answer: Part[Any]) -> str:
    detail = answer.failure.detail if answer.failure is not None else ""
    return f"Nothing was changed: {detail or 'letters can not be reached now'}."
