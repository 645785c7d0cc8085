"""A loop that does not go round is stuck by the time that passes, whatever the clock of the machine does."""

from shared.telemetry.progress import STUCK_AFTER, Progress
from tests.support.clock import ManualClock


def test_a_loop_that_does_not_go_round_is_stuck() -> None:
    clock = ManualClock(1_000.0)
    progress = Progress(clock)
    beat = progress.loop("work")
    progress.loop("relay")
    clock.now += STUCK_AFTER.total_seconds()
    assert progress.stuck() == []
    beat()
    clock.now += 1
    assert progress.stuck() == ["relay"]
