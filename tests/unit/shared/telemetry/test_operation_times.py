"""The last hour of operations, by a clock that a test turns."""

from dataclasses import dataclass

from shared.telemetry.operation_times import OperationTimes, together


@dataclass
class Turned:
    """Monotonic seconds."""

    seconds: float = 960.0

    def __call__(self) -> float:
        return self.seconds


GET = ("GET", "/v1/things")


def test_rates_errors_and_times() -> None:
    clock = Turned()
    times = OperationTimes(clock)
    for _ in range(98):
        times.note(*GET, 200, 0.010)
    times.note(*GET, 404, 0.010)
    times.note(*GET, 503, 2.0)
    clock.seconds += 20
    hour = times.hour()
    answers = hour.operations[GET]
    assert (hour.seconds, answers.count, answers.failed, answers.refused) == (20, 100, 1, 1)
    assert answers.quantile(0.5) == answers.quantile(0.99) == 11.3
    assert answers.quantile(1.0) == 2048.0
    assert hour.minutes[-1] == (100, 1)
    assert sum(count for count, _ in hour.minutes) == 100


def test_what_is_an_hour_old_is_forgotten() -> None:
    clock = Turned()
    times = OperationTimes(clock)
    times.note(*GET, 200, 0.001)
    clock.seconds += 59 * 60
    times.note(*GET, 200, 0.001)
    assert (times.hour().operations[GET].count, times.hour().minutes[0], times.hour().minutes[-1]) == (2, (1, 0), (1, 0))
    clock.seconds += 60
    assert (times.hour().operations[GET].count, times.hour().seconds) == (1, 3600)
    clock.seconds += 7 * 24 * 3600
    assert times.hour().operations == {}
    assert times.hour().minutes == [(0, 0)] * 60


def test_processes_add_up() -> None:
    clock = Turned()
    first, second = OperationTimes(clock), OperationTimes(clock)
    first.note(*GET, 200, 0.004)
    second.note(*GET, 500, 0.100)
    second.note("PUT", "/v1/things", 200, 0.1)
    hour = together([first.hour(), second.hour()])
    assert (hour.operations[GET].count, hour.operations[GET].failed, hour.minutes[-1]) == (2, 1, (3, 1))
    assert hour.operations[GET].quantile(0.5) == 4.0
    assert together([]).minutes == [(0, 0)] * 60
