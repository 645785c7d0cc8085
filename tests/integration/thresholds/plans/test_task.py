"""A published plan's review is said once ahead and once on its day, by a worker that may die in between."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.events.data import PlanReviewDue
from tests.integration.thresholds.plans.board import NOW, Board, whole
from tests.support.polling import eventually

AHEAD = datetime(2029, 9, 2, 20, tzinfo=UTC)
"""3 September 2029, 8:00 in Auckland: sixty days before."""

DAY = datetime(2029, 11, 1, 19, tzinfo=UTC)
"""2 November 2029, 8:00 there."""


async def reviews(board: Board) -> list[Any]:
    return [data for data in await board.said() if isinstance(data, PlanReviewDue)]


def due(version: int, at: datetime, review_on: date = date(2029, 11, 2)) -> PlanReviewDue:
    return PlanReviewDue(school="0999", version=version, review_on=review_on, noticed_at=at)


async def settled(board: Board) -> list[tuple[Any, ...]]:
    return await board.sql("SELECT state, count(*) FROM thresholds.work WHERE kind = 'plan-review' GROUP BY state ORDER BY state")


async def test_once_ahead_and_once_on_the_day(board: Board) -> None:
    await board.published(whole())
    await board.turn_to(AHEAD - timedelta(seconds=1))
    assert await settled(board) == [("waiting", 2)]

    await board.turn_to(AHEAD)
    await eventually(lambda: reviews(board), [due(1, AHEAD)])
    await board.stop()
    await board.start()
    await board.turn_to(DAY)
    await eventually(lambda: reviews(board), [due(1, AHEAD), due(1, DAY)])
    await board.turn_to(DAY + timedelta(days=30))
    await eventually(lambda: settled(board), [("done", 2)])
    assert len(await reviews(board)) == 2


async def test_the_next_version_takes_over(board: Board) -> None:
    await board.published(whole())
    await board.published(whole(review_on="2029-11-03", objectives="Other aims."))
    assert await settled(board) == [("cancelled", 2), ("waiting", 2)]
    later = DAY + timedelta(days=1)
    await board.turn_to(later)
    await eventually(lambda: reviews(board), [due(2, later, date(2029, 11, 3))] * 2)


async def test_a_review_that_is_near_is_said_at_once_and_again_on_its_day(board: Board) -> None:
    await board.published(whole(review_on="2026-12-01"))
    near = due(1, NOW, date(2026, 12, 1))
    await eventually(lambda: reviews(board), [near])
    day = datetime(2026, 11, 30, 19, tzinfo=UTC)
    await board.turn_to(day)
    await eventually(lambda: reviews(board), [near, due(1, day, date(2026, 12, 1))])


async def test_an_item_that_escaped_the_cancelling_says_nothing(board: Board) -> None:
    await board.stop()
    await board.published(whole())
    # As when a worker has claimed it at the moment the next version was published.
    await board.published(whole(review_on="2029-11-03", objectives="Other aims."))
    await board.sql("UPDATE thresholds.work SET state = 'waiting', settled_at = NULL WHERE kind = 'plan-review'")
    await board.start()
    later = DAY + timedelta(days=1)
    await board.turn_to(later)
    await eventually(lambda: settled(board), [("done", 4)])
    await eventually(lambda: reviews(board), [due(2, later, date(2029, 11, 3))] * 2)
