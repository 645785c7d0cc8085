"""A key of the client's, by which a request that is sent again is recorded once."""

from typing import Annotated

from fastapi import Header

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Send the same key with a request that you send again: it is recorded once",
    ),
]
