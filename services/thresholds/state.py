"""What the process holds while it serves."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.feed.streams import Streams
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.transfers.signing import Keyring
from shared.attendance.codes import CodeTable
from shared.clock import Clock, utc_now
from shared.db.listen import Broadcast
from shared.web.service import ServiceState, service_state


@dataclass(kw_only=True)
class ThresholdsState(ServiceState):
    """The database, the codes, and the bell of the feed."""

    settings: ThresholdsSettings
    engine: AsyncEngine
    codes: CodeTable
    feed_bell: Broadcast
    feed_streams: Streams
    keyring: Keyring
    clock: Clock = field(default=utc_now)


async def _state(request: Request) -> ThresholdsState:
    return cast(ThresholdsState, service_state(request))


State = Annotated[ThresholdsState, Depends(_state)]
