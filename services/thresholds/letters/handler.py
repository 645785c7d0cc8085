"""Letters that went, and those that came back: one batch of messages, one transaction."""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.casework import repository as casework
from services.thresholds.letters.letter import CAME_BACK, NOTIFIER, SENT, nameless, piece_of
from services.thresholds.roster.repository import schools
from shared.batch import Batch, BatchHandler
from shared.bus.interface import Message
from shared.deadletters.reading import WRONG_TYPE
from shared.erasures import repository as erasures
from shared.events.data import LetterCameBack, LetterSent
from shared.events.envelope import Event


@dataclass
class LettersHandler(BatchHandler):
    """Puts letters beside the student's casework."""

    async def apply(self, connection: AsyncConnection, batch: Batch) -> None:
        """Applies a batch. A letter that is told of again changes nothing."""
        told: list[tuple[Message, LetterSent | LetterCameBack]] = []
        for message, event in batch.events:
            match event:
                case Event(data=LetterSent() | LetterCameBack() as letter):
                    told.append((message, letter))
                case _:
                    batch.refuse(message, WRONG_TYPE, "only letters belong on this topic")
        numbers = sorted({letter.school for _, letter in told})
        await schools.lock(connection, numbers)
        known = {school.school for school in await schools.get(connection, numbers)}
        erased = await erasures.moments(connection, {letter.student_id for _, letter in told})
        for message, letter in told:
            if letter.school not in known:
                batch.refuse(message, "unknown-school", "the school has not been sent", school=letter.school)
            elif isinstance(letter, LetterSent):
                if await casework.get(connection, "letter", letter.delivery_id) is None:
                    piece, erased_at = piece_of(letter), erased.get(letter.student_id)
                    # It was on its way while the student was erased.
                    is_late = erased_at is not None and letter.sent_at <= erased_at
                    await casework.add(connection, replace(piece, document=nameless(piece.document)) if is_late else piece)
            else:
                await _came_back(connection, letter)


async def _came_back(connection: AsyncConnection, told: LetterCameBack) -> None:
    """A letter came back. One that nobody told of went before letters were told of, and stays unknown."""
    piece = await casework.get(connection, "letter", told.delivery_id)
    if piece is None or piece.status != SENT:
        return
    document = {**piece.document, "came_back_at": told.came_back_at.isoformat()}
    version = piece.version + 1
    await casework.change(
        connection, replace(piece, status=CAME_BACK, document=document, version=version, updated_at=told.came_back_at), NOTIFIER
    )
