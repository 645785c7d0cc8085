"""What another server's Retry-After asks for."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.web.retry_after import retry_after

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("120", timedelta(minutes=2)),
        (" 7 ", timedelta(seconds=7)),
        ("0", SHORTEST),
        ("86400", LONGEST),
        ("9" * 400, LONGEST),
        ("Fri, 20 Nov 2026 02:10:00 GMT", timedelta(minutes=10)),
        ("Fri, 20 Nov 2026 15:10:00 +1300", timedelta(minutes=10)),
        ("Thu, 19 Nov 2026 02:00:00 GMT", SHORTEST),
        ("Fri, 20 Nov 9999 02:00:00 GMT", LONGEST),
        # Without a zone there is no telling.
        ("Fri, 20 Nov 2026 02:10:00 -0000", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_seconds_and_dates(header: str | None, pause: timedelta | None) -> None:
    assert retry_after(header, NOW, shortest=SHORTEST, longest=LONGEST) == pause
