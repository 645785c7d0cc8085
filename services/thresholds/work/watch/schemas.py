"""A school's watch, as the API takes and answers it."""

from typing import Annotated

from pydantic import Field

from shared.web.schemas import Body

RunOfDays = Annotated[int, Field(ge=1, le=100)] | None


class WatchSettings(Body):
    """School days in a row from which on a student is on the list of work; null is off.

    `absent_in_a_row`: whole days missed. `unexplained_in_a_row`: whole days missed, each with a `?` on it. `back_after`: there again after
    so many whole days missed.
    """

    absent_in_a_row: RunOfDays = None
    unexplained_in_a_row: RunOfDays = None
    back_after: RunOfDays = None
