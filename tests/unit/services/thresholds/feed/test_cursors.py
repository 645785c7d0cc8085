"""Cursors of the feed: their forms, and which of them a feed knows."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from services.thresholds.feed.cursors import Cursor, Event, Feed
from shared.web.problems import ProblemError

AT = datetime(2026, 10, 19, 2, 11, 7, tzinfo=UTC)
HERE = Event(42, "6f1b8a54", AT)
MARK = sha256(b"6f1b8a54 2026-10-19T02:11:07+00:00").hexdigest()[:8]
KEPT = Feed(at=HERE, oldest=10, given=60)


def test_a_cursor_is_read_as_it_was_written() -> None:
    assert str(Cursor.of(HERE)) == f"42-{MARK}"
    assert Cursor.read(f"42-{MARK}") == Cursor(42, MARK)
    assert (Cursor.read("42"), Cursor.read("0"), Cursor.read(""), Cursor.read(None)) == (Cursor(42), Cursor(), Cursor(), Cursor())
    assert str(Cursor()) == "0"


@pytest.mark.parametrize("text", ["-1", "1.5", "42-", "42-xyz", "42-3F9A1C22", "42-3f9a1c2", "42-3f9a1c22-", "42\n", "²", "9" * 19, "x"])
def test_what_we_did_not_make_is_refused(text: str) -> None:
    with pytest.raises(ProblemError) as refused:
        Cursor.read(text)
    assert (refused.value.status, refused.value.kind) == (422, "bad-cursor")


def test_an_event_that_was_said_anew_is_another() -> None:
    assert Event(42, HERE.event_id, AT + timedelta(microseconds=1)).mark != MARK
    assert Event(42, "another", AT).mark != MARK
    assert Event(42, HERE.event_id, AT.astimezone()).mark == MARK


@pytest.mark.parametrize(
    ("feed", "cursor", "known"),
    [
        (KEPT, Cursor(42, MARK), True),
        (KEPT, Cursor(42), True),  # of the release before: its place is taken, and no more can be said
        (KEPT, Cursor(42, "00000000"), False),
        (Feed(None, 10, 60), Cursor(43, MARK), False),  # a number that was drawn and not used: no cursor is made of it
        (Feed(None, 10, 60), Cursor(61, MARK), False),
        (Feed(None, 10, 60), Cursor(61), False),
        (Feed(None, 10, 60), Cursor(9, MARK), True),  # retention has been there
        (Feed(None, 10, 60), Cursor(9), True),
        (Feed(None, None, 60), Cursor(60, MARK), True),  # retention has taken all
        (Feed(None, None, 60), Cursor(61, MARK), False),
        (Feed(None, None, 0), Cursor(), True),
        (Feed(None, None, 0), Cursor(1), False),
    ],
)
def test_a_feed_knows_the_cursors_of_its_history(feed: Feed, cursor: Cursor, known: bool) -> None:
    assert feed.knows(cursor) is known
