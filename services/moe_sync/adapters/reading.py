"""Reads the Ministry's answers, the same for every adapter: receipts, problems, and texts of somebody else's. Pure."""

from typing import Final, Literal

import msgspec
from msgspec import Struct

from services.moe_sync.adapters.interface import Received, Rejected

LONGEST_TEXT: Final = 500


class _Reject(Struct, frozen=True):
    item: str
    reason: str
    code: str | None = None


class _Answer(Struct, frozen=True):
    receipt: str
    status: Literal["accepted", "partly-accepted"]
    rejects: list[_Reject] = []


class _Error(Struct, frozen=True):
    pointer: str = ""
    detail: str = ""


class _Problem(Struct, frozen=True):
    title: str = ""
    detail: str = ""
    errors: list[_Error] = []


_answer_decoder: Final = msgspec.json.Decoder(_Answer)
_problem_decoder: Final = msgspec.json.Decoder(_Problem)


def receipt_in(body: bytes) -> Received | None:
    """The receipt in these bytes; None when there is none."""
    try:
        answer = _answer_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    rejects = tuple(
        Rejected(bounded(reject.item), bounded(reject.reason), None if reject.code is None else bounded(reject.code))
        for reject in answer.rejects
    )
    return Received(bounded(answer.receipt), "partly-accepted" if rejects else answer.status, rejects)


def problem_in(body: bytes, summary: str) -> str:
    """The summary, and behind it what the answer says of itself where it is a problem (RFC 9457)."""
    try:
        problem = _problem_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return summary
    errors = "; ".join(f"{error.pointer} {error.detail}".strip() for error in problem.errors)
    return bounded(": ".join(part for part in (summary, problem.title, problem.detail, errors) if part))


def bounded(text: str) -> str:
    """Short enough to show, on one line: a text of somebody else's, which the database has to take."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    return clean if len(clean) <= LONGEST_TEXT else clean[: LONGEST_TEXT - 1] + "…"
