"""The sender of a KAMAR document: HTTP Basic, verified by the hashes at each request, so that a revoked credential ends at once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services.ingest.kamar import passwords, scrypt_passwords
from services.ingest.kamar.repository import credentials
from shared.identifiers import SchoolNumber


@dataclass(frozen=True, slots=True)
class Sender:
    """A school's system, and the credential that it sent."""

    username: str
    school: SchoolNumber


async def verified_sender(engine: AsyncEngine, username: str, password: str, now: datetime) -> Sender | None:
    """The sender with this credential, whose use is noted; None when the credential is not one of ours."""
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
