"""The resources of the notifier's process while it serves."""

from dataclasses import dataclass, field
from typing import Annotated, Final, cast

from fastapi import Depends, Request

from services.notifier.partners.courier import AddressBook
from services.notifier.partners.vault import Vault
from services.notifier.settings import NotifierSettings
from services.notifier.templates.rendering.letters import Letters
from shared.key_holders.state import KeyHoldersState
from shared.web.limiting import Buckets
from shared.web.state import service_state

MISSES_A_SECOND: Final = 5
"""Links that do not hold, which an address may try, and ten times as many at once. A school's families can share an address."""


@dataclass(kw_only=True)
class NotifierState(KeyHoldersState):
    """The database of letters and deliveries."""

    settings: NotifierSettings
    vault: Vault
    addresses: AddressBook
    letters: Letters = field(default_factory=Letters)
    reply_misses: Buckets = field(default_factory=lambda: Buckets(MISSES_A_SECOND))


async def _state(request: Request) -> NotifierState:
    return cast(NotifierState, service_state(request))


State = Annotated[NotifierState, Depends(_state)]
