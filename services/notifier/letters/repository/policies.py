"""Schools' letter policies, version after version, and how many letters went on a day: SQL."""

from collections.abc import Collection, Mapping, Sequence
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


async def going(connection: AsyncConnection, days: Mapping[str, date]) -> dict[str, int]:
    """How many letters go on each school's day, as far as is known: nobody is waited for."""
    rows = await connection.execute(
        text(
            """
            SELECT school, going FROM letter_days
            JOIN unnest(CAST(:schools AS text[]), CAST(:days AS date[])) AS w(school, day) USING (school, day)
            """
        ),
        {"schools": list(days), "days": list(days.values())},
    )
    return dict.fromkeys(days, 0) | {row.school: row.going for row in rows}


@dataclass(frozen=True, slots=True)
class Wish:
    """So many letters that are to go on a school's day, of which no more than `cap` may go."""

    day: date
    letters: int
    cap: int


async def take_places(connection: AsyncConnection, wishes: Mapping[str, Wish]) -> dict[str, int]:
    """Counts the letters that go on the schools' days; answers how many of those that were wished for have a place.

    Others who count at the same schools wait until the caller's transaction ends: never one letter more than the cap.
    """
    if not wishes:
        return {}
    ordered = sorted(wishes.items())
    places = {"schools": [school for school, _ in ordered], "days": [wish.day for _, wish in ordered]}
    await connection.execute(
        text(
            """
            INSERT INTO letter_days (school, day, going, kept_back)
            SELECT school, day, 0, 0 FROM unnest(CAST(:schools AS text[]), CAST(:days AS date[])) AS w(school, day) ON CONFLICT DO NOTHING
            """
        ),
        places,
    )
    rows = await connection.execute(
        text(
            """
            SELECT school, going FROM letter_days
            JOIN unnest(CAST(:schools AS text[]), CAST(:days AS date[])) AS w(school, day) USING (school, day)
            ORDER BY school, day FOR UPDATE OF letter_days
            """
        ),
        places,
    )
    taken = {row.school: min(wishes[row.school].letters, max(wishes[row.school].cap - row.going, 0)) for row in rows}
    await connection.execute(
        text(
            """
            UPDATE letter_days l SET going = l.going + w.taken
            FROM unnest(CAST(:schools AS text[]), CAST(:days AS date[]), CAST(:taken AS int[])) AS w(school, day, taken)
            WHERE l.school = w.school AND l.day = w.day
            """
        ),
        {**places, "taken": [taken[school] for school, _ in ordered]},
    )
    return taken


async def keep_back(connection: AsyncConnection, school: str, day: date) -> None:
    """Counts one more letter of the school's day that is kept back."""
    await _begin_day(connection, school, day)
    await connection.execute(
        text("UPDATE letter_days SET kept_back = kept_back + 1 WHERE school = :school AND day = :day"), {"school": school, "day": day}
    )


async def _begin_day(connection: AsyncConnection, school: str, day: date) -> None:
    await connection.execute(
        text("INSERT INTO letter_days (school, day, going, kept_back) VALUES (:school, :day, 0, 0) ON CONFLICT DO NOTHING"),
        {"school": school, "day": day},
    )
