"""Uploads as the API shows them."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.moe_sync.roster.repository import preferences
from services.moe_sync.roster.repository.preferences import AdapterName, Preferences
from services.moe_sync.schemas import AttemptOut, ChangesOut, CountsOut, RejectOut, SentRecord, SentResponse, UploadListed, UploadOut
from services.moe_sync.settings import MoeSyncSettings
from services.moe_sync.uploads.document import RecordEntry, ResponseEntry, decode_document
from services.moe_sync.uploads.repository import upload_log

MOST_ATTEMPTS: Final = 100

NO_ADDRESS: Final = "no address to send to: STAR_MINISTRY_URL is not set"
NOT_SET_UP: Final = "the way that the school has chosen is not set up"
PAUSED: Final = "paused by the school"
BY_HAND: Final = "waits to be uploaded by hand"


@dataclass(frozen=True, slots=True)
class Way:
    """How a school's uploads go now: `adapter` None where the one chosen is not set up."""

    adapter: AdapterName | None
    holdup: str | None

    @classmethod
    def of(cls, chosen: Preferences, settings: MoeSyncSettings) -> "Way":
        """What holds for a school; `holdup` is why nothing is sent by itself."""
        adapter = chosen.adapter or settings.default_adapter
        if adapter not in settings.ways:
            return cls(None, NOT_SET_UP)
        if chosen.paused:
            return cls(adapter, PAUSED)
        if adapter != "folder":
            return cls(adapter, None)
        return cls(adapter, BY_HAND if chosen.adapter or settings.ministry_adapter else NO_ADDRESS)


async def shown(connection: AsyncConnection, upload: UUID, settings: MoeSyncSettings) -> UploadOut | None:
    """An upload with its items, rejects and attempts; None when there is none of that id."""
    row = await upload_log.get(connection, upload)
    if row is None:
        return None
    way = Way.of(await preferences.get(connection, row["school"]), settings)
    rejects = await upload_log.rejects_of(connection, upload)
    document = decode_document(row["body"])
    records = [SentRecord(**_plain(record), reject=rejects.get(record.id)) for record in document.records]
    responses = [SentResponse(**_plain(response), reject=rejects.get(response.id)) for response in document.responses]
    return UploadOut(
        **_summary(row, way),
        items=[*records, *responses],
        rejects=[RejectOut(item=item, reason=reason) for item, reason in rejects.items()],
        attempts=[AttemptOut.model_validate(attempt) for attempt in await upload_log.attempts_of(connection, upload, MOST_ATTEMPTS)],
    )


def listed(row: RowMapping, way: Way) -> UploadListed:
    """An upload in a list."""
    return UploadListed(**_summary(row, way), rejected=row["rejected"])


def _plain(entry: RecordEntry | ResponseEntry) -> dict[str, Any]:
    """An entry without a national student number: those are in the files alone."""
    return {name: getattr(entry, name) for name in entry.__struct_fields__ if name != "nsn"}


def _summary(row: RowMapping, way: Way) -> dict[str, Any]:
    unsent = row["status"] in {"pending", "sending"}
    same = ("id", "school", "term", "week", "number", "status", "created_at", "sent_at", "receipt", "outcome_unknown", "checksum")
    return {
        **{name: row[name] for name in (*same, "adapter", "marked_by", "note")},
        "idempotency_key": str(row["id"]),
        "counts": CountsOut(records=row["records"], responses=row["responses"]),
        "changes": ChangesOut(new=row["new"], amended=row["amended"], withdrawn=row["withdrawn"]),
        "digest": row["digest"].hex(),
        "reason": way.holdup if unsent and way.holdup is not None else row["reason"],
    }
