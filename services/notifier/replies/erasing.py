"""The replies' part of an erasure."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.replies.repository import links, replies
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """Links can't be opened any more, and the family's own words go. That there was an answer, and which, stays with the record."""
    removed = {
        "reply-links": await links.forget_of_student(connection, erased.student_id, erased.erased_at),
        "reply-words": await replies.erase_words(connection, erased.student_id, erased.erased_at),
    }
    return Tally(removed, {"replies": await replies.count(connection, erased.student_id)})
