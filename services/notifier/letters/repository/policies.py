"""Schools' letter policies, version after version, and how many letters went on a day: SQL."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.letters.policy import Digest, Policy, Whom, Window
from shared.attendance.tiers import THRESHOLDS, Threshold
from shared.identifiers import lock_key


class _Window(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A window as it is kept."""

    school_days_only: bool = False
    opens: time | None = None
    until: time | None = None


class _Digest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A digest as it is kept."""

    to: str
    at: time
    when_empty: bool = False


class _Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A policy as it is kept; what is not said is the default, also of choices that come later."""

    hold: timedelta | None = None
    window: _Window | None = None
    recipients: Whom = "all"
    staff_copy: str | None = None
    digest: _Digest | None = None
    thresholds: list[Threshold] | None = None
    daily_cap: int | None = None
    after_term: timedelta = timedelta(0)


_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(_Document)


@dataclass(frozen=True, slots=True)
class Version:
    """A policy as it was set: `number` counts from 1, and 0 is what holds before a school has said anything."""

    number: int
    policy: Policy
    changed_at: datetime | None = None
    changed_by: str | None = None


async def current(connection: AsyncConnection, school: str) -> Policy:
    """A school's policy as it is now."""
    return (await current_of(connection, [school])).get(school, Policy())


async def current_of(connection: AsyncConnection, schools: Collection[str]) -> dict[str, Policy]:
    """The policies of those of the schools that have set one."""
    rows = await connection.execute(
        text(
            """
            SELECT DISTINCT ON (school) school, CAST(document AS text) AS document FROM policies
            WHERE school = ANY(CAST(:schools AS text[])) ORDER BY school, version DESC
            """
        ),
        {"schools": sorted(schools)},
    )
    return {row.school: _policy(row.document) for row in rows}


async def versions(connection: AsyncConnection, school: str, *, before: int | None, most: int) -> Sequence[Version]:
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
    return [Version(row.version, _policy(row.document), row.changed_at, row.changed_by) for row in rows]


async def lock(connection: AsyncConnection, school: str) -> None:
    """Whoever sets a school's policy waits here for others who do: two versions must not have one number."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock_key("letter-policy", school)})


async def put(connection: AsyncConnection, school: str, policy: Policy, *, changed_by: str, now: datetime) -> Version:
    """Sets a school's policy, which the caller has locked. One that says nothing new makes no new version."""
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
        {"school": school, "version": number, "document": _document(policy), "now": now, "changed_by": changed_by},
    )
    return Version(number, policy, now, changed_by)


async def take_place(connection: AsyncConnection, school: str, day: date, cap: int) -> bool:
    """Counts one more letter that goes on the school's day; False when `cap` have gone, and it counts as kept back.

    Whoever else counts at the same school waits until the caller's transaction ends: never one letter more than the cap.
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


def _policy(document: str) -> Policy:
    kept = _decoder.decode(document)
    window, digest = kept.window, kept.digest
    return Policy(
        hold=kept.hold,
        window=Window("school-days" if window.school_days_only else "any", window.opens, window.until) if window is not None else None,
        recipients=kept.recipients,
        staff_copy=kept.staff_copy,
        digest=Digest(digest.to, digest.at, digest.when_empty) if digest is not None else None,
        thresholds=tuple(kept.thresholds) if kept.thresholds is not None else THRESHOLDS,
        daily_cap=kept.daily_cap,
        after_term=kept.after_term,
    )


def _document(policy: Policy) -> str:
    window, digest = policy.window, policy.digest
    kept = _Document(
        hold=policy.hold,
        window=_Window(school_days_only=window.days == "school-days", opens=window.opens, until=window.until)
        if window is not None
        else None,
        recipients=policy.recipients,
        staff_copy=policy.staff_copy,
        digest=_Digest(to=digest.to, at=digest.at, when_empty=digest.when_empty) if digest is not None else None,
        thresholds=list(policy.thresholds) if policy.thresholds != THRESHOLDS else None,
        daily_cap=policy.daily_cap,
        after_term=policy.after_term,
    )
    return _encoder.encode(kept).decode()
