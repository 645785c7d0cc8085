"""The forms of the page of dead letters."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from services.console.frame.forms import LEAST_REASON, Form, Ticked

Service = Literal["ingest", "thresholds", "notifier", "moe-sync"]


class DeadLettersForm(Form):
    """Dead letters of one service, and what is to become of them."""

    service: Service
    act: Literal["redrive", "discard"]
    letter: Ticked = Field(default_factory=list, title="Dead letters", max_length=500, validate_default=True)
    why: str | None = Field(default=None, title="Why", max_length=300, validate_default=True)

    @field_validator("why")
    @classmethod
    def _has_a_reason(cls, why: str | None, info: ValidationInfo) -> str | None:
        if info.data.get("act") == "discard" and (why is None or len(why) < LEAST_REASON):
            raise ValueError("say in a few words why they are given up")
        return why
