"""The student of an event by the name that their school has for them, wherever the engine has a key of its own. Pure."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from services.notifier.partners.repository.partner_events import PartnerEvent
from shared.key_holders.repository import Child


def called(event: PartnerEvent, names: Mapping[Child, str]) -> PartnerEvent:
    """The event with its student named as the school does; the same event where the school's key is the engine's, too."""
    if not names:
        return event
    data = msgspec.json.decode(event.data)
    name = names.get((event.school, data.get("student", "")))
    return event if name is None else replace(event, data=msgspec.json.encode(data | {"student": name}).decode())
