"""A school's choice whether families can answer a letter by a link in it. Pure data."""

from typing import Annotated, Final

from msgspec import Meta, Struct

MOST_VALID_DAYS: Final = 60
MOST_HOLD_DAYS: Final = 14


class RepliesChoice(Struct, frozen=True, omit_defaults=True):
    """Letters carry a link that holds for so many days after they were written. A reply holds the student's next letter for `hold_days`
    days; 0: not at all."""

    valid_days: Annotated[int, Meta(ge=1, le=MOST_VALID_DAYS)] = 14
    hold_days: Annotated[int, Meta(ge=0, le=MOST_HOLD_DAYS)] = 0
