"""The Ministry or the worker away: retried until it is answered, and there once."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.sandbox.ministry import create_ministry
from services.moe_sync.uploads.circuit import IN_A_ROW, LONGEST_PAUSE
from tests.integration.moe_sync.office import CLOSE, MONDAY, WEEK, Office
from tests.support.polling import eventually
from tests.support.ports import free_port
from tests.support.servers import serving

HOUR = timedelta(hours=1)
"""The longest pause between attempts."""


async def attempts(office: Office) -> list[tuple[str | None, str | None]]:
    """(outcome, detail) of each attempt at the newest upload."""
    uploads = await office.uploads()
    newest = await office.upload(uploads[0]["id"]) if uploads else {"attempts": []}
    return [(attempt["outcome"], attempt["detail"]) for attempt in newest["attempts"]]


async def test_nobody_listens_for_a_while(closed_office: Office, tmp_path: Path) -> None:
    office, port = closed_office, free_port()
    await office.start(ministry_url=f"http://127.0.0.1:{port}/ministry")
    await office.publish(office.school(), office.crossed())
    await office.turn_to(CLOSE)
    tried = [("retry", "unreachable")]
    for hour in range(1, 4):
        await eventually(lambda: attempts(office), tried * hour)
        await office.turn_to(CLOSE + hour * HOUR)
    await eventually(lambda: attempts(office), tried * 4)
    (upload,) = await office.uploads()
    assert (upload["status"], upload["reason"]) == ("sending", "the Ministry's end could not be reached (ConnectError)")

    async with serving(create_ministry(tmp_path / "late"), port) as office.ministry:
        await office.turn_to(CLOSE + 5 * HOUR)
        await eventually(office.statuses, [("2026-W43", 1, "accepted")])
        assert await office.weeks_there() == [("2026-W43", 1, 1)]
    assert (await attempts(office))[-1] == ("done", "accepted")
    assert (await office.uploads())[0]["reason"] is None


async def test_the_ministry_fails_three_times(office: Office) -> None:
    await office.fault(status=503, times=3, retry_after=120)
    await office.publish(office.crossed())
    await office.turn_to(CLOSE)
    for failures in range(1, 4):
        await eventually(lambda: attempts(office), [("retry", "http-503")] * failures)
        # Its own word on when to come again goes before our backoff.
        (due,) = await office.sql("SELECT due_at FROM moe_sync.work WHERE kind = 'upload'")
        assert due["due_at"] == office.clock.now + timedelta(minutes=2)
        await office.turn_to(office.clock.now + timedelta(minutes=2))
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    assert await office.weeks_there() == [("2026-W43", 1, 1)]


async def test_the_ministry_takes_it_and_says_it_did_not(office: Office) -> None:
    await office.fault(status=503, after_storing=True)
    await office.publish(office.crossed())
    await office.turn_to(CLOSE)
    await eventually(lambda: attempts(office), [("retry", "http-503")])
    assert await office.weeks_there() == [("2026-W43", 1, 1)]
    # A change in between belongs to the next week: what is sent again is the very same.
    await office.turn_to(CLOSE + timedelta(minutes=1))
    await office.publish(office.retracted())
    await office.turn_to(CLOSE + HOUR)
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    assert await office.weeks_there() == [("2026-W43", 1, 1)]


class Holding:
    """Lets a request through to the app, but holds its answers back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.arrived = asyncio.Event()
        self.let_go = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def hold(message: Message) -> None:
            if scope["type"] == "http" and scope["method"] == "POST":
                self.arrived.set()
                await self.let_go.wait()
            await send(message)

        await self._app(scope, receive, hold)


async def test_a_worker_killed_while_it_sends_leaves_one_upload_there(closed_office: Office, tmp_path: Path) -> None:
    office, holding = closed_office, Holding(create_ministry(tmp_path / "held"))
    async with serving(holding) as office.ministry:
        await office.start(ministry_url=f"{office.ministry}/ministry")
        await office.publish(office.school(), office.crossed())
        await office.turn_to(CLOSE)
        await asyncio.wait_for(holding.arrived.wait(), 30)
        await office.kill()
        holding.let_go.set()
        assert await office.statuses() == [("2026-W43", 1, "sending")]
        assert await office.weeks_there() == [("2026-W43", 1, 1)]

        await office.start(ministry_url=f"{office.ministry}/ministry")
        # The dead worker's lease runs out.
        await office.turn_to(CLOSE + HOUR)
        await office.sql("UPDATE moe_sync.work SET due_at = clock_timestamp() WHERE state = 'leased'")
        await eventually(office.statuses, [("2026-W43", 1, "accepted")])
        assert await attempts(office) == [(None, None), ("done", "accepted")]
        assert await office.weeks_there() == [("2026-W43", 1, 1)]


async def test_a_worker_restarted_between_build_and_send(closed_office: Office) -> None:
    office = closed_office
    office.settings = office.settings.model_copy(update={"ministry_url": ""})
    await office.start()
    await office.publish(office.school(), office.crossed())
    await office.turn_to(CLOSE)
    await eventually(office.statuses, [("2026-W43", 1, "pending")])
    await office.stop()
    (before,) = await office.sql("SELECT body, digest FROM moe_sync.uploads")

    await office.start(ministry_url=f"{office.ministry}/ministry")
    await office.publish(office.retracted())
    await eventually(office.weeks_there, [("2026-W43", 1, 1)])
    await eventually(office.statuses, [("2026-W43", 1, "accepted")])
    (after,) = await office.sql("SELECT body, digest FROM moe_sync.uploads")
    assert after == before
    assert (await office.at_ministry())[0]["records"][0]["status"] == "open"


async def test_later_uploads_of_a_school_wait_for_its_earlier_ones_and_other_schools_do_not(office: Office) -> None:
    await office.publish(office.school("0189"))
    await office.fault(status=503, times=1, retry_after=3600)
    await office.publish(office.crossed())
    assert (await office.run()).status_code == 202
    await eventually(lambda: attempts(office), [("retry", "http-503")])
    office.clock.now = MONDAY + timedelta(minutes=10)
    await office.publish(office.retracted())
    assert (await office.run()).json()["status"] == "pending"
    await office.publish(office.crossed(school="0189"))
    assert (await office.run(school="0189")).status_code == 202
    await eventually(lambda: office.statuses("0189"), [("2026-W43", 1, "accepted")])
    assert await office.statuses() == [("2026-W43", 1, "sending"), ("2026-W43", 2, "pending")]
    assert await office.at_ministry() == []

    await office.turn_to(MONDAY + 2 * HOUR)
    await eventually(office.statuses, [("2026-W43", 1, "accepted"), ("2026-W43", 2, "accepted")])
    assert [upload["records"][0]["status"] for upload in await office.at_ministry()] == ["open", "withdrawn"]


async def test_every_record_gets_there_whatever_is_refused_or_down(office: Office) -> None:
    # Refused, then taken in silence, then unreachable: each week something else goes wrong.
    faults: list[dict[str, Any]] = [{"status": 400}, {"status": 503, "after_storing": True}, {"status": 429, "retry_after": 5}]
    for week, fault in enumerate(faults):
        await office.publish(office.crossed(str(week)))
        await office.fault(**fault)
        await office.turn_to(CLOSE + week * WEEK)

        async def tried(count: int = week + 1) -> bool:
            rows = await office.sql(
                "SELECT attempt FROM moe_sync.work_attempts WHERE outcome IN ('retry', 'failed') AND detail LIKE 'http-%'"
            )
            return len(rows) == count

        await eventually(tried, True)
        await office.turn_to(CLOSE + week * WEEK + HOUR)
    await eventually(office.statuses, [("2026-W43", 1, "refused"), ("2026-W44", 1, "accepted"), ("2026-W45", 1, "accepted")])
    assert await office.weeks_there() == [("2026-W44", 1, 2), ("2026-W45", 1, 1)]


async def test_in_an_outage_one_upload_asks_for_all_and_all_follow_when_it_is_over(closed_office: Office, tmp_path: Path) -> None:
    office, port, schools = closed_office, free_port(), [f"{1000 + number}" for number in range(20)]
    await office.start(ministry_url=f"http://127.0.0.1:{port}/ministry")
    for school in schools:
        await office.publish(office.school(school), office.crossed(school=school))
    await office.turn_to(CLOSE)

    async def waiting() -> int:
        (row,) = await office.sql("SELECT count(*) AS waiting FROM moe_sync.work WHERE kind = 'upload' AND state = 'waiting'")
        return int(row["waiting"])

    async def made() -> int:
        (row,) = await office.sql(
            "SELECT count(*) AS made FROM moe_sync.work_attempts WHERE detail = 'unreachable' AND outcome IS NOT NULL"
        )
        return int(row["made"])

    async def knows() -> bool:
        return await waiting() == len(schools) and await made() >= IN_A_ROW

    await eventually(knows, True)
    found = await made()
    # The first few side by side found nobody; after that one asks at a time, and hours go by.
    assert found < len(schools)
    for second in range(1, 6):
        await office.turn_to(CLOSE + second * timedelta(seconds=LONGEST_PAUSE + 1))
        await eventually(made, found + second)

    async with serving(create_ministry(tmp_path / "late"), port) as office.ministry:
        back = CLOSE + 6 * timedelta(seconds=LONGEST_PAUSE + 1)
        await office.turn_to(back)

        async def accepted() -> int:
            (row,) = await office.sql("SELECT count(*) AS accepted FROM moe_sync.uploads WHERE status = 'accepted'")
            return int(row["accepted"])

        async def one_is() -> bool:
            return await accepted() >= 1

        await eventually(one_is, True)
        # Within half a minute of that, all are there, although the backoff of most would have been longer.
        await office.turn_to(back + timedelta(seconds=30))
        await eventually(accepted, len(schools))
