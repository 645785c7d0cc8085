"""Puts links into letters: a placeholder when a letter is written, the family's own token when it goes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notifier.delivery.transports.interface import Parcel
from services.notifier.replies.choice import RepliesChoice
from services.notifier.replies.reply import Link, Sent
from services.notifier.replies.repository import links
from services.notifier.replies.tokens import PLACEHOLDER, Tokens, digest_of


class LostKeyError(Exception):
    """A link was drawn with a key that this process does not have: add it to STAR_SECRETS_KEY."""


def kept_link(base: str, choice: RepliesChoice | None) -> str | None:
    """A link as letters are kept and shown with it: it can't be opened."""
    return f"{base.rstrip('/')}/reply/{PLACEHOLDER}" if choice is not None and base else None


@dataclass(frozen=True, slots=True)
class Linker:
    """Makes the links of letters. `base` is the address at which families reach the service; empty: letters carry none."""

    base: str
    tokens: Tokens

    def address(self, choice: RepliesChoice | None) -> str | None:
        """The link as a letter is kept with it; None where the school's policy has none."""
        return kept_link(self.base, choice)

    async def note(self, connection: AsyncConnection, letters: Sequence[tuple[Sent, str, RepliesChoice]], now: datetime) -> None:
        """Keeps the links of letters that were written with one, each with its language and what its school chose."""
        await links.add(
            connection,
            [
                Link(
                    **asdict(sent),
                    language=language,
                    digest=digest_of(self.tokens.new(sent.delivery_id)),
                    made_at=now,
                    expires_at=now + timedelta(days=choice.valid_days),
                )
                for sent, language, choice in letters
            ],
        )


@dataclass(frozen=True, slots=True)
class LinkFiller:
    """Puts the tokens into letters that go. It is called for every attempt, and makes the same letter each time."""

    engine: AsyncEngine
    tokens: Tokens

    async def __call__(self, parcel: Parcel) -> Parcel:
        """The parcel as it goes. Raises LostKeyError. A link that is no longer known is left as it is: it can't be opened."""
        if PLACEHOLDER not in parcel.text:
            return parcel
        async with self.engine.connect() as connection:
            digest = await links.digest(connection, parcel.id)
        if digest is None:
            return parcel
        token = self.tokens.of(parcel.id, digest)
        if token is None:
            raise LostKeyError
        return replace(parcel, text=parcel.text.replace(PLACEHOLDER, token), html=parcel.html.replace(PLACEHOLDER, token))
