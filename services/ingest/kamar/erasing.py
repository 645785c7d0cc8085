"""KAMAR's part of an erasure."""

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from services.ingest.kamar.repository import documents, students
from services.ingest.students.identities import Identities
from services.ingest.students.publishing import LONG_AGO
from shared.erasures.erasure import Tally, together
from shared.events.data import StudentErased
from shared.identifiers import SchoolNumber


async def erase(connection: AsyncConnection, erased: StudentErased) -> Tally:
    """Fields, pastoral rows and refusals go, and the documents that are kept for a look at what failed in them.

    A document that waits is not touched: what it says of the student is passed over, and it goes once it is processed.
    """
    payloads = await documents.forget_payloads_of(connection, erased.school)
    known = await Identities.of(connection, SchoolNumber(erased.school))
    key = known.key_of(erased.student)
    holding = known.holdings.get(key)
    if holding is None or holding.student == erased.student:
        removed = await students.erase(connection, erased, key, since=holding.since if holding else LONG_AGO)
    else:
        # What KAMAR has under the key by now is another child's.
        until = min(erased.erased_at, holding.since)
        removed = await students.erase(connection, replace(erased, erased_at=until), key, since=LONG_AGO)
    return together(removed, Tally({"kamar-documents": payloads}))
