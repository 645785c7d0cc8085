"""The resources of the notifier's process while it serves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, cast

from fastapi import Depends, Request

from services.notifier.partners.courier import AddressBook
from services.notifier.partners.vault import Vault
from services.notifier.settings import NotifierSettings
from services.notifier.templates.rendering.letters import Letters
from shared.key_holders import repository as key_holders
from shared.web.limiting import Buckets
from shared.web.state import ServiceState, service_state

MISSES_A_SECOND: Final = 5
"""Links that do not hold, which an address may try, and ten times as many at once. A school's families can share an address."""


@dataclass(kw_only=True)
class NotifierState(ServiceState):
    """The database of letters and deliveries."""

    settings: NotifierSettings
    vault: Vault
    addresses: AddressBook
    letters: Letters = field(default_factory=Letters)
    reply_misses: Buckets = field(default_factory=lambda: Buckets(MISSES_A_SECOND))

    async def student_named(self, school: str, name: str) -> str:
        """The child who has the key now; `12345~1` is the first child who had `12345`."""
        async with self.engine.connect() as connection:
            (student,) = await key_holders.named(connection, school, [name])
            return student

    async def outward_names(self, school: str) -> Mapping[str, str]:
        """The names by which people know children whose key has been another's."""
        async with self.engine.connect() as connection:
            return await key_holders.outward(connection, school)


async def _state(request: Request) -> NotifierState:
    return cast(NotifierState, service_state(request))


State = Annotated[NotifierState, Depends(_state)]
