"""Facts change records and responses to the same end, in whatever order they come."""

import itertools
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from services.moe_sync.items.facts import Fact, RecordCrossed, RecordMentioned, ResponseGiven, ResponseTakenBack, Subject
from services.moe_sync.items.item import RecordItem, ResponseItem
from services.moe_sync.items.tracking import Tracked, Version, identity_of, track
from shared.attendance.tiers import Threshold
from shared.identifiers import star_record_id, student_id

STUDENT = student_id("0999", "12345")
RECORD = star_record_id(STUDENT, "2026-T4", 5)
BY_HAND = UUID("5f0d8d1e-59b3-4f6a-8d0a-0c1b2d3e4f50")
RESPONSE = UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333")
START = datetime(2026, 10, 19, 9, tzinfo=UTC)
LATER = START + timedelta(days=1)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def subject(threshold: Threshold | None = 5) -> Subject:
    return Subject("0999", "12345", STUDENT, "2026-T4", threshold)


def crossed(sequence: int, minutes: int, *, half_days: int = 10) -> RecordCrossed:
    return RecordCrossed(RECORD, subject(), False, sequence, half_days, date(2026, 10, 18 + sequence), at(minutes))


def retracted(sequence: int, minutes: int) -> RecordCrossed:
    return RecordCrossed(RECORD, subject(), True, sequence, 9, date(2026, 10, 20), at(minutes))


def staff(status: str | None, minutes: int, record: UUID = RECORD, threshold: Threshold | None = 5) -> RecordMentioned:
    return RecordMentioned(record, subject(threshold), status, at(minutes))  # type: ignore[arg-type]


def given(minutes: int, activity: str = "in-school-support", record: UUID = RECORD) -> ResponseGiven:
    return ResponseGiven(RESPONSE, record, subject(), activity, date(2026, 10, 20), at(minutes))


def follow(facts: Sequence[Fact], items: dict[UUID, Tracked] | None = None, heard_at: datetime = LATER) -> list[Version]:
    items = {} if items is None else items
    for fact in facts:
        items.setdefault(identity_of(fact).id, Tracked(identity_of(fact)))
    return track(facts, items, heard_at)


def record(days: float, day: int, status: str, sequence: int) -> RecordItem:
    return RecordItem(RECORD, STUDENT, "12345", 5, days, date(2026, 10, day), status, sequence, "2026-T4", "crossing")  # type: ignore[arg-type]


def test_crossings_retractions_and_staff_make_versions() -> None:
    said: list[Fact] = [crossed(1, 0), staff("closed", 1), retracted(1, 2), crossed(2, 3, half_days=11)]
    said += [staff("closed", 4), staff("open", 5)]
    assert follow(said) == [
        Version(record(5.0, 19, "open", 1), 1, at(0)),
        Version(record(5.0, 19, "closed", 1), 2, at(1)),
        Version(record(5.0, 19, "withdrawn", 1), 3, at(2)),
        Version(record(5.5, 20, "open", 2), 4, at(3)),
        Version(record(5.5, 20, "closed", 2), 5, at(4)),
        Version(record(5.5, 20, "open", 2), 6, at(5)),
    ]


def test_repeats_and_older_facts_change_nothing() -> None:
    items: dict[UUID, Tracked] = {}
    said: list[Fact] = [crossed(1, 0), retracted(1, 2), crossed(2, 3), staff("closed", 4), given(5)]
    follow(said, items)
    assert follow(said, items) == []
    assert follow([crossed(1, 60), retracted(1, 60), staff("open", 1), given(1, "ministry-escalation")], items) == []
    assert items[RECORD].revision == 4
    assert items[RECORD].changed_at == at(4)


def test_every_order_ends_in_the_same_item() -> None:
    said: list[Fact] = [crossed(1, 0), staff("closed", 1), retracted(1, 2), crossed(2, 3), staff("closed", 4)]
    ends = set()
    for order in itertools.permutations(said):
        chance = random.Random(0)
        ends.add(repr(follow([*order, *chance.sample(order, 2)])[-1].item))
    assert ends == {repr(record(5.0, 20, "closed", 2))}


def test_staff_cant_open_what_corrected_marks_have_withdrawn() -> None:
    assert follow([crossed(1, 0), retracted(1, 1), staff("open", 2)])[-1].item == record(5.0, 19, "withdrawn", 1)


def test_staff_win_against_a_crossing_of_the_same_moment() -> None:
    assert follow([crossed(1, 0), staff("closed", 0)])[-1].item == record(5.0, 19, "closed", 1)


def test_what_staff_say_before_the_crossing_has_arrived_waits_for_it() -> None:
    items: dict[UUID, Tracked] = {}
    assert follow([staff("closed", 1), staff(None, 1)], items) == []
    assert follow([crossed(1, 0)], items) == [Version(record(5.0, 19, "closed", 1), 1, at(0))]


def test_a_retraction_alone_still_says_what_it_took_back() -> None:
    (version,) = follow([retracted(1, 0)])
    assert version.item == record(4.5, 20, "withdrawn", 1)


@pytest.mark.parametrize(("threshold", "days"), [(None, 0.0), (10, 10.0)])
def test_a_record_made_by_hand(threshold: Threshold | None, days: float) -> None:
    # 19 October 12:00 UTC is the 20th in New Zealand.
    made = staff("open", 180, BY_HAND, threshold)
    (opened, closed) = follow([made, staff("closed", 200, BY_HAND, threshold)])
    assert opened.item == RecordItem(BY_HAND, STUDENT, "12345", threshold, days, date(2026, 10, 20), "open", 1, "2026-T4", "staff")
    assert (closed.item.id, closed.item.status) == (BY_HAND, "closed")  # type: ignore[union-attr]


def test_a_response_on_a_record_made_by_hand_is_enough_to_know_it() -> None:
    mention = staff(None, 0, BY_HAND, None)
    versions = follow([mention, given(0, record=BY_HAND)])
    assert [type(version.item) for version in versions] == [RecordItem, ResponseItem]
    assert versions[0].item.status == "open"  # type: ignore[union-attr]


def test_a_response_said_anew_is_a_new_version() -> None:
    versions = follow([given(0), given(1, "ministry-escalation")])
    assert [(version.item.activity, version.revision) for version in versions] == [  # type: ignore[union-attr]
        ("in-school-support", 1),
        ("ministry-escalation", 2),
    ]


def test_versions_never_go_back_in_time() -> None:
    # The retraction's own clock is behind: the version it makes is not older than the one it follows.
    versions = follow([crossed(1, 10), retracted(1, 5)])
    assert [version.changed_at for version in versions] == [at(10), at(10)]


def taken_back(minutes: int) -> ResponseTakenBack:
    return ResponseTakenBack(RESPONSE, RECORD, subject(), at(minutes))


def test_a_response_that_was_withdrawn_never_happened_in_whatever_order_it_is_told() -> None:
    gone = ResponseItem(RESPONSE, RECORD, STUDENT, "in-school-support", date(2026, 10, 20), withdrawn=True)
    assert [version.item for version in follow([given(0), taken_back(2)])] == [replace(gone, withdrawn=False), gone]
    assert [version.item for version in follow([taken_back(2), given(0)])] == [gone]
    # An amendment from before the withdrawal that arrives after it, and a repeat.
    assert [version.item for version in follow([given(0), taken_back(2), given(1, "ministry-escalation"), taken_back(2)])][-1] == replace(
        gone, activity="ministry-escalation"
    )
    assert follow([taken_back(2)]) == []


def test_a_record_made_by_hand_says_what_staff_say_of_its_opening() -> None:
    told = RecordMentioned(BY_HAND, subject(10), "open", at(0), 15, date(2026, 10, 14))
    assert follow([told])[-1].item == RecordItem(BY_HAND, STUDENT, "12345", 10, 7.5, date(2026, 10, 14), "open", 1, "2026-T4", "staff")
    # The newest word counts, and one that says nothing of it changes nothing.
    corrected = RecordMentioned(BY_HAND, subject(10), "closed", at(2), 16, date(2026, 10, 15))
    silent = RecordMentioned(BY_HAND, subject(10), "open", at(3))
    for order in itertools.permutations([told, corrected, silent]):
        item = follow(order)[-1].item
        assert isinstance(item, RecordItem)
        assert (item.days_absent, item.crossed_on, item.status) == (8.0, date(2026, 10, 15), "open")


def test_a_crossing_knows_better_than_staff_what_the_total_was() -> None:
    told = RecordMentioned(RECORD, subject(), "closed", at(1), 3, date(2026, 1, 1))
    assert follow([crossed(1, 0), told])[-1].item == record(5.0, 19, "closed", 1)


def test_what_a_clock_ahead_says_was_so_when_it_was_heard_of() -> None:
    items: dict[UUID, Tracked] = {}
    (opened,) = follow([crossed(1, 60 * 24 * 7)], items, at(5))
    (closed,) = follow([staff("closed", 60 * 24 * 7 + 1)], items, at(7))
    assert (opened.changed_at, closed.changed_at, closed.item) == (at(5), at(7), record(5.0, 19, "closed", 1))
    # Our own clock was ahead when we heard of it, and was set back since.
    (again,) = follow([staff("open", 60 * 24 * 7 + 2)], items, at(6))
    assert (again.changed_at, again.revision) == (at(6), 3)
