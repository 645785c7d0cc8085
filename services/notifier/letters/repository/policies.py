"""Schools' letter policies, version after version, and how many letters went on a day: SQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.policy import Policy
from services.notifier.staff_mail.repository import choices
from shared.identifiers import lock_key

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Policy)


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy as it was set: `number` counts from 1, and 0 is the default policy of a school that has set none."""

    number: int
    policy: Policy
    changed_at: datetime | None = None
    changed_by: str | None = None


async def current(connection: AsyncConnection, school: str) -> Policy:
    """A school's policy as it is now."""
    return (await current_of(connection, [school])).get(school, Policy())


async def current_of(connection: AsyncConnection, schools: Collection[str]) -> dict[str, Policy]:
    """The policies of those of the schools that have set one."""
    return {school: _decoder.decode(document) for school, document in (await choices.documents(connection, schools)).items()}


async def versions(connection: AsyncConnection, school: str, *, before: int | None, most: int) -> Sequence[PolicyVersion]:
    """A school's versions, newest first."""
    rows = await connection.execute(
        text(
            """
            SELECT version, CAST(document AS text) AS document, changed_at, changed_by FROM policies
            WHERE school = :school AND (CAST(:before AS int) IS NULL OR version < :before) ORDER BY version DESC LIMIT :most
            """
        ),
        {"school": school, "before": before, "most": most},
    )
    return [PolicyVersion(row.version, _decoder.decode(row.document), row.changed_at, row.changed_by) for row in rows]


async def lock(connection: AsyncConnection, school: str) -> None:
    """Lets others who set the school's policy wait until the transaction ends: two versions must not have one number."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("letter-policy", school)})


async def put(connection: AsyncConnection, school: str, policy: Policy, *, changed_by: str, now: datetime) -> PolicyVersion:
    """Sets a school's policy, which the caller has locked. The policy in force makes no new version."""
    newest = next(iter(await versions(connection, school, before=None, most=1)), None)
    if newest is not None and newest.policy == policy:
        return newest
    number = newest.number + 1 if newest is not None else 1
    await connection.execute(
        text(
            """
            INSERT INTO policies (school, version, document, changed_at, changed_by)
            VALUES (:school, :version, CAST(:document AS jsonb), :now, :changed_by)
            """
        ),
        {"school": school, "version": number, "document": _encoder.encode(policy).decode(), "now": now, "changed_by": changed_by},
    )
    return PolicyVersion(number, policy, now, changed_by)


async def take_place(connection: AsyncConnection, school: str, day: date, cap: int) -> bool:
    """Counts one more letter that goes on the school's day; False when `cap` have gone, and it counts as kept back.

    Others who count at the same school wait until the caller's transaction ends: never one letter more than the cap.
    """
    key = {"school": school, "day": day, "cap": cap}
    await connection.execute(
        text("INSERT INTO letter_days (school, day, going, kept_back) VALUES (:school, :day, 0, 0) ON CONFLICT DO NOTHING"), key
    )
    gone = await connection.execute(
        text("UPDATE letter_days SET going = going + 1 WHERE school = :school AND day = :day AND going < :cap"), key
    )
    if gone.rowcount == 1:
        return True
    await connection.execute(text("UPDATE letter_days SET kept_back = kept_back + 1 WHERE school = :school AND day = :day"), key)
    return False
