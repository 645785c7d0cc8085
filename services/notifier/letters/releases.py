"""A person decides about letters that wait because too many were due on one day. The caller owns the transaction."""

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.case import WaitingState, passed
from services.notifier.letters.repository import cases, letters, releases
from services.notifier.letters.repository.releases import ReleaseAction, ReleaseDecision
from shared.telemetry import metrics

log = structlog.get_logger()


async def decide_release(
    connection: AsyncConnection,
    school: str,
    action: ReleaseAction,
    chosen: Collection[uuid.UUID] | None,
    states: Collection[WaitingState] = releases.AWAITING,
    *,
    reason: str | None,
    by: str,
    now: datetime,
) -> frozenset[uuid.UUID]:
    """Releases or discards the chosen letters, or all, that wait in one of the states; answers which. Others are passed over.

    A released letter is due now, and is decided like any other; it counts against no day.
    """
    keys = await releases.awaiting(connection, school, chosen, states)
    # A letter that came to wait meanwhile is not one that the person saw.
    waiting = [
        (case, letter)
        for case in (await cases.lock(connection, keys)).values()
        for letter in case.in_wait()
        if letter.state in states and (chosen is None or letter.id in chosen)
    ]
    if not waiting:
        return frozenset()
    decision = ReleaseDecision(uuid.uuid4(), school, action, reason, now, by)
    await releases.keep(connection, decision, len(waiting))
    await releases.mark(connection, decision, [letter.id for _, letter in waiting])
    for case, letter in waiting:
        if action == "released":
            await letters.renew_work(connection, replace(letter, due_at=now), now)
            continue
        await letters.mark_past(connection, letter, "discarded")
        if letter.occasion is None:
            await cases.save(connection, replace(case, waiting=None), passed(case, "discarded"), now)
    metrics.LETTERS.labels(action).inc(len(waiting))
    log.info("letters.decided", action=action, school=school, letters=len(waiting), decision=str(decision.id))
    return frozenset(letter.id for _, letter in waiting)
