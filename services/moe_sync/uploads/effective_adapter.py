"""The adapter that a school's uploads go by now, and the reason why none is sent. Pure."""

from dataclasses import dataclass
from typing import Final

from services.moe_sync.roster.preferences import AdapterName, Preferences
from services.moe_sync.settings import MoeSyncSettings

NO_ADDRESS: Final = "no address to send to: STAR_MINISTRY_URL is not set"
NOT_SET_UP: Final = "the way that the school has chosen is not set up"
PAUSED: Final = "paused by the school"
BY_HAND: Final = "waits to be uploaded by hand"


@dataclass(frozen=True, slots=True)
class EffectiveAdapter:
    """The adapter that holds for a school: `name` None where the one chosen is not set up; `holdup` is why nothing is sent by itself."""

    name: AdapterName | None
    holdup: str | None


def effective_adapter(chosen: Preferences, settings: MoeSyncSettings) -> EffectiveAdapter:
    """The school's own choice, else the service's default."""
    adapter = chosen.adapter or settings.default_adapter
    if adapter not in settings.adapters:
        return EffectiveAdapter(None, NOT_SET_UP)
    if chosen.paused:
        return EffectiveAdapter(adapter, PAUSED)
    if adapter != "folder":
        return EffectiveAdapter(adapter, None)
    return EffectiveAdapter(adapter, BY_HAND if chosen.adapter or settings.ministry_adapter else NO_ADDRESS)
