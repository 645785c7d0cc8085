"""The state of the process while it serves."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from services.thresholds.data_quality.issue_counts import IssueCounts
from services.thresholds.feed.rounds import Rounds
from services.thresholds.feed.streams import Streams
from services.thresholds.public_plan.progress import ShareCache
from services.thresholds.register.kept_days import DayKeeper
from services.thresholds.roster.repository import identities
from services.thresholds.settings import ThresholdsSettings
from services.thresholds.transfers.signing import Keyring
from shared.attendance.codes import CodeTable
from shared.db.listen import Broadcast
from shared.key_holders.state import KeyHoldersState
from shared.web.state import service_state


@dataclass(kw_only=True)
class ThresholdsState(KeyHoldersState):
    """The database, the codes, what reads days by them, and the bell of the feed."""

    settings: ThresholdsSettings
    codes: CodeTable
    keeper: DayKeeper
    feed_bell: Broadcast
    feed_streams: Streams
    feed_rounds: Rounds
    keyring: Keyring
    regular_shares: ShareCache
    issue_counts: IssueCounts

    async def student_named(self, school: str, name: str) -> str:
        """The child who has the key now, or as whom that child is counted; `12345~1` is the first child who had `12345`."""
        async with self.engine.connect() as connection:
            return await identities.named(connection, school, name)


async def _state(request: Request) -> ThresholdsState:
    return cast(ThresholdsState, service_state(request))


State = Annotated[ThresholdsState, Depends(_state)]
