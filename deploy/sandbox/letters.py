"""A letter as the mail server received it: the bytes, and what a caregiver's mail program would make of them. Pure."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from shared.clock import HOME_ZONE

Message = TypedDict(
    "Message",
    {"to": list[str], "from": str, "subject": str, "text": str, "html": str, "message_id": str, "received_at": str},
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One accepted message. `key` is its time of receipt in nanoseconds, unique in a folder, so keys are in order of receipt.

    `sender` is the From header as people see it (the envelope's sender when there is none); `text` and `html` are empty when
    the letter has no such part.
    """

    key: int
    recipients: tuple[str, ...]
    sender: str
    subject: str
    text: str
    html: str
    message_id: str

    @property
    def received_at(self) -> str:
        """RFC 3339 in UTC, with its offset."""
        return datetime.fromtimestamp(self.key // 1_000_000 / 1000, UTC).isoformat(timespec="milliseconds")

    @property
    def received_here(self) -> str:
        """For people: on the clock of New Zealand's schools."""
        return shown(datetime.fromtimestamp(self.key / 1e9, UTC))

    def is_to(self, address: str) -> bool:
        """Whether the address is among the envelope's recipients; case is no difference."""
        return address.casefold() in (recipient.casefold() for recipient in self.recipients)

    def as_message(self) -> Message:
        """The outside form, a fresh dict at each call."""
        return {
            "to": list(self.recipients),
            "from": self.sender,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "message_id": self.message_id,
            "received_at": self.received_at,
        }


def shown(moment: datetime) -> str:
    """A moment for people, on the clock of New Zealand's schools."""
    here = moment.astimezone(ZoneInfo(HOME_ZONE))
    return f"{here:%A} {here.day} {here:%B %Y, %H:%M}"


def read_letter(key: int, raw: bytes, sender: str, recipients: tuple[str, ...]) -> Letter:
    """Decodes a message. Never raises for what is in it: a mail server keeps bad letters too, and shows what can be shown."""
    message = message_from_bytes(raw, policy=policy.SMTPUTF8)
    return Letter(
        key=key,
        recipients=recipients,
        sender=_header(message, "From") or sender,
        subject=_header(message, "Subject"),
        text=_part(message, "plain"),
        html=_part(message, "html"),
        message_id=_header(message, "Message-ID"),
    )


def pack_letter(letter: Letter, raw: bytes) -> bytes:
    """The file's content: the outside form, and the bytes as they came."""
    return json.dumps({**letter.as_message(), "raw": base64.b64encode(raw).decode()}, ensure_ascii=False, indent=1).encode()


def unpack_letter(key: int, data: bytes) -> Letter:
    """Reads `pack_letter`'s bytes. Raises ValueError or KeyError for a file that is not ours."""
    kept: dict[str, Any] = json.loads(data)
    return Letter(key, tuple(kept["to"]), kept["from"], kept["subject"], kept["text"], kept["html"], kept["message_id"])


def unpack_source(data: bytes) -> bytes:
    """The bytes as they came over the wire, from `pack_letter`'s bytes."""
    return base64.b64decode(json.loads(data)["raw"])


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = str(message[name] or "")
    except Exception:  # the standard library's header parser raises a mixed bag for malformed ones
        return ""
    return _without_surrogates(value).strip()


def _part(message: EmailMessage, subtype: str) -> str:
    try:
        part = message.get_body((subtype,))
    except AttributeError:  # what the standard library makes of a multipart that has no parts
        part = None
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, UnicodeError, ValueError):  # a charset that is unknown or untrue
        payload = part.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return _without_surrogates(content).replace("\r\n", "\n")


def _without_surrogates(text: str) -> str:
    # Bytes that were not what they were declared to be come as lone surrogates, which no JSON may carry.
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
