"""A plan's review falls due: the school is told once each time it is noticed."""

from datetime import date, timedelta

from shared.events.catalogue import PLAN_PUBLISHED, PLAN_REVIEW_DUE
from shared.events.data import PlanPublished, PlanReviewDue
from shared.events.envelope import Event
from tests.integration.notifier.conftest import HOLD, Desk, Visitor
from tests.support.crossings import SCHOOL, up


def review(desk: Desk, event_id: str = "ahead") -> Event:
    data = PlanReviewDue(school=SCHOOL, version=2, review_on=date(2027, 1, 20), noticed_at=desk.now)
    return Event(PLAN_REVIEW_DUE, event_id, "/thresholds", desk.now, SCHOOL, data)


async def hear(desk: Desk, *events: Event) -> None:
    """One batch of the plans' topic."""
    await desk.plans([desk.message(event.encode()) for event in events])


def told(desk: Desk) -> list[str]:
    return [mail["subject"] for mail in desk.mail() if mail["to"] == ["office@otaki.example.nz"]]


async def test_one_e_mail_each_time_it_is_noticed(known: Desk, visitor: Visitor) -> None:
    await hear(known, review(known), review(known))
    await known.work()
    await hear(known, review(known))
    await known.work()
    assert told(known) == ["Your Attendance Management Plan’s review falls due on 20 January 2027"]

    known.passes(timedelta(days=60))
    await hear(known, review(known, "due"))
    await known.work()
    assert len(told(known)) == 2
    assert await visitor.notices() == [("plan-review", "sent", None)] * 2


async def test_a_school_without_a_contact_is_told_when_it_has_one(known: Desk, visitor: Visitor) -> None:
    await known.school(contact_email=None, updated_at=known.now + timedelta(seconds=1))
    await hear(known, review(known))
    await known.work()
    assert await visitor.notices() == [("plan-review", "no-contact", "the school has no contact address")]

    await known.school(updated_at=known.now + timedelta(seconds=2))
    await known.work()
    assert len(told(known)) == 1
    assert await visitor.notices() == [("plan-review", "sent", None)]


async def test_what_is_read_again_long_after_is_history(known: Desk) -> None:
    old = review(known)
    known.passes(timedelta(days=15))
    await hear(known, old)

    assert await known.rows("SELECT * FROM notices") == []


async def test_a_plan_that_was_published_is_nobodys_news(known: Desk) -> None:
    data = PlanPublished(school=SCHOOL, version=2, effective_on=date(2026, 11, 1), review_on=date(2027, 1, 20), published_at=known.now)
    await hear(known, Event(PLAN_PUBLISHED, "published", "/thresholds", known.now, SCHOOL, data))

    assert await known.rows("SELECT * FROM notices") == []
    assert await known.rows("SELECT * FROM dead_letters") == []


async def test_letters_promise_what_the_newest_published_plan_names(known: Desk) -> None:
    for version, activities in ((2, {"10": ["meeting-with-whanau"]}), (1, {"10": ["attendance-service-referral"]})):
        data = PlanPublished(
            school=SCHOOL,
            version=version,
            effective_on=date(2026, 11, 1),
            review_on=date(2027, 1, 20),
            published_at=known.now,
            activities=activities,
        )
        await hear(known, Event(PLAN_PUBLISHED, f"published-{version}", "/thresholds", known.now, SCHOOL, data))
    await known.say(up(10, 20, to="orange"))
    known.passes(HOLD)
    await known.work()
    text = " ".join(known.mail()[0]["text"].split())
    assert "We would like to meet with you, and make a plan together, as our school’s attendance plan says." in text
    assert "Attendance Service" not in text
