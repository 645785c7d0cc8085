"""When a plan's review is spoken of."""

from datetime import UTC, date, datetime, timedelta

from services.thresholds.plans.task import notices


def test_ahead_and_on_the_day_at_eight_in_the_morning_at_the_school() -> None:
    # 2 November is summer time (UTC+13), 3 September is not (UTC+12).
    assert notices(date(2029, 11, 2), timedelta(days=60), "Pacific/Auckland") == {
        "ahead": datetime(2029, 9, 2, 20, tzinfo=UTC),
        "due": datetime(2029, 11, 1, 19, tzinfo=UTC),
    }


def test_on_the_chathams_the_office_opens_earlier() -> None:
    assert notices(date(2029, 6, 1), timedelta(days=60), "Pacific/Chatham")["due"] == datetime(2029, 5, 31, 19, 15, tzinfo=UTC)


def test_without_time_between_it_is_said_on_the_day_only() -> None:
    assert list(notices(date(2029, 11, 2), timedelta(0), "Pacific/Auckland")) == ["due"]
