"""A school's digest: on the mornings of school days, once, whatever stops or comes late."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from services.notifier.staff_mail.tasks.digest import DigestTask
from shared.db.listen import Wakeup
from shared.worklist import repository as worklist
from shared.worklist.repository import Claimant
from shared.worklist.runner import Runner
from tests.integration.notifier.conftest import MERE, Desk, Visitor
from tests.support.crossings import down, up
from tests.support.worklist import leases_run_out

DIGEST = {"to": "dean@kura.example", "at": "07:30"}
MONDAY = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
DAY = timedelta(days=1)


def digests(desk: Desk) -> list[str]:
    """The digests' texts, oldest first, on one line each."""
    return [" ".join(mail["text"].split()) for mail in desk.mail() if mail["to"] == ["dean@kura.example"]]


async def ready(desk: Desk, visitor: Visitor, **digest: object) -> None:
    """A digest was asked for on Friday afternoon, and letters go to nobody."""
    await desk.school()
    await desk.roster([desk.joined(student="1", given_name="Hana"), desk.joined(student="2", given_name="Tama")])
    await visitor.policy(digest=DIGEST | digest)


async def at(desk: Desk, moment: datetime) -> None:
    desk.now = moment
    await desk.work()


async def test_both_ways_since_the_last_one(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor)
    await desk.say(up(5, 21, to="orange", student="1"), up(10, 21, to="orange", student="1"))
    await at(desk, MONDAY - timedelta(seconds=1))
    assert digests(desk) == []
    await at(desk, MONDAY)
    (monday,) = digests(desk)
    assert "Hana Ngata: green to orange, days absent: 10.5" in monday
    assert "Tama" not in monday

    await desk.say(down(10, 18, to="yellow", student="1"), up(5, 10, to="yellow", student="2"))
    await at(desk, TUESDAY)
    tuesday = digests(desk)[1]
    assert "Hana Ngata: red to yellow, days absent: 9" in tuesday
    assert "Tama Ngata: green to yellow, days absent: 5" in tuesday
    assert await visitor.notices() == [("digest", "sent", None)] * 2


async def test_no_digest_where_nothing_moved(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor)
    await at(desk, MONDAY)
    assert digests(desk) == []

    await visitor.policy(digest=DIGEST | {"when_empty": True})
    await at(desk, TUESDAY)
    assert len(digests(desk)) == 1


async def test_what_moved_before_it_was_asked_for_is_not_told(desk: Desk, visitor: Visitor) -> None:
    await desk.say(up(5, 10, to="yellow", student="1"))
    desk.passes(timedelta(minutes=1))
    await ready(desk, visitor)
    await at(desk, MONDAY)

    assert digests(desk) == []


async def test_asked_for_in_the_afternoon_it_begins_on_the_next_school_day(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor, when_empty=True)
    await desk.work()
    assert digests(desk) == []
    await at(desk, MONDAY)

    assert len(digests(desk)) == 1


async def test_after_an_outage_one_tells_of_all_that_was_missed(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor)
    await desk.say(up(5, 10, to="yellow", student="1"))
    desk.now = TUESDAY
    await desk.say(up(5, 10, to="yellow", student="2"))
    # Not before Saturday, and then not on a weekend.
    await at(desk, MONDAY + 5 * DAY)
    assert digests(desk) == []
    await at(desk, MONDAY + 7 * DAY)

    (text,) = digests(desk)
    assert "Hana" in text
    assert "Tama" in text


async def test_two_workers_gather_one(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor)
    await desk.say(up(5, 10, to="yellow", student="1"))
    desk.now = MONDAY
    runners = [Runner("notifier", desk.engine, desk.tasks, Wakeup(), clock=desk.clock) for _ in range(2)]
    while sum(await asyncio.gather(*(runner.run_once() for runner in runners))):
        pass

    assert len(digests(desk)) == 1


async def test_a_crash_after_gathering_gathers_no_second_one(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor)
    await desk.say(up(5, 10, to="yellow", student="1"))
    desk.now = MONDAY
    async with desk.engine.begin() as connection:
        (item,) = await worklist.claim(connection, [Claimant(DigestTask.kind, timedelta(minutes=1))], most=1, now=desk.now)
    await desk.digest.perform(item)
    # The worker dies before it settles; its lease runs out.
    desk.passes(timedelta(minutes=2))
    await leases_run_out(desk.engine)
    await desk.say(up(5, 10, to="yellow", student="2"))
    await desk.work()

    (text,) = digests(desk)
    assert "Hana" in text
    assert "Tama" not in text
    await at(desk, TUESDAY)
    assert "Tama" in digests(desk)[1]
    assert "Hana" not in digests(desk)[1]


async def test_a_crash_before_the_commit_loses_nothing(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor)
    await desk.say(up(5, 10, to="yellow", student="1"))
    desk.now = MONDAY
    async with desk.engine.begin() as connection:
        await worklist.claim(connection, [Claimant(DigestTask.kind, timedelta(minutes=1))], most=1, now=desk.now)
    await desk.work()
    assert digests(desk) == []
    desk.passes(timedelta(minutes=2))
    await leases_run_out(desk.engine)
    await desk.work()

    assert len(digests(desk)) == 1


async def test_it_waits_for_the_mail_server(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor)
    await desk.say(up(5, 10, to="yellow", student="1"))
    desk.catcher.refuse(451, times=1)
    await at(desk, MONDAY)
    assert digests(desk) == []
    desk.passes(timedelta(hours=1))
    await desk.work()

    assert len(digests(desk)) == 1


async def test_the_hour_can_be_moved_and_the_day_has_one_still(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor, when_empty=True)
    await at(desk, MONDAY)
    await visitor.policy(digest={"to": "dean@kura.example", "at": "08:00", "when_empty": True})
    await at(desk, MONDAY + timedelta(hours=1))
    assert len(digests(desk)) == 1
    await at(desk, TUESDAY)
    assert len(digests(desk)) == 1
    await at(desk, TUESDAY + timedelta(minutes=30))
    assert len(digests(desk)) == 2


async def test_a_day_that_the_school_closes_has_none(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor, when_empty=True)
    desk.passes(timedelta(hours=1))
    await desk.school(closed_days=[date(2026, 11, 23)])
    await at(desk, MONDAY)
    assert digests(desk) == []
    await at(desk, TUESDAY)
    assert len(digests(desk)) == 1


async def test_switched_off_and_on_again_it_begins_anew(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor)
    await visitor.policy()
    await desk.say(up(5, 10, to="yellow", student="1"))
    await at(desk, MONDAY)
    assert digests(desk) == []
    desk.passes(timedelta(hours=5))
    await visitor.policy(digest=DIGEST)
    await desk.say(up(5, 10, to="yellow", student="2"))
    await at(desk, TUESDAY)

    (text,) = digests(desk)
    assert "Hana" not in text
    assert "Tama" in text


async def test_a_school_that_is_heard_of_later(desk: Desk, visitor: Visitor) -> None:
    await visitor.policy(digest=DIGEST | {"when_empty": True})
    await desk.school()
    await at(desk, MONDAY)

    assert len(digests(desk)) == 1


async def test_who_has_left_is_not_named(desk: Desk, visitor: Visitor) -> None:
    await ready(desk, visitor)
    await desk.roster([desk.joined(MERE, student="3", given_name="Wai")])
    await desk.say(up(5, 10, to="yellow", student="1"), up(5, 10, to="yellow", student="3"))
    await desk.roster([desk.left("3")])
    await at(desk, MONDAY)

    (text,) = digests(desk)
    assert "1 student " in text
    assert "Wai" not in text
