"""The faults of a mail server, on demand: refuse, be slow, hang up before or after it kept the letter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Stage = Literal["MAIL", "RCPT", "DATA"]


@dataclass(slots=True)
class _Refusal:
    stage: Stage
    answer: str
    recipient: str | None
    left: int | None

    def meets(self, stage: Stage, recipients: Sequence[str]) -> bool:
        if stage != self.stage or self.left == 0:
            return False
        return self.recipient is None or self.recipient in (address.casefold() for address in recipients)


class MailFaults:
    """The faults in force. Each is used up one answer at a time; several refusals stand in the order in which they were asked for.

    `latency` is the number of seconds the server takes before it answers MAIL, RCPT and the end of DATA.
    """

    def __init__(self) -> None:
        self.latency = 0.0
        self._refusals: list[_Refusal] = []
        self._drops = 0
        self._accepts_then_drops = 0

    def refuse(
        self,
        code: int,
        times: int | None,
        recipient: str | None = None,
        text: str = "refused by the sandbox",
        *,
        stage: Stage = "RCPT",
    ) -> None:
        """Answers `code text` at the stage, `times` times (None: until cleared), for one recipient or for all.

        At DATA a recipient means letters that go to it, among others. An enhanced status code is part of `text`. After 421 the
        connection is closed, as RFC 5321 has it. Raises ValueError for an answer that SMTP could not give.
        """
        if not 400 <= code <= 599:
            raise ValueError("code must be from 400 to 599")
        if not text.isprintable() or len(text) > 500:
            raise ValueError("text must be one printable line of at most 500 characters")
        if stage == "MAIL" and recipient is not None:
            raise ValueError("no recipient is known yet at MAIL")
        name = None if recipient is None else recipient.casefold()
        self._refusals.append(_Refusal(stage, f"{code} {text}", name, None if times is None else _positive(times)))

    def drop(self, times: int = 1) -> None:
        """Closes the connection during DATA without an answer, `times` times; the letter is not kept."""
        self._drops = _positive(times)

    def accept_then_drop(self, times: int = 1) -> None:
        """Keeps the letter but closes the connection before the 250, `times` times: the client can't know."""
        self._accepts_then_drops = _positive(times)

    def clear_faults(self) -> None:
        """An obliging server again."""
        self.latency = 0.0
        self._refusals.clear()
        self._drops = self._accepts_then_drops = 0

    def next_refusal(self, stage: Stage, recipients: Sequence[str]) -> str | None:
        """The answer to give instead of 250, used up by this call; None for none."""
        refusal = next((one for one in self._refusals if one.meets(stage, recipients)), None)
        if refusal is None:
            return None
        if refusal.left is not None:
            refusal.left -= 1
        return refusal.answer

    def next_drop(self) -> bool:
        """Whether to hang up on this letter, used up by this call."""
        self._drops, due = max(self._drops - 1, 0), self._drops > 0
        return due

    def next_accept_then_drop(self) -> bool:
        """Whether to hang up after keeping this letter, used up by this call."""
        self._accepts_then_drops, due = max(self._accepts_then_drops - 1, 0), self._accepts_then_drops > 0
        return due


def _positive(times: int) -> int:
    if times < 1:
        raise ValueError("times must be at least 1")
    return times
