"""How long documents that students brought are kept: as long as the register that they were carried into."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.thresholds.records.repository.retention import forget_of_terms
from shared.retention import Rule


def retention_rules(keep_for: timedelta) -> tuple[Rule, ...]:
    """One rule."""

    async def forget_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
        return await forget_of_terms(connection, "transfers", moment, most)

    return (Rule("transfers", keep_for, forget_before, tables=("transfers",), setting="register_kept"),)
