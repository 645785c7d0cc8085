"""The form of a letter policy. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import Field

from services.console.frame.forms import Form
from services.console.pages.letters.policy_words import DAY, HOUR, MINUTE, duration

Unit = Literal["minutes", "hours", "days"]
UNITS: Final[Mapping[Unit, timedelta]] = {"minutes": MINUTE, "hours": HOUR, "days": DAY}

FIELDS: Final = frozenset(
    {
        "hold",
        "window",
        "thresholds",
        "recipients",
        "daily_cap",
        "after_term",
        "correct",
        "together",
        "replies",
        "paper",
        "staff_copy",
        "digest",
        "good_news",
        "statement",
    }
)
"""The choices of a policy."""


class PolicyForm(Form):
    """A whole policy. A choice that is left empty is left to the service."""

    hold: int | None = Field(default=None, title="The waiting time", ge=0, le=20_160)
    hold_unit: Unit = "hours"
    days: Literal["own", "school-days", "any"] = "own"
    opens: str | None = Field(default=None, title="The opening time", pattern=r"^\d{2}:\d{2}$")
    until: str | None = Field(default=None, title="The closing time", pattern=r"^\d{2}:\d{2}$")
    step: list[int] = Field(default=[])
    recipients: Literal["all", "first"] = "all"
    daily_cap: int | None = Field(default=None, title="Letters in a day", ge=0, le=100_000)
    after_term: int = Field(default=0, title="Days after the term", ge=0, le=60)
    correct: Literal["offer", "send", "never"] = "offer"
    together: bool = False
    reply_days: int | None = Field(default=None, title="The days for an answer", ge=1, le=60)
    reply_hold: int = Field(default=0, title="The days of a hold", ge=0, le=14)
    paper: bool = False
    paper_unreached: bool = False
    paper_step: list[int] = Field(default=[])
    staff_copy: str | None = Field(default=None, max_length=254)
    digest_to: str | None = Field(default=None, max_length=254)
    digest_at: str | None = Field(default=None, title="The digest's time", pattern=r"^\d{2}:\d{2}$")
    digest_when_empty: bool = False
    back_on_track: int | None = Field(default=None, title="The days without absence", ge=1, le=60)
    full_term: bool = False
    statement: Literal["none", "fortnight", "term"] = "none"
    compare: bool = False

    def body(self) -> dict[str, Any]:
        """The policy as the API takes it."""
        opens, until = self.opens, self.until
        if self.days == "any" and opens is None and until is None:
            opens, until = "00:00", "23:59"
        window = None if self.days == "own" else {"days": self.days, "opens": opens, "until": until}
        digest = {"to": self.digest_to, "at": self.digest_at or "07:30", "when_empty": self.digest_when_empty} if self.digest_to else None
        tells = self.back_on_track is not None or self.full_term
        return {
            "hold": None if self.hold is None else _iso(self.hold * UNITS[self.hold_unit]),
            "window": window,
            "thresholds": self.step,
            "recipients": self.recipients,
            "daily_cap": self.daily_cap,
            "after_term": f"P{self.after_term}D",
            "correct": self.correct,
            "together": self.together,
            "replies": None if self.reply_days is None else {"valid_days": self.reply_days, "hold_days": self.reply_hold},
            "paper": {"unreached": self.paper_unreached, "steps": self.paper_step} if self.paper else None,
            "staff_copy": self.staff_copy,
            "digest": digest,
            "good_news": {"back_on_track": self.back_on_track, "full_term": self.full_term} if tells else None,
            "statement": None if self.statement == "none" else {"every": self.statement, "compare": self.compare},
        }


def choices_of(policy: Mapping[str, Any]) -> dict[str, Any]:
    """The policy as the form shows it: the waiting time in the largest unit that it is a whole number of."""
    hold = None if policy["hold"] is None else duration(policy["hold"])
    unit: Unit = next((name for name in ("days", "hours") if hold and not hold % UNITS[name]), "hours" if not hold else "minutes")
    window = policy["window"] or {"days": "own", "opens": None, "until": None}
    return {
        **policy,
        "hold": None if hold is None else hold // UNITS[unit],
        "hold_unit": unit,
        "window": window,
        "after_term": duration(policy["after_term"]) // DAY,
        "replies": policy["replies"] or {"valid_days": None, "hold_days": 0},
        "good_news": policy["good_news"] or {"back_on_track": None, "full_term": False},
        "statement": policy["statement"] or {"every": "none", "compare": False},
        "on_paper": policy["paper"] is not None,
        "paper": policy["paper"] or {"unreached": True, "steps": []},
        "digest": policy["digest"] or {"to": None, "at": None, "when_empty": False},
        "units": UNITS,
    }


def _iso(value: timedelta) -> str:
    return f"PT{value // MINUTE}M"
