"""The words of schools' systems about caregivers, as the API takes and answers them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from services.notifier.contacts.correspondents import Decision, Verdict
from shared.correspondents import Judgement
from shared.web.schemas import Body


class CaregiverStatusOut(BaseModel):
    """A status or role, in its most usual spelling, and what it means for letters."""

    text: str
    judgement: Judgement = Field(
        description="`harmless`: on the short list. `undecided`: on no list. `no-correspondent`: an emergency contact and the like. "
        "`protected`: it speaks of protection"
    )
    verdict: Verdict = Field(description="Whether letters go to a caregiver of whom this is said: `undecided` until a person decides")
    decision: Decision | None
    decided_by: str | None
    decided_at: datetime | None
    caregivers: int
    students: int


class CaregiverStatusIn(Body):
    """A decision about a text, whatever its spelling; null takes the decision back."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
    decision: Decision | None
