"""What a mail server's answer means for the letter, for its address, and for us: one table for answers at the door and for bounces.

Pure. Codes are those of RFC 5321 (three digits) and RFC 3463 (`5.1.1`: class, subject, detail), with what the large providers make of
them. The table for people is in `docs/reference/mail-answers.md`.
"""

import re
from types import MappingProxyType
from typing import Final, Literal

Stage = Literal["MAIL", "RCPT", "DATA"]

Verdict = Literal["bad-address", "refused", "policy", "full", "later", "away", "ours"]
"""bad-address: nobody can be reached there. refused: this letter will not arrive, and it is not said clearly whose fault that is.
policy: the letter, or we, are not wanted; the address is good. full: the mailbox is full, and may be emptied. later: try again.
away: the server has troubles of its own. ours: our settings are wrong, and a person has to mend them."""

BounceKind = Literal["hard", "soft", "policy"]

OURS_TO_MEND: Final = frozenset({500, 501, 502, 503, 504, 530, 534, 535, 538})
"""Permanent answers that are about the set-up and not about the recipient."""
_ABOUT_THE_PARAMETER: Final = frozenset({501, 504})
"""Of them, those that a server which does not like the recipient's address gives as well."""

_BY_SUBJECT: Final[MappingProxyType[str, Verdict]] = MappingProxyType(
    {
        "1.0": "bad-address",
        "1.1": "bad-address",
        "1.2": "bad-address",
        "1.3": "bad-address",
        "1.4": "bad-address",
        "1.6": "bad-address",
        "1.10": "bad-address",
        "1.7": "ours",
        "1.8": "ours",
        "2.1": "bad-address",
        "2.2": "full",
        "2.3": "policy",
        "3.4": "policy",
        "7.8": "ours",
        "7.9": "ours",
    }
)
_BY_CODE: Final[MappingProxyType[int, Verdict]] = MappingProxyType({552: "full", 556: "bad-address"})
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
    found = _ENHANCED.match(words)
    return None if found is None else found.group(1)


def judge(stage: Stage, code: int, enhanced: str | None) -> Verdict:
    """What an answer at that stage means. The code says whether it is for good; the enhanced one only why."""
    if stage == "MAIL":
        # Whatever the reason: the sender is ours, and no recipient is at fault.
        return "ours" if code >= 500 else "away"
    subject = enhanced.partition(".")[2] if enhanced is not None else ""
    if code < 500:
        return "full" if subject == "2.2" else "later"
    if subject in _BY_SUBJECT:
        return _BY_SUBJECT[subject]
    if code in OURS_TO_MEND or code >= 600:
        return "refused" if stage == "RCPT" and code in _ABOUT_THE_PARAMETER else "ours"
    return _for_good(code, subject)


def judge_report(status: str) -> BounceKind:
    """What the status (`5.1.1`) of a letter that came back means for its address. Whoever sent the report has stopped trying."""
    class_, _, subject = status.partition(".")
    verdict = _for_good(None, subject) if class_ == "5" else "later"
    if verdict == "bad-address":
        return "hard"
    return "policy" if verdict in ("policy", "ours") else "soft"


def detail(stage: str, code: int, enhanced: str | None) -> str:
    """The codes and what they mean. The server's own words stay out: they like to quote the address."""
    return f"{stage} {code}" if enhanced is None else f"{stage} {code} {explained(enhanced)}"


def explained(status: str) -> str:
    """A status with its meaning, where it has a common one."""
    meaning = meaning_of(status)
    return f"{status} ({meaning})" if meaning else status


def meaning_of(status: str) -> str | None:
    """What a status says, in a few words."""
    return _MEANING.get(status.partition(".")[2])


def _for_good(code: int | None, subject: str) -> Verdict:
    if subject in _BY_SUBJECT:
        return _BY_SUBJECT[subject]
    if subject.partition(".")[0] in _POLICY_SUBJECTS:
        return "policy"
    if code is not None and not subject:
        return _BY_CODE.get(code, "refused")
    return "refused"
