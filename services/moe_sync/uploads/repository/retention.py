"""SQL of letting go of what has been kept long enough."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def forget_uploads_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Erases uploads that were answered before a moment, with their attempts; answers how many."""
    old = await connection.execute(
        text(
            """
            SELECT id FROM uploads WHERE status NOT IN ('pending', 'sending') AND sent_at < :before
            ORDER BY sent_at LIMIT :most FOR UPDATE SKIP LOCKED
            """
        ),
        {"before": moment, "most": most},
    )
    ids = {"ids": list(old.scalars())}
    if not ids["ids"]:
        return 0
    await connection.execute(text("DELETE FROM upload_items WHERE upload_id = ANY(CAST(:ids AS uuid[]))"), ids)
    await connection.execute(text("DELETE FROM uploads WHERE id = ANY(CAST(:ids AS uuid[]))"), ids)
    await connection.execute(text("DELETE FROM work WHERE id = ANY(CAST(:ids AS uuid[]))"), ids)
    return len(ids["ids"])


async def forget_versions_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Erases versions from before a moment that no upload holds and that will go with none any more; answers how many."""
    return (
        await connection.execute(
            text(
                """
                DELETE FROM versions WHERE (item_id, revision) IN (
                    SELECT v.item_id, v.revision FROM versions v JOIN items i ON i.id = v.item_id
                    WHERE v.changed_at < :before AND v.revision <= i.included
                        AND NOT (v.revision = i.included AND i.rejected)
                        AND NOT EXISTS (SELECT FROM upload_items u WHERE u.item_id = v.item_id AND u.revision = v.revision)
                    LIMIT :most FOR UPDATE OF v SKIP LOCKED
                )
                """
            ),
            {"before": moment, "most": most},
        )
    ).rowcount


async def forget_items_before(connection: AsyncConnection, moment: datetime, most: int) -> int:
    """Erases items that last changed before a moment and have no version left; answers how many.

    One that never became an item of an upload, as its record did not come, counts from the newest fact about it.
    """
    return (
        await connection.execute(
            text(
                """
                DELETE FROM items WHERE id IN (
                    SELECT i.id FROM items i
                    WHERE coalesce(i.changed_at, greatest(
                            CAST(i.knowledge ->> 'at' AS timestamptz), CAST(i.knowledge -> 'staff' ->> 'at' AS timestamptz),
                            CAST(i.knowledge -> 'opening' ->> 'at' AS timestamptz)
                        )) < :before
                        AND NOT EXISTS (SELECT FROM versions v WHERE v.item_id = i.id) LIMIT :most FOR UPDATE SKIP LOCKED
                )
                """
            ),
            {"before": moment, "most": most},
        )
    ).rowcount
