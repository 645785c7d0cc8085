"""How a letter leaves the house: by e-mail, or as a text message. A further way is a class that keeps to this."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.notifier.contacts.recipients import Channel
from shared.worklist.tasks import Outcome


@dataclass(frozen=True, slots=True)
class Parcel:
    """A letter for one recipient, as it was written: every attempt sends the same. A text message has no subject and no HTML."""

    id: uuid.UUID
    channel: Channel
    recipient: str
    sender_name: str
    reply_to: str | None
    subject: str
    text: str
    html: str
    message_id: str
    written_at: datetime


class Transport(Protocol):
    """Sends parcels of one channel."""

    async def send(self, parcel: Parcel) -> Outcome:
        """One attempt, bounded in time.

        Done: it is out of our hands. Failed: this recipient will never get it. Retry: it may work later; the same parcel may have
        arrived all the same. No outcome's detail holds a name or an address.
        """

    async def close(self) -> None:
        """Lets go of connections."""
