"""The state of the process while it serves."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from services.thresholds.feed.streams import Streams
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.transfers.signing import Keyring
from shared.attendance.codes import CodeTable
from shared.db.listen import Broadcast
from shared.web.state import ServiceState, service_state


@dataclass(kw_only=True)
class ThresholdsState(ServiceState):
    """The database, the codes, and the bell of the feed."""

    settings: ThresholdsSettings
    codes: CodeTable
    feed_bell: Broadcast
    feed_streams: Streams
    keyring: Keyring


async def _state(request: Request) -> ThresholdsState:
    return cast(ThresholdsState, service_state(request))


State = Annotated[ThresholdsState, Depends(_state)]
