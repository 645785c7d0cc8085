"""The forms about letters."""

from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from services.console.frame.forms import LEAST_REASON, Form, FormOnce, Ticked
from services.console.frame.letters import Waits

Act = Literal["release", "discard", "hold"]


def reason_of(act: object, why: str | None) -> str | None:
    """The reason, which every act but a release needs. Raises ValueError."""
    if act != "release" and (why is None or len(why) < LEAST_REASON):
        raise ValueError("say why, in a few words")
    return why


class ChosenForm(Form):
    """Letters that were ticked, and what is to become of them."""

    act: Act
    letter: Ticked = Field(default_factory=list, title="Letters", max_length=500, validate_default=True)
    why: str | None = Field(default=None, title="Why", max_length=300, validate_default=True)

    @field_validator("why")
    @classmethod
    def _has_a_reason(cls, why: str | None, info: ValidationInfo) -> str | None:
        return reason_of(info.data.get("act"), why)


class AllForm(Form):
    """All letters that wait, or those of a step, or of a reason why; `number` is typed by hand, so that nobody does it by mistake."""

    act: Literal["release", "discard"]
    threshold: Literal["5", "10", "15"] | None = None
    status: Waits | None = None
    number: int = Field(title="The number")
    why: str | None = Field(default=None, title="Why", max_length=300, validate_default=True)

    @field_validator("why")
    @classmethod
    def _has_a_reason(cls, why: str | None, info: ValidationInfo) -> str | None:
        return reason_of(info.data.get("act"), why)


class SentForm(FormOnce):
    """A decision about a letter that is written: sent again, stopped, or taken back by a letter of correction."""

    act: Literal["resend", "cancel", "correct"]
    why: str = Field(title="Why", min_length=LEAST_REASON, max_length=300)
