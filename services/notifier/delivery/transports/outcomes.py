"""How an attempt at a delivery can end, where more than the worklist's own outcomes has to be told apart."""

from dataclasses import dataclass

from shared.worklist.tasks import Failed, Retry


@dataclass(frozen=True, slots=True)
class BadAddress(Failed):
    """Nobody can be reached at this address; `code` is what was said of it."""

    code: str = ""


@dataclass(frozen=True, slots=True)
class Refused(Failed):
    """This letter will not arrive. Said of one address again and again, it is a bad one."""

    code: str = ""


@dataclass(frozen=True, slots=True)
class Unwanted(Failed):
    """The letter, or we, are not wanted there: the address is good, and somebody should find out why."""


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
