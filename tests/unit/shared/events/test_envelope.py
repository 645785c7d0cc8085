"""Events survive the trip, and what is no event is told apart without a word of what it said."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest

from shared.bus.interface import Headers, Message, Outgoing
from shared.events import catalogue, data
from shared.events.catalogue import EVENTS, EventType
from shared.events.envelope import Event, PoisonMessageError, Tombstone, as_cloudevent, decode, tombstone

NZDT = timezone(timedelta(hours=13))
AT = datetime(2026, 10, 19, 9, 5, 0, 123456, tzinfo=NZDT)
STUDENT = UUID("11111111-1111-5111-8111-111111111111")
RECORD = UUID("22222222-2222-5222-8222-222222222222")

CROSSING = {
    "school": "0999",
    "student": "12345",
    "student_id": STUDENT,
    "term": "2026-T4",
    "threshold": 5,
    "from_tier": "green",
    "to_tier": "yellow",
    "absent_half_days": 10,
    "absent_days": 5.0,
    "occurred_on": date(2026, 10, 19),
    "sequence": 1,
    "record_id": RECORD,
}
OF_STUDENT = {"school": "0999", "student": "12345", "student_id": STUDENT}

EXAMPLES: dict[EventType, object] = {
    catalogue.MARKS_RECORDED: data.MarksRecorded(
        "0999",
        "api",
        AT,
        [
            data.Mark("12345", date(2026, 10, 13), AT, session="AM", code="M"),
            data.Mark("12345", date(2026, 10, 13), AT, slot=3, code="?", minutes=20),
            data.Mark("12345", date(2026, 10, 13), AT, session="PM"),
            data.Mark("T\u0101ne 7", date(2026, 10, 13), AT, half_days=data.VendorCount(1, 0, 1)),
        ],
    ),
    catalogue.SCHOOL_UPDATED: data.SchoolUpdated(
        school="0999",
        name="Te Kura o \u014ctautahi",
        terms=[data.TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18))],
        closed_days=[date(2026, 10, 26)],
        half_days=[date(2026, 12, 18)],
        slots=[data.TimetableSlot(1, "Period 1", 60)],
        contact_email="office@example.school.nz",
        timezone="Pacific/Chatham",
        updated_at=AT,
    ),
    catalogue.CHANGE_PROPOSED: data.ChangeProposed(
        proposal_id=UUID(int=7),
        school="0999",
        based_on=AT,
        enrolments=[data.ProposedEnrolment(student="12345", starts_on=date(2026, 10, 12), attends={"mon": ["AM"]})],
    ),
    catalogue.CHANGE_JUDGED: data.ChangeJudged(
        proposal_id=UUID(int=7), school="0999", totals_changed=12, crossings_up=3, crossings_down=0, letters=2
    ),
    catalogue.STUDENT_ERASED: data.StudentErased(**OF_STUDENT, erased_at=AT),  # type: ignore[arg-type]
    catalogue.STUDENT_UPDATED: data.StudentUpdated(
        **OF_STUDENT,
        given_name="\u0100taria",
        family_name="O'Neill \U0001f33f",
        year_level=9,
        groups=["9A"],
        nsn="123456789",
        caregivers=[data.Caregiver(name="Whaea", email="w@example.org", language="mi", notify=False)],
        updated_at=AT,
    ),
    catalogue.THRESHOLD_CROSSED: data.ThresholdCrossed(**CROSSING, direction="up"),
    catalogue.THRESHOLD_RETRACTED: data.ThresholdRetracted(**CROSSING, direction="down"),
    catalogue.RESPONSE_RECORDED: data.ResponseRecorded(
        **OF_STUDENT,
        response_id=STUDENT,
        record_id=RECORD,
        term="2026-T4",
        threshold=None,
        activity="conversation-with-whanau",
        occurred_on=date(2026, 10, 20),
        recorded_at=AT,
    ),
    catalogue.RECORD_UPDATED: data.RecordUpdated(
        **OF_STUDENT, record_id=RECORD, term="2026-T4", threshold=15, status="closed", updated_at=AT
    ),
    catalogue.RESPONSE_AMENDED: data.ResponseAmended(
        **OF_STUDENT,
        response_id=STUDENT,
        record_id=RECORD,
        term="2026-T4",
        threshold=5,
        activity="meeting-with-whanau",
        occurred_on=date(2026, 10, 20),
        recorded_at=AT,
        amended_at=AT + timedelta(days=1),
    ),
    catalogue.RESPONSE_WITHDRAWN: data.ResponseWithdrawn(
        **OF_STUDENT, response_id=STUDENT, record_id=RECORD, term="2026-T4", threshold=5, withdrawn_at=AT
    ),
    catalogue.THRESHOLD_APPROACHING: data.ThresholdApproaching(
        **OF_STUDENT, term="2026-T4", threshold=5, absent_half_days=9, absent_days=4.5, left_half_days=1, occurred_on=date(2026, 10, 15)
    ),
    catalogue.STANDING_CHANGED: data.StandingChanged(
        **OF_STUDENT,
        term="2026-T4",
        tier="yellow",
        absent_half_days=11,
        absent_days=5.5,
        absent_on=[data.AbsentDay(date=date(2026, 10, 12), half_days=2)],
        illness_half_days=1,
        version=3,
    ),
    catalogue.FAMILY_REPLIED: data.FamilyReplied(
        **OF_STUDENT,
        reply_id=UUID(int=8),
        letter_id=UUID(int=9),
        term="2026-T4",
        threshold=10,
        channel="email",
        choice="need-help",
        has_words=True,
        hold_until=date(2026, 11, 30),
        replied_at=AT,
    ),
    catalogue.LETTER_SENT: data.LetterSent(
        **OF_STUDENT,
        delivery_id=UUID(int=8),
        letter_id=UUID(int=9),
        term="2026-T4",
        threshold=10,
        channel="paper",
        corrects=UUID(int=10),
        digest="0" * 64,
        sent_at=AT,
    ),
    catalogue.LETTER_CAME_BACK: data.LetterCameBack(school="0999", student_id=STUDENT, delivery_id=UUID(int=8), came_back_at=AT),
    catalogue.STATEMENTS_REQUESTED: data.StatementsRequested(
        school="0999", term="2026-T4", occasion="back-on-track", on=date(2026, 11, 23), clear_days=15, compared=True, requested_at=AT
    ),
    catalogue.STATEMENT_MADE: data.StatementMade(
        **OF_STUDENT,
        term="2026-T4",
        occasion="back-on-track",
        on=date(2026, 11, 23),
        since=date(2026, 11, 9),
        tier="yellow",
        absent_half_days=11,
        absent_days=5.5,
        absent_on=[data.AbsentDay(date=date(2026, 10, 12), half_days=2)],
        illness_half_days=1,
        standing=3,
        school_average_days=2.5,
    ),
    catalogue.LETTERS_HELD: data.LettersHeld(**OF_STUDENT, term="2026-T4", threshold=10, until=date(2026, 11, 30), held_at=AT),
    catalogue.LETTERS_RELEASED: data.LettersReleased(**OF_STUDENT, term="2026-T4", released_at=AT),
    catalogue.PLAN_PUBLISHED: data.PlanPublished(
        school="0999", version=2, effective_on=date(2027, 1, 28), review_on=date(2029, 12, 1), published_at=AT
    ),
    catalogue.PLAN_REVIEW_DUE: data.PlanReviewDue(school="0999", version=2, review_on=date(2029, 12, 1), noticed_at=AT),
    catalogue.DUTIES_DUE: data.DutiesDue(
        school="0999",
        account="dean",
        day=date(2026, 11, 20),
        duties=[data.Duty(kind="overdue", student_id=OF_STUDENT["student_id"], due=date(2026, 11, 13), threshold=5)],
        waiting=2,
        noticed_at=AT,
    ),
    catalogue.DEAD_LETTERED: data.DeadLettered(
        dead_letter_id=RECORD, service="thresholds", topic="star.marks.v1", partition=3, offset=2**40, reason="no-calendar", count=7
    ),
    catalogue.DEAD_LETTER_SETTLED: data.DeadLetterSettled(dead_letter_id=RECORD, service="notifier", outcome="discarded"),
}


def as_read(sent: Outgoing) -> Message:
    return Message(sent.topic, 0, 0, sent.key, sent.value, sent.headers)


@pytest.mark.parametrize("event_type", EVENTS, ids=lambda event_type: event_type.name)
def test_every_event_of_the_catalogue_survives_the_trip(event_type: EventType) -> None:
    sent = Event(event_type, "id-1", "/thresholds", AT, "k\u0113", EXAMPLES[event_type])  # type: ignore[arg-type]
    message = sent.encode()

    assert decode(as_read(message)) == sent
    assert message.topic == event_type.topic.name


def test_an_event_travels_in_cloudevents_binary_mode() -> None:
    message = Event(
        catalogue.THRESHOLD_CROSSED, "id-1", "/thresholds", AT, str(STUDENT), data.ThresholdCrossed(**CROSSING, direction="up")
    ).encode()

    assert dict(message.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": b"id-1",
        "ce_source": b"/thresholds",
        "ce_type": b"nz.star.threshold.crossed.v1",
        "ce_time": b"2026-10-19T09:05:00.123456+13:00",
        "content-type": b"application/json",
    }
    assert message.key == str(STUDENT).encode()
    assert json.loads(message.value or b"") == {
        **CROSSING,
        "student_id": str(STUDENT),
        "record_id": str(RECORD),
        "direction": "up",
        "occurred_on": "2026-10-19",
        "absent_on": [],
        "illness_half_days": 0,
        "standing": 0,
    }


def test_a_tombstone_survives_the_trip() -> None:
    assert decode(as_read(tombstone("star.students.v1", "k\u0113"))) == Tombstone("k\u0113")


def test_fields_that_a_reader_does_not_know_are_passed_over() -> None:
    message = Event(catalogue.RECORD_UPDATED, "id-1", "/thresholds", AT, "k", EXAMPLES[catalogue.RECORD_UPDATED]).encode()  # type: ignore[arg-type]
    newer = {**json.loads(message.value or b""), "added_later": {"deep": [1, None]}}
    read = decode(Message(message.topic, 0, 0, b"k", json.dumps(newer).encode(), message.headers))
    assert isinstance(read, Event)
    assert read.data == EXAMPLES[catalogue.RECORD_UPDATED]


GOOD = Event(catalogue.MARKS_RECORDED, "id-1", "/ingest", AT, "0999", EXAMPLES[catalogue.MARKS_RECORDED]).encode()  # type: ignore[arg-type]
SECRET = "Jane Doe"


def without(name: str) -> Headers:
    return tuple(header for header in GOOD.headers if header[0] != name)


def changed(name: str, value: bytes) -> Headers:
    return (*without(name), (name, value))


@pytest.mark.parametrize(
    ("key", "headers", "reason"),
    [
        (None, GOOD.headers, "not-an-event"),
        (b"\xff\xfe", GOOD.headers, "not-an-event"),
        (b"0999", (), "not-an-event"),
        (b"0999", without("ce_type"), "not-an-event"),
        (b"0999", without("ce_id"), "not-an-event"),
        (b"0999", without("ce_source"), "not-an-event"),
        (b"0999", without("ce_time"), "not-an-event"),
        (b"0999", changed("ce_id", b"\xff"), "not-an-event"),
        (b"0999", changed("ce_time", SECRET.encode()), "not-an-event"),
        (b"0999", changed("ce_time", b""), "not-an-event"),
        (b"0999", changed("ce_time", b"2026-10-19T09:05:00"), "not-an-event"),
        (b"0999", changed("ce_type", b""), "unknown-event"),
        (b"0999", changed("ce_type", b"nz.star.marks.recorded.v2"), "unknown-event"),
        (b"0999", changed("ce_type", SECRET.encode()), "unknown-event"),
    ],
)
def test_what_is_not_an_event_is_poison(key: bytes | None, headers: Headers, reason: str) -> None:
    with pytest.raises(PoisonMessageError) as poison:
        decode(Message(GOOD.topic, 0, 0, key, GOOD.value, headers))
    assert poison.value.reason == reason
    assert SECRET not in str(poison.value)


def marks(**changes: object) -> bytes:
    mark = {"student": "12345", "date": "2026-10-13", "recorded_at": "2026-10-13T09:05:00+13:00", "session": "AM", "code": "M"}
    return json.dumps({"school": "0999", "source": "api", "received_at": AT.isoformat(), "marks": [mark | changes]}).encode()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"null",
        b"[]",
        SECRET.encode(),
        f'"{SECRET}"'.encode(),
        b'{"school": "0999"}',
        marks()[:-1],
        marks() + SECRET.encode(),
        marks(session=SECRET),
        marks(session=f"{SECRET}' - at `$.x`"),
        marks(date=SECRET),
        marks(recorded_at=SECRET),
        marks(recorded_at="2026-10-13T09:05:00"),
        marks(slot=SECRET),
        marks(student=None),
        marks(half_days={"unjustified": 3, "justified": 0, "present": 0}),
        marks(student="a\x00b"),
        marks().replace(b"12345", b"\xff\xfe"),
        marks().replace(b"12345", b"\\ud800"),
        marks(added=0).replace(b'"added": 0', b'"added": ' + b"[" * 100_000 + b"]" * 100_000),
    ],
)
def test_data_that_is_not_what_its_type_promises_is_poison(value: bytes) -> None:
    with pytest.raises(PoisonMessageError) as poison:
        decode(Message(GOOD.topic, 0, 0, b"0999", value, GOOD.headers))
    assert poison.value.reason == "bad-data"
    assert poison.value.detail
    assert SECRET not in str(poison.value)


def test_bad_data_is_located() -> None:
    with pytest.raises(PoisonMessageError, match=r"\$\.marks\[0\]\.session"):
        decode(Message(GOOD.topic, 0, 0, b"0999", marks(session=SECRET), GOOD.headers))


def test_an_event_in_structured_mode() -> None:
    at = datetime(2026, 10, 19, tzinfo=UTC)
    assert as_cloudevent("id-1", "/thresholds", "nz.star.threshold.crossed.v1", at, {"school": "0999"}) == {
        "specversion": "1.0",
        "id": "id-1",
        "source": "/thresholds",
        "type": "nz.star.threshold.crossed.v1",
        "time": "2026-10-19T00:00:00+00:00",
        "datacontenttype": "application/json",
        "data": {"school": "0999"},
    }
