"""What an answer means, and when the next try is."""

from datetime import UTC, datetime, timedelta

import pytest

from services.notifier.partners.schedule import Again, Answer, Delivered, GivenUp, Gone, Verdict, judge, status_of, stopped_by

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def answer(status: int | None, **rest: timedelta) -> Answer:
    return Answer(status, "", **rest)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_success(status: int) -> None:
    assert judge(answer(status), 1, 0.5) == Delivered()


@pytest.mark.parametrize("status", [None, 100, 199, 300, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 502, 503, 504])
def test_everything_else_is_a_failure_a_redirect_too(status: int | None) -> None:
    assert judge(answer(status), 1, 0.0) == Again(timedelta(seconds=5))


def test_the_schedule_of_the_specification() -> None:
    verdicts: list[Verdict] = [judge(answer(500), tries, 0.0) for tries in range(1, 11)]
    hours = [timedelta(hours=h) for h in (2, 5, 10, 14, 20, 24)]
    assert verdicts == [
        Again(timedelta(seconds=5)),
        Again(timedelta(minutes=5)),
        Again(timedelta(minutes=30)),
        *[Again(pause) for pause in hours],
        GivenUp(),
    ]


def test_the_jitter_adds_a_fifth_at_most() -> None:
    assert judge(answer(None), 2, 1.0) == Again(timedelta(minutes=6))


def test_410_means_gone_whatever_the_try() -> None:
    assert judge(answer(410), 1, 0.0) == Gone()
    assert judge(answer(410), 10, 0.0) == Gone()


def test_retry_after_lengthens_a_pause_and_never_shortens_it() -> None:
    assert judge(answer(503, retry_after=timedelta(minutes=2)), 1, 0.0) == Again(timedelta(minutes=2))
    assert judge(answer(503, retry_after=timedelta(minutes=2)), 3, 0.0) == Again(timedelta(minutes=30))
    assert judge(answer(429, retry_after=timedelta(days=300)), 1, 0.0) == Again(timedelta(hours=24))


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
