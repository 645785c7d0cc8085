"""How fast letters may leave."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.delivery.transports.rate import TokenBucket


def test_a_steady_pace() -> None:
    bucket = TokenBucket(60)

    assert [bucket.book(100.0, 10) for _ in range(3)] == [(0.0, True), (1.0, True), (2.0, True)]
    assert bucket.book(103.0, 10) == (0.0, True)


def test_what_would_wait_too_long_is_not_booked() -> None:
    bucket = TokenBucket(60)
    assert [bucket.book(100.0, 1.5) for _ in range(3)] == [(0.0, True), (1.0, True), (2.0, False)]
    # Nobody took that place.
    assert bucket.book(101.0, 1.5) == (1.0, True)


def test_a_long_rest_saves_up_no_more_than_a_second() -> None:
    bucket = TokenBucket(600)
    bucket.book(0.0, 10)

    assert [round(bucket.book(1000.0, 10)[0], 6) for _ in range(12)] == [0.0] * 10 + [0.1, 0.2]


@settings(deadline=None)
@given(st.integers(1, 6000), st.lists(st.floats(0, 30), min_size=1, max_size=200))
def test_never_more_than_the_rate_and_a_burst(per_minute: int, pauses: list[float]) -> None:
    bucket, now, sent = TokenBucket(per_minute), 0.0, []
    for pause in pauses:
        now += pause
        wait, booked = bucket.book(now, 20)
        if booked:
            sent.append(now + wait)
    rate, burst = per_minute / 60, max(1.0, per_minute / 60)
    assert sent == sorted(sent)
    for first, start in enumerate(sent):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + 1 + (sent[last] - start) * rate + 1e-6
