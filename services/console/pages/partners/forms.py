"""The forms of partners."""

from datetime import date
from typing import Literal

from pydantic import Field, field_validator

from services.console.frame.forms import Form, FormOnce


class NewSubscriptionForm(FormOnce):
    """A new subscription. Schools are numbers, divided by blanks or commas; `*` is all."""

    url: str = Field(title="Address", max_length=2_000)
    schools: str = Field(title="Schools", max_length=20_000)
    format: Literal["cloudevents", "teams", "slack"] = "cloudevents"
    event: list[str] = Field(default_factory=list, title="Events", validate_default=True)

    @field_validator("event")
    @classmethod
    def _has_some(cls, events: list[str]) -> list[str]:
        if not events:
            raise ValueError("choose at least one")
        return events

    def body(self) -> dict[str, object]:
        """As the API takes it."""
        return {"url": self.url, "schools": self.schools.replace(",", " ").split(), "events": self.event, "format": self.format}


class DeedForm(FormOnce):
    """Something that is done with a subscription."""

    act: Literal["test", "pause", "resume", "end"]


class SecretForm(FormOnce):
    """The wish for a new secret."""


class ReplayForm(Form):
    """The day from which events are sent again."""

    since: date = Field(title="From")
    undelivered: bool = False
