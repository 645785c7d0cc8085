"""The resources of the notifier's process while it serves."""

from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from services.notifier.partners.courier import AddressBook
from services.notifier.partners.vault import Vault
from services.notifier.settings import NotifierSettings
from services.notifier.templates.rendering.letters import Letters
from shared.web.state import ServiceState, service_state


@dataclass(kw_only=True)
class NotifierState(ServiceState):
    """The database of letters and deliveries."""

    settings: NotifierSettings
    vault: Vault
    addresses: AddressBook
    letters: Letters = field(default_factory=Letters)


async def _state(request: Request) -> NotifierState:
    return cast(NotifierState, service_state(request))


State = Annotated[NotifierState, Depends(_state)]
