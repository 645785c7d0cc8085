"""Which letters of a list can be corrected: the same reasons stand against it as against the request for a correction."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.postal import written_key
from services.notifier.contacts.recipients import still_there
from services.notifier.contacts.repository import bad_addresses, contacts, decisions
from services.notifier.contacts.school_days import last_day_of_letters
from services.notifier.delivery.deliveries.correcting import in_no_other_term
from services.notifier.delivery.deliveries.repository import listing


async def correctable(connection: AsyncConnection, school: str, rows: Sequence[Mapping[str, Any]], now: datetime) -> set[uuid.UUID]:
    """The ids of those of a school's items of which a letter of correction would be written now."""
    wrong = [row for row in rows if row["can_be_corrected"]]
    sender = await contacts.school(connection, school) if wrong else None
    if sender is None:
        return set()
    choices, calendar = await listing.choices(connection, school), sender.calendar()
    if choices.correct == "never":
        return set()
    bad = await bad_addresses.among(connection, school, {written_key(row["recipient"]) for row in wrong if row["recipient"]})
    decided = await decisions.of(connection, school)
    found = set()
    for row in wrong:
        last = last_day_of_letters(calendar.term_named(row["term"]), row["term"], choices.after_term)
        over = last is not None and calendar.today(now) > last
        still_wrong = in_no_other_term(row["wrong_days"], calendar, row["term"])
        if over or not still_wrong or row["recipient"] is None or written_key(row["recipient"]) in bad:
            continue
        contact = await contacts.contact(connection, row["student_id"])
        if contact is not None and still_there(row["channel"], row["recipient"], contact, decided) is not None:
            found.add(row["id"])
    return found
