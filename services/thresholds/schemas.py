"""Types that the rooms' request models and parameters share."""

from typing import Annotated

from fastapi import Query
from pydantic import StringConstraints

NO_NUL = r"^[^\x00]*$"
"""A NUL character is one that no table can keep."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_NUL)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000, pattern=NO_NUL)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000, pattern=NO_NUL)]

QueryText = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
"""A text in a query."""

TermParameter = Annotated[str | None, Query(description="The current or last term by default", examples=["2026-T4"])]
