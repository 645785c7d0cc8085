"""SQL of the questions about changes, and of their answers."""

import uuid
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events.data import ChangeJudged

_judged = msgspec.json.Decoder(ChangeJudged)


async def ask(connection: AsyncConnection, proposal: uuid.UUID, school: str, now: datetime) -> None:
    """Notes that an answer is waited for."""
    await connection.execute(
        text("INSERT INTO proposals (id, school, asked_at) VALUES (:id, :school, :now)"), {"id": proposal, "school": school, "now": now}
    )


async def answer(connection: AsyncConnection, judged: Sequence[ChangeJudged]) -> None:
    """Keeps answers. An answer to no question of ours is passed over."""
    if not judged:
        return
    await connection.execute(
        text("UPDATE proposals SET judged = CAST(:judged AS jsonb) WHERE id = :id"),
        [{"id": answer.proposal_id, "judged": msgspec.json.encode(answer).decode()} for answer in judged],
    )


async def answer_to(connection: AsyncConnection, proposal: uuid.UUID) -> ChangeJudged | None:
    """The answer, once there is one."""
    judged = (await connection.execute(text("SELECT CAST(judged AS text) FROM proposals WHERE id = :id"), {"id": proposal})).scalar()
    return None if judged is None else _judged.decode(judged)


async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes questions from before a moment; answers how many."""
    deleted = await connection.execute(
        text(
            """
            DELETE FROM proposals WHERE id IN (SELECT id FROM proposals WHERE asked_at <= :moment LIMIT :most FOR UPDATE SKIP LOCKED)
            """
        ),
        {"moment": moment, "most": most},
    )
    return deleted.rowcount
