"""The state of the process while it serves."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from services.console.asking.apis import Apis
from services.console.frame.known_schools import KnownSchools
from services.console.frame.rendering import Templates
from services.console.identity.attempts import Attempts
from services.console.identity.links import Links
from services.console.identity.provider import Provider
from services.console.sessions.keeping import Sessions
from services.console.settings import ConsoleSettings
from shared.web.state import ServiceState, service_state


@dataclass(kw_only=True)
class ConsoleState(ServiceState):
    """Sessions, the four APIs, the templates, and the issuer that people sign in with, if there is one."""

    settings: ConsoleSettings
    apis: Apis
    sessions: Sessions
    templates: Templates
    schools: KnownSchools
    provider: Provider | None
    links: Links
    attempts: Attempts


def state_of(request: Request) -> ConsoleState:
    """The state that the app's lifespan yielded."""
    return cast(ConsoleState, service_state(request))
