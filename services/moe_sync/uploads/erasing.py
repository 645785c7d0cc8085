"""The uploads' part of an erasure."""

from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.repository import schools
from services.moe_sync.uploads.document import decode_document, encode_document, has_nsn_of, without_nsn_of
from services.moe_sync.uploads.repository import erasing, sending
from shared.erasures.erasure import Tally
from shared.events.data import StudentErased


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """National student numbers in uploads that were answered, and the Ministry's words on rejected items, go; items and uploads stay.

    An upload under way keeps its bytes until it is answered, and then loses the numbers of all its students.
    """
    # The lock of whoever builds or settles one of the school's uploads.
    await schools.lock(connection, erased.school)
    redacted = 0
    for upload in await erasing.answered_with(connection, erased):
        document = decode_document(upload.body)
        if has_nsn_of(document, erased.student_id):
            await sending.redact(connection, upload.id, encode_document(without_nsn_of(document, erased.student_id)))
            redacted += 1
    rejects = await erasing.erase_rejects(connection, erased)
    items = await erasing.count_items(connection, erased)
    return Tally({"uploads": redacted, "reject-reasons": rejects}, {"upload-items": items})
