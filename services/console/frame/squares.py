"""Days as squares: what a half looks like, and its words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from services.console.frame.words import day as day_in_words

STATE_WORDS: Final = {
    "absent": "away",
    "present": "there",
    "excluded": "not counted",
    "unmarked": "not marked",
    "closed": "closed",
}


@dataclass(frozen=True, slots=True)
class Square:
    """A school day: the state and the code of each half, and all of it in words."""

    day: date
    am: str
    pm: str
    am_code: str
    pm_code: str
    words: str

    @property
    def letter(self) -> str:
        """The code to be written into the square: that of the absence, where there is one."""
        codes = [code for state, code in ((self.am, self.am_code), (self.pm, self.pm_code)) if state == "absent" and code]
        return codes[0] if codes else ""


def square(sent: Mapping[str, Any]) -> Square:
    """A day as the API answers it."""
    am, pm = sent["am"], sent["pm"]
    return _square(sent["date"], am["state"], am["code"] or "", pm["state"], pm["code"] or "")


@lru_cache(4096)
def _square(day: str, am: str, am_code: str, pm: str, pm_code: str) -> Square:
    # A list has a thousand squares and few different ones.
    on = date.fromisoformat(day)
    morning, afternoon = _half(am, am_code), _half(pm, pm_code)
    halves = f"{morning} all day" if morning == afternoon and am != "closed" else f"morning {morning}, afternoon {afternoon}"
    return Square(on, am, pm, am_code, pm_code, f"{day_in_words(on)}: {halves}")


def _half(state: str, code: str) -> str:
    return f"{STATE_WORDS[state]} ({code})" if state == "absent" and code else STATE_WORDS[state]
