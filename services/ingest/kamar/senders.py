"""The sender of a KAMAR document: HTTP Basic, verified by the hashes at each request, so that a revoked credential ends at once."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.kamar import passwords, scrypt_passwords
from services.ingest.kamar.repository import credentials
from shared.identifiers import SchoolNumber

LONGEST_HEADER: Final = 1024


@dataclass(frozen=True, slots=True)
class Sender:
    """A school's system, and the credential that it sent."""

    username: str
    school: SchoolNumber


async def verified_sender(engine: AsyncEngine, authorization: str | None, now: datetime) -> Sender | None:
    """The sender of this header, whose use is noted; None when the credential is not one of ours."""
    given = _basic(authorization)
    if given is None:
        return None
    username, password = given
    async with engine.connect() as connection:
        credential = await credentials.hash_of(connection, username)
    # An unknown name costs as much as a wrong password: the time of the answer tells nothing.
    school, stored = credential if credential is not None else ("", passwords.NOBODY)
    if scrypt_passwords.is_scrypt(stored):
        right = await scrypt_passwords.matches(password, stored)
    else:
        right = passwords.matches(password, stored)
    if credential is None or not right:
        return None
    async with engine.begin() as connection:
        await credentials.used(connection, username, passwords.hashed(password), now)
    return Sender(username, SchoolNumber(school))


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic" or len(encoded) > LONGEST_HEADER:
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    username, colon, password = decoded.decode("utf-8", "replace").partition(":")
    # A NUL could not even be asked for in the database.
    return (username, password) if colon and "\0" not in username else None
