"""A list walked page by page, for a file that holds all of it."""

from collections.abc import AsyncIterator
from typing import Any

from services.console.asking.apis import Api


class BrokenOffError(Exception):
    """A page of a list could not be had: the file that is being sent must not look complete."""


async def pages(api: Api, path: str, **query: Any) -> AsyncIterator[list[Any]]:
    """The items of each page. Raises BrokenOffError."""
    cursor = None
    while True:
        part = await api.get(path, **query, cursor=cursor)
        if part.data is None:
            raise BrokenOffError
        yield part.data["items"]
        cursor = part.data["next"]
        if cursor is None:
            return
