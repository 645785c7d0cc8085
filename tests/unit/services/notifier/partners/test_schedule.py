"""Answers' meaning, and the time of the next try."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.partners.schedule import LATER, Answer, Delivered, GivenUp, Missed, judge, status_of, stopped_by

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def answer(status: int | None, **rest: timedelta) -> Answer:
    return Answer(status, "", **rest)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_success(status: int) -> None:
    assert judge(answer(status), 1, 0.5) == Delivered("")


@pytest.mark.parametrize("status", [None, 100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 502, 503, 504])
def test_everything_else_is_a_failure_a_redirect_too(status: int | None) -> None:
    assert judge(answer(status), 1, 0.0) == Missed("", timedelta(seconds=5), answer=answer(status))


def test_the_schedule_of_the_specification() -> None:
    outcomes = [judge(answer(500), tries, 0.0) for tries in range(1, 11)]
    hours = [timedelta(hours=h) for h in (2, 5, 10, 14, 20, 24)]
    pauses = [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), *hours]
    assert outcomes == [*[Missed("", pause, answer=answer(500)) for pause in pauses], GivenUp("", answer(500))]


@pytest.mark.parametrize(
    ("given", "tries", "spread", "pause"),
    [
        pytest.param(answer(None), 2, 1.0, timedelta(minutes=6), id="the jitter adds a fifth at most"),
        pytest.param(answer(410), 1, 0.0, LATER, id="410 means gone at the first try"),
        pytest.param(answer(410), 10, 0.0, LATER, id="and at the last"),
        pytest.param(answer(503, retry_after=timedelta(minutes=2)), 1, 0.0, timedelta(minutes=2), id="Retry-After lengthens a pause"),
        pytest.param(answer(503, retry_after=timedelta(minutes=2)), 3, 0.0, timedelta(minutes=30), id="and never shortens it"),
        pytest.param(answer(429, retry_after=timedelta(hours=24)), 1, 0.0, timedelta(hours=24), id="up to a day"),
    ],
)
def test_the_next_try(given: Answer, tries: int, spread: float, pause: timedelta) -> None:
    assert judge(given, tries, spread) == Missed("", pause, answer=given)


def test_a_subscription_stops_at_410_or_after_five_days_of_failures() -> None:
    assert stopped_by(answer(410), None, NOW) == "gone"
    assert stopped_by(answer(500), NOW - timedelta(days=5) + timedelta(seconds=1), NOW) is None
    assert stopped_by(answer(500), NOW - timedelta(days=5), NOW) == "failing"
    assert stopped_by(answer(None), NOW - timedelta(days=9), NOW) == "failing"
    assert stopped_by(answer(200), NOW - timedelta(days=9), NOW) is None


@pytest.mark.parametrize(
    ("detail", "status"), [("HTTP 503", 503), ("HTTP 200", 200), ("no answer in time", None), (None, None), ("503", None), ("HTTP ", None)]
)
def test_the_status_is_read_back_from_the_attempts_detail(detail: str | None, status: int | None) -> None:
    assert status_of(detail) == status
