"""Reads what mail servers report of letters that had left: delivery status notifications (RFC 3464). Pure.

The returned headers (our Message-ID) or the envelope's id, which we gave it, tell which letter it is. The server's words are not kept:
they quote addresses.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal

from services.notifier.delivery.transports.outcomes import BounceKind
from services.notifier.delivery.transports.verdicts import judge_report

Action = Literal["failed", "delayed", "delivered", "relayed", "expanded"]
ReportKind = Literal["hard", "soft", "policy", "delayed", "delivered"]

_ACTIONS: Final[tuple[Action, ...]] = ("failed", "delayed", "delivered", "relayed", "expanded")
"""The gravest first: one address can become several recipients on the way, and the worst that befell any of them counts."""

STATUS: Final = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_SMTP_CODE: Final = re.compile(r"(?<![0-9.])([245])[0-9]{2}(?![0-9.])")
_IN_WORDS: Final = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_MESSAGE_ID: Final = re.compile(r"<[^<>\s]+@[^<>\s]+>")
_UNSPECIFIC: Final = re.compile(r"[245]\.0\.0")
_LINE_END: Final = re.compile(rb"\r\n?")
_BLANK_LINES: Final = re.compile(rb"\n[ \t]*(?:\n[ \t]*)+")
MOST_PARTS: Final = 100

_MESSAGE_TYPE: Final = re.compile(rb"^(content-type:\s*)message/", re.IGNORECASE | re.MULTILINE)
_OPAQUE: Final = "application/x-of-message-"
"""The stand-in for `message/`: the library parses parts of that type before it decodes them, and makes nothing of one that is encoded. None
must be (RFC 2046, section 5.2.1), the global ones may (RFC 6533), and some servers encode all of them."""

_STATUS_TYPES: Final = frozenset({f"{_OPAQUE}delivery-status", f"{_OPAQUE}global-delivery-status"})
_RETURNED_TYPES: Final = frozenset(
    {"text/rfc822-headers", *(f"{_OPAQUE}{kind}" for kind in ("rfc822", "rfc822-headers", "global", "global-headers"))}
)
"""RFC 3464 and RFC 3462; with addresses outside ASCII, RFC 6533."""


@dataclass(frozen=True, slots=True)
class BounceReport:
    """A server's report of one letter. `message_id` or `envelope_id` at least names the letter; `status` is an enhanced one."""

    action: Action
    status: str
    message_id: str | None
    envelope_id: str | None
    said_at: datetime | None

    @property
    def kind(self) -> ReportKind:
        """The meaning for the letter and its address."""
        return kind_of(self.action, self.status)


class NotAReportError(ValueError):
    """The message is no delivery status notification, or does not say which letter it is about."""


def kind_of(action: Action, status: str) -> ReportKind:
    """The kind of a report by its action and status. Relayed and expanded are as good as delivered: no more reports follow."""
    if action == "delayed":
        return "delayed"
    if action != "failed":
        return "delivered"
    kind: BounceKind = judge_report(status)
    return kind


def read_report(raw: bytes) -> BounceReport:
    """Reads a notification as a mail server passes it on. Raises NotAReportError, never anything else, whatever the bytes are."""
    try:
        # The oldest policy reads anything: the newer ones raise at headers that are no headers.
        message = message_from_bytes(_MESSAGE_TYPE.sub(rb"\1" + _OPAQUE.encode(), raw), policy=policy.compat32)
        report = _report(message)
    except NotAReportError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise NotAReportError("the message can't be read") from error
    return report


def _report(message: Message) -> BounceReport:
    status_part = next((part for part in _parts(message) if part.get_content_type() in _STATUS_TYPES), None)
    if status_part is None:
        raise NotAReportError("there is no part message/delivery-status in the message")
    blocks = [_headers(block) for block in _BLANK_LINES.split(_content(status_part)) if block.strip()]
    if not blocks:
        raise NotAReportError("the delivery status has no fields")
    recipients = [block for block in blocks if _action(block) is not None]
    if not recipients:
        raise NotAReportError("the delivery status names no action")
    gravest = min(recipients, key=lambda block: _ACTIONS.index(_action(block) or "expanded"))
    action = _action(gravest) or "expanded"
    message_id, envelope_id = _returned_id(message, status_part), _envelope_id(blocks)
    if message_id is None and envelope_id is None:
        raise NotAReportError("neither the returned headers nor an envelope id say which letter it is about")
    return BounceReport(action, _status(gravest, action), message_id, envelope_id, _said_at(gravest, blocks[0], message))


def _parts(message: Message) -> Iterator[Message]:
    """The parts of the message itself, not those of what it returns."""
    waiting, seen = [message], 0
    while waiting and seen < MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        yield part
        payload: Any = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(payload)


def _content(part: Message) -> bytes:
    """The bytes of a part as they were before they were encoded for the way, lines ended by LF."""
    content: Any = part.get_payload(decode=True)
    return _LINE_END.sub(b"\n", content) if isinstance(content, bytes) else b""


def _headers(content: bytes) -> Message:
    return message_from_bytes(content.lstrip(b"\n"), policy=policy.compat32)


def _action(block: Message) -> Action | None:
    word = _field(block, "Action").partition(" ")[0].partition("(")[0].strip().lower()
    return next((action for action in _ACTIONS if action == word), None)


def _status(block: Message, action: Action) -> str:
    """The status; where it says no more than its class, the one in the answer that it was made of."""
    field = STATUS.match(_field(block, "Status"))
    status = field.group() if field is not None else None
    diagnostic = _field(block, "Diagnostic-Code")
    if status is None or _UNSPECIFIC.fullmatch(status):
        inner = _IN_WORDS.search(diagnostic)
        if inner is not None and (status is None or inner.group(1)[0] == status[0]):
            return inner.group(1)
    if status is not None:
        return status
    code = _SMTP_CODE.search(diagnostic)
    if code is not None:
        return f"{code.group(1)}.0.0"
    return {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "2.0.0")


def _returned_id(message: Message, status_part: Message) -> str | None:
    """The Message-ID of the letter, from what was returned of it."""
    after_status = False
    for part in _parts(message):
        after_status = after_status or part is status_part
        if not after_status:
            continue
        if part.get_content_type() not in _RETURNED_TYPES:
            continue
        message_id = _MESSAGE_ID.search(_field(_headers(_content(part)), "Message-ID"))
        if message_id is not None:
            return message_id.group()
    return None


def _envelope_id(blocks: list[Message]) -> str | None:
    value = _field(blocks[0], "Original-Envelope-Id").strip()
    return value or None


def _said_at(block: Message, whole: Message, message: Message) -> datetime | None:
    for candidate in (_field(block, "Last-Attempt-Date"), _field(whole, "Arrival-Date"), _field(message, "Date")):
        try:
            moment = parsedate_to_datetime(candidate)
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        except (ValueError, TypeError, OverflowError):
            continue
    return None


def _field(message: Message, name: str) -> str:
    value = message.get(name)
    return "" if value is None else " ".join(str(value).split())
