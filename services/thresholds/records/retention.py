"""How long registers, records and all that hangs on them are kept: seven years after the end of the term's year, as the law asks."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.repository import retention as records
from services.thresholds.register.repository import retention as register
from shared.events.envelope import tombstone
from shared.events.topics import STANDINGS
from shared.outbox import repository as outbox
from shared.retention import Rule

AT_ONCE: Final = 500


async def forget_records_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Deletes old records with responses, histories and standings. For a student without standings, the topic keeps none either."""
    number, whose = await records.forget_records_before(connection, moment, most)
    without = await records.forget_standings(connection, whose)
    await outbox.add(connection, [tombstone(STANDINGS.name, str(student)) for student in without])
    return number


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """Records first: what they count by goes after them."""
    return (
        Rule(
            "star-records",
            keep_for,
            forget_records_before,
            AT_ONCE,
            tables=("star_records", "responses", "record_history", "standings"),
            setting="register_kept",
        ),
        Rule("holds", keep_for, records.forget_holds_before, AT_ONCE, tables=("holds",), setting="register_kept"),
        Rule("corrections", keep_for, register.forget_corrections_before, AT_ONCE, tables=("corrections",), setting="register_kept"),
        Rule("register", keep_for, register.forget_rows_before, AT_ONCE, tables=("register",), setting="register_kept"),
        Rule("key-marks", keep_for, register.forget_key_marks_before, AT_ONCE, tables=("key_marks",), setting="register_kept"),
        Rule("enrolments", keep_for, register.forget_enrolments_before, AT_ONCE, tables=("enrolments",), setting="register_kept"),
    )
