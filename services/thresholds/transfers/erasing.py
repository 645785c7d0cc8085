"""The transfers' part of an erasure."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.transfers import document as documents
from services.thresholds.transfers import repository as transfers
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """The name and staff's notes go out of the documents that the student brought; the days that they carried are the register's."""
    brought = await transfers.of_student(connection, erased.student_id)
    removed = 0
    for transfer in brought:
        document = documents.decode(transfer.document)
        if (nameless := documents.without_names(document)) != document:
            await transfers.redact(connection, transfer.id, documents.encode(nameless))
            removed += 1
    return Tally({"transfer-documents": removed}, {"transfers": len(brought)})
