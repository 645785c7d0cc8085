"""The records' part of an erasure: every free text that staff wrote about the student."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.repository import erasing
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """Notes, reasons and their traces in the history go. The records, responses and holds themselves stay without them."""
    removed = {
        "notes": await erasing.erase_notes(connection, erased.student_id),
        "record-reasons": await erasing.erase_record_reasons(connection, erased.student_id),
        "hold-reasons": await erasing.erase_hold_reasons(connection, erased.student_id),
        "history-texts": await erasing.erase_history(connection, erased.student_id),
    }
    return Tally(removed, await erasing.kept(connection, erased.student_id))
