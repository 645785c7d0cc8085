"""How an attempt at a delivery can end, where the worklist's own outcomes tell too little."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from shared.worklist.tasks import Failed, Retry

BounceKind = Literal["hard", "soft", "policy"]


@dataclass(frozen=True, slots=True)
class Undelivered(Failed):
    """The other side will not take this letter. `code` is its answer (RFC 3463, or three digits); `bounce` is what that counts as."""

    code: str = ""
    bounce: ClassVar[BounceKind] = "soft"


@dataclass(frozen=True, slots=True)
class NoSuchAddress(Undelivered):
    """Nobody can be reached at this address."""

    bounce: ClassVar[BounceKind] = "hard"


@dataclass(frozen=True, slots=True)
class Refused(Undelivered):
    """This letter will not arrive, and the answer does not say clearly whose fault that is. An address that refuses again and again is
    a bad one."""


@dataclass(frozen=True, slots=True)
class Unwanted(Undelivered):
    """The letter, or we, are not wanted there: the address is good, and somebody should find out why."""

    code: str = "5.7.0"
    bounce: ClassVar[BounceKind] = "policy"


@dataclass(frozen=True, slots=True)
class Deferred(Retry):
    """The other side does not take this letter now: greylisting, a limit, a passing fault."""


@dataclass(frozen=True, slots=True)
class Full(Retry):
    """The mailbox is full; it may be emptied within days."""


@dataclass(frozen=True, slots=True)
class Away(Retry):
    """The other side did not answer, or can't work: nobody's letter is at fault."""


@dataclass(frozen=True, slots=True)
class Ours(Retry):
    """Our settings are wrong: letters wait until a person has mended them, and an alarm says so."""
