"""How long a session lasts, and what is left of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.console.sessions import repository
from services.console.sessions.keeping import Sessions
from services.console.sessions.sealing import Contents, Secret
from shared.db.engine import create_engine
from tests.support.clock import ManualClock

CONTENTS = Contents(access_token="a-token", rights="all")
MORNING = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(database_url, "console", pool_size=2)
    yield engine
    await engine.dispose()


def sessions(engine: AsyncEngine, clock: ManualClock[datetime]) -> Sessions:
    return Sessions(engine, clock, idle=timedelta(hours=2), longest=timedelta(hours=12))


async def test_a_session_that_is_used_lasts_a_working_day_and_no_longer(engine: AsyncEngine) -> None:
    clock = ManualClock(MORNING)
    kept = sessions(engine, clock)
    cookie = (await kept.open("dean", CONTENTS)).secret.text()
    for _ in range(11):
        clock.now += timedelta(hours=1)
        found = await kept.find(cookie)
        assert found is not None
        assert found.contents == CONTENTS
    clock.now += timedelta(hours=1)
    assert await kept.find(cookie) is None


async def test_a_session_that_nobody_uses_ends_after_two_hours(engine: AsyncEngine) -> None:
    clock = ManualClock(MORNING)
    kept = sessions(engine, clock)
    cookie = (await kept.open("dean", CONTENTS)).secret.text()
    clock.now += timedelta(hours=2)
    assert await kept.find(cookie) is None
    clock.now -= timedelta(hours=1)
    assert await kept.find(cookie) is None, "it was ended, and not only passed over"


async def test_a_session_that_a_clock_ahead_has_written_ends_when_it_is_right_again(engine: AsyncEngine) -> None:
    clock = ManualClock(MORNING)
    kept = sessions(engine, clock)
    used, unused = [(await kept.open("dean", CONTENTS)).secret.text() for _ in range(2)]
    clock.now += timedelta(hours=1, minutes=59)
    assert await kept.find(used) is not None
    opened_ahead = (await kept.open("dean", CONTENTS)).secret.text()
    # Back by less than a session may rest: nobody is signed out for it.
    clock.now -= timedelta(hours=1, minutes=58)
    assert [await kept.find(cookie) is not None for cookie in (used, unused, opened_ahead)] == [True, True, True]
    clock.now += timedelta(days=1)
    of_tomorrow = (await kept.open("dean", CONTENTS)).secret.text()
    clock.now -= timedelta(days=1)
    assert await kept.find(of_tomorrow) is None
    assert await kept.find(unused) is not None


async def test_the_table_lets_nobody_in(engine: AsyncEngine) -> None:
    kept = sessions(engine, ManualClock(MORNING))
    session = await kept.open("dean", CONTENTS)
    async with engine.connect() as connection:
        row = (await connection.execute(text("SELECT id, sealed FROM sessions"))).one()
    assert b"a-token" not in bytes(row.sealed)
    assert session.secret.value not in bytes(row.id) + bytes(row.sealed)
    assert Secret(bytes(row.id)).open(bytes(row.sealed)) is None
    assert await kept.find(Secret(bytes(row.id)).text()) is None


async def test_cookies_that_are_none_of_ours_are_nobodys(engine: AsyncEngine) -> None:
    kept = sessions(engine, ManualClock(MORNING))
    for cookie in (None, "", "x", "ā", "A" * 43, "A" * 4000):
        assert await kept.find(cookie) is None


async def test_what_is_over_is_forgotten(engine: AsyncEngine) -> None:
    clock = ManualClock(MORNING)
    kept = sessions(engine, clock)
    await kept.open("dean", CONTENTS)
    async with engine.begin() as connection:
        assert await repository.forget_ended_before(connection, MORNING + timedelta(hours=12), 10) == 0
        assert await repository.forget_ended_before(connection, MORNING + timedelta(hours=13), 10) == 1


class Issuer:
    """Takes each refresh token once, as issuers that rotate them do; or is away."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        self.away = False

    async def renew(self, contents: Contents) -> Contents | None:
        self.asked.append(contents.refresh_token)
        if self.away:
            raise ConnectionError
        await asyncio.sleep(0.05)
        if self.asked.count(contents.refresh_token) > 1:
            return None
        return replace(contents, refresh_token=f"{contents.refresh_token}+")


RENEWABLE = replace(CONTENTS, refresh_token="first")


async def test_a_refresh_token_is_used_once_whatever_comes_at_once_or_read_the_session_before(engine: AsyncEngine) -> None:
    kept, issuer = sessions(engine, ManualClock(MORNING)), Issuer()
    read_before = await kept.open("dean", RENEWABLE)
    at_once = await asyncio.gather(*(kept.renewed(read_before, issuer.renew) for _ in range(5)))
    late = await kept.renewed(read_before, issuer.renew)
    assert [session and session.contents.refresh_token for session in (*at_once, late)] == ["first+"] * 6
    assert issuer.asked == ["first"]


async def test_an_issuer_that_was_away_is_asked_again_at_once(engine: AsyncEngine) -> None:
    kept, issuer = sessions(engine, ManualClock(MORNING)), Issuer()
    session = await kept.open("dean", RENEWABLE)
    issuer.away = True
    with pytest.raises(ConnectionError):
        await kept.renewed(session, issuer.renew)
    issuer.away = False
    issuer.asked.clear()
    renewed = await kept.renewed(session, issuer.renew)
    assert renewed is not None
    assert renewed.contents.refresh_token == "first+"


async def test_a_session_that_was_ended_is_not_renewed(engine: AsyncEngine) -> None:
    kept, issuer = sessions(engine, ManualClock(MORNING)), Issuer()
    session = await kept.open("dean", RENEWABLE)
    await kept.end(session.secret)
    assert await kept.renewed(session, issuer.renew) is None
    assert issuer.asked == []
