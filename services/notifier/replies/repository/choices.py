"""Schools' choices about replies, read from the newest documents of their letter policies: SQL."""

from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.replies.choice import RepliesChoice
from services.notifier.staff_mail.repository import choices


class _Choices(msgspec.Struct):
    replies: RepliesChoice | None = None


_decoder: Final = msgspec.json.Decoder(_Choices)


async def current(connection: AsyncConnection, school: str) -> RepliesChoice | None:
    """A school's choice as it is now; None where letters carry no link."""
    document = (await choices.documents(connection, [school])).get(school)
    return None if document is None else _decoder.decode(document).replies
