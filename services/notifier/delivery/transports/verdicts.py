"""The meaning of a mail server's answer for the letter, for its address, and for us: one table for answers at the door and for bounces.

Pure. Codes are those of RFC 5321 (three digits) and RFC 3463 (`5.1.1`: class, subject, detail), with what the large providers make of
them. The table for people is in `docs/reference/mail-answers.md`.
"""

import re
from types import MappingProxyType
from typing import Final, Literal

from services.notifier.delivery.transports.outcomes import (
    Away,
    BounceKind,
    Deferred,
    Full,
    NoSuchAddress,
    Ours,
    Refused,
    Undelivered,
    Unwanted,
)

Stage = Literal["MAIL", "RCPT", "DATA"]

Verdict = type[NoSuchAddress | Refused | Unwanted | Full | Deferred | Away | Ours]

OURS_TO_MEND: Final = frozenset({500, 501, 502, 503, 504, 530, 534, 535, 538})
"""Permanent answers that are about the set-up and not about the recipient."""
_ABOUT_THE_PARAMETER: Final = frozenset({501, 504})
"""The codes among them that a server also gives when it does not like the recipient's address."""

_BY_SUBJECT: Final[MappingProxyType[str, Verdict]] = MappingProxyType(
    {
        "1.0": NoSuchAddress,
        "1.1": NoSuchAddress,
        "1.2": NoSuchAddress,
        "1.3": NoSuchAddress,
        "1.4": NoSuchAddress,
        "1.6": NoSuchAddress,
        "1.10": NoSuchAddress,
        "1.7": Ours,
        "1.8": Ours,
        "2.1": NoSuchAddress,
        "2.2": Full,
        "2.3": Unwanted,
        "3.4": Unwanted,
        "7.8": Ours,
        "7.9": Ours,
    }
)
_BY_CODE: Final[MappingProxyType[int, Verdict]] = MappingProxyType({552: Full, 556: NoSuchAddress})
_POLICY_SUBJECTS: Final = frozenset({"6", "7"})

_ENHANCED: Final = re.compile(r"\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_MEANING: Final = MappingProxyType(
    {
        "1.1": "no such mailbox",
        "1.2": "no such domain",
        "1.3": "malformed address",
        "1.6": "the mailbox has moved",
        "1.8": "the sender's address is refused",
        "1.10": "the domain takes no mail",
        "2.1": "mailbox disabled",
        "2.2": "mailbox full",
        "3.4": "letter too large",
        "4.1": "the recipient's server does not answer",
        "4.4": "no route to the domain",
        "4.7": "not taken for too long",
        "7.1": "refused by policy",
        "7.8": "signing in failed",
        "7.26": "refused: the sending domain is not authenticated",
    }
)


def enhanced_code(words: str) -> str | None:
    """The enhanced status code that an answer's words begin with."""
    code = _ENHANCED.match(words)
    return None if code is None else code.group(1)


def judge(stage: Stage, code: int, enhanced: str | None) -> Verdict:
    """The outcome of an attempt with this answer at this stage. The code says whether it is for good; the enhanced one only why."""
    if stage == "MAIL":
        # Whatever the reason: the sender is ours, and no recipient is at fault.
        return Ours if code >= 500 else Away
    subject = enhanced.partition(".")[2] if enhanced is not None else ""
    if code < 500:
        return Full if subject == "2.2" else Deferred
    if subject in _BY_SUBJECT:
        return _BY_SUBJECT[subject]
    if code in OURS_TO_MEND or code >= 600:
        return Refused if stage == "RCPT" and code in _ABOUT_THE_PARAMETER else Ours
    return _for_good(code, subject)


def judge_report(status: str) -> BounceKind:
    """The kind of bounce that the status (`5.1.1`) of a letter that came back is. The sender of the report has stopped trying."""
    class_, _, subject = status.partition(".")
    verdict = _for_good(None, subject) if class_ == "5" else Deferred
    if verdict is Ours:
        return Unwanted.bounce
    return verdict.bounce if issubclass(verdict, Undelivered) else "soft"


def detail(stage: str, code: int, enhanced: str | None) -> str:
    """The codes and what they mean. The server's own words stay out: they like to quote the address."""
    return f"{stage} {code}" if enhanced is None else f"{stage} {code} {explained(enhanced)}"


def explained(status: str) -> str:
    """A status with its meaning, where it has a common one."""
    meaning = meaning_of(status)
    return f"{status} ({meaning})" if meaning else status


def meaning_of(status: str) -> str | None:
    """The meaning of a status, in a few words; None for an uncommon one."""
    return _MEANING.get(status.partition(".")[2])


def _for_good(code: int | None, subject: str) -> Verdict:
    if subject in _BY_SUBJECT:
        return _BY_SUBJECT[subject]
    if subject.partition(".")[0] in _POLICY_SUBJECTS:
        return Unwanted
    if code is not None and not subject:
        return _BY_CODE.get(code, Refused)
    return Refused
