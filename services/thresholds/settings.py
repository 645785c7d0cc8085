"""The heart's settings."""

from datetime import timedelta

from shared.settings import Settings


class ThresholdsSettings(Settings):
    """Bounds on waiting."""

    school_wait: timedelta = timedelta(seconds=30)
    """How long marks wait for their school's calendar. It was sent before them and takes milliseconds on its own topic, so a longer
    wait means that it got lost; then they go to the dead letters, and come back by themselves when the school is sent again."""

    feed_longest_wait: timedelta = timedelta(seconds=30)
    """The longest poll of the events feed; under the idle timeouts of common proxies (60 s)."""
