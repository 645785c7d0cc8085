"""Where a group reads on, and what it has to say of it."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from shared.bus.interface import Log, Partition
from shared.offsets.placing import Gap, Kept, Restore, place, set_back

MARKS = Partition("star.marks.v1", 3)
TOPIC, OTHER = UUID(int=1), UUID(int=2)
READ_AT = datetime(2026, 10, 12, 9, tzinfo=UTC)
OLDEST_AT = datetime(2026, 10, 19, 9, tzinfo=UTC)
LOG = Log(TOPIC, 100, 500, OLDEST_AT)
KEPT = Kept(TOPIC, 200, READ_AT)


@pytest.mark.parametrize("offset", [100, 200, 500])
def test_a_log_that_holds_the_next_message_is_read_on(offset: int) -> None:
    kept = replace(KEPT, next_offset=offset)
    assert place("g", MARKS, kept, LOG) == (kept, None)


def test_messages_that_went_unread_are_a_gap() -> None:
    kept, gap = place("g", MARKS, replace(KEPT, next_offset=40), LOG)
    assert kept.next_offset == 100
    assert gap == Gap("g", MARKS, "lost", 40, 100, READ_AT, OLDEST_AT)


def test_a_log_that_ends_before_what_was_read_is_read_from_its_beginning() -> None:
    kept, gap = place("g", MARKS, replace(KEPT, next_offset=501), LOG)
    assert kept.next_offset == 100
    assert gap == Gap("g", MARKS, "log-shorter", 501, 500, READ_AT, OLDEST_AT)


@pytest.mark.parametrize("offset", [0, 200, 9_000])
def test_another_topic_of_the_name_is_read_from_its_beginning(offset: int) -> None:
    kept, gap = place("g", MARKS, replace(KEPT, next_offset=offset), replace(LOG, topic_id=OTHER, oldest=0))
    assert (kept.topic_id, kept.next_offset) == (OTHER, 0)
    assert gap == Gap("g", MARKS, "another-topic", offset, 0, READ_AT, OLDEST_AT)


def test_an_id_is_learnt_when_the_broker_has_one_and_kept_when_it_has_none() -> None:
    assert place("g", MARKS, replace(KEPT, topic_id=None), LOG) == (KEPT, None)
    assert place("g", MARKS, KEPT, replace(LOG, topic_id=None)) == (KEPT, None)


def test_a_bus_that_knows_of_more_than_the_database_says_that_this_was_restored() -> None:
    assert set_back("g", MARKS, KEPT, LOG, 300) == Restore("g", MARKS, 200, 300, READ_AT)
    assert set_back("g", MARKS, replace(KEPT, topic_id=None), LOG, 300) == Restore("g", MARKS, 200, 300, READ_AT)
    # As it is from one commit to the next.
    assert [set_back("g", MARKS, KEPT, LOG, committed) for committed in (0, 199, 200)] == [None] * 3


def test_a_database_that_was_lost_altogether_was_restored_to_its_beginning() -> None:
    assert set_back("g", MARKS, None, LOG, 300) == Restore("g", MARKS, 100, 300, None)
    assert [set_back("g", MARKS, None, LOG, committed) for committed in (0, 100)] == [None] * 2


def test_what_was_read_of_another_topic_of_the_name_says_nothing() -> None:
    assert set_back("g", MARKS, KEPT, replace(LOG, topic_id=OTHER), 300) is None
