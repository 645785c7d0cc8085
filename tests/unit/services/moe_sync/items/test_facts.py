"""Facts that events say, and those that no upload could hold."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.moe_sync.items.facts import RecordCrossed, RecordMentioned, ResponseGiven, ResponseTakenBack, Subject, facts_of
from services.moe_sync.roster.school import school_from
from services.moe_sync.roster.unfit import UnfitEventError
from shared.events.catalogue import (
    RECORD_UPDATED,
    RESPONSE_AMENDED,
    RESPONSE_RECORDED,
    RESPONSE_WITHDRAWN,
    STUDENT_UPDATED,
    THRESHOLD_CROSSED,
    THRESHOLD_RETRACTED,
)
from shared.events.data import (
    RecordUpdated,
    ResponseAmended,
    ResponseRecorded,
    ResponseWithdrawn,
    SchoolUpdated,
    StudentUpdated,
    TermDates,
    ThresholdCrossed,
    ThresholdRetracted,
)
from shared.events.envelope import Event
from shared.identifiers import star_record_id, student_id

NOW = datetime(2026, 10, 19, 9, tzinfo=UTC)
LATER = datetime(2026, 10, 20, 9, tzinfo=UTC)
STUDENT = student_id("0999", "12345")
RECORD = star_record_id(STUDENT, "2026-T4", 5)
RESPONSE = UUID("0e1f7a52-31a1-4a43-9b0e-0d1a5c0a3333")
SUBJECT = Subject("0999", "12345", STUDENT, "2026-T4", 5)

WHO: dict[str, Any] = {"record_id": RECORD, "school": "0999", "student": "12345", "student_id": STUDENT, "term": "2026-T4", "threshold": 5}


def crossing(kind: type[Any] = ThresholdCrossed, **changes: Any) -> Event:
    fields: dict[str, Any] = {
        "direction": "up",
        "from_tier": "green",
        "to_tier": "yellow",
        "absent_half_days": 11,
        "absent_days": 5.5,
        "occurred_on": date(2026, 10, 16),
        "sequence": 2,
    }
    event_type = THRESHOLD_CROSSED if kind is ThresholdCrossed else THRESHOLD_RETRACTED
    return Event(event_type, "id", "/test", NOW, str(STUDENT), kind(**(WHO | fields | changes)))


def updated(**changes: Any) -> Event:
    return Event(
        RECORD_UPDATED, "id", "/test", NOW, str(STUDENT), RecordUpdated(**(WHO | {"status": "closed", "updated_at": LATER} | changes))
    )


def responded(**changes: Any) -> Event:
    fields = {"response_id": RESPONSE, "activity": "in-school-support", "occurred_on": date(2026, 10, 20), "recorded_at": LATER}
    return Event(RESPONSE_RECORDED, "id", "/test", NOW, str(STUDENT), ResponseRecorded(**(WHO | fields | changes)))


def test_a_crossing_opens_and_a_retraction_withdraws() -> None:
    assert list(facts_of(crossing())) == [RecordCrossed(RECORD, SUBJECT, False, 2, 11, date(2026, 10, 16), NOW)]
    (fact,) = facts_of(crossing(ThresholdRetracted, direction="down"))
    assert isinstance(fact, RecordCrossed)
    assert fact.withdrawn


def test_staff_and_responses_carry_their_own_times() -> None:
    assert list(facts_of(updated())) == [RecordMentioned(RECORD, SUBJECT, "closed", LATER)]
    assert list(facts_of(responded())) == [
        RecordMentioned(RECORD, SUBJECT, None, LATER),
        ResponseGiven(RESPONSE, RECORD, SUBJECT, "in-school-support", date(2026, 10, 20), LATER),
    ]


def test_amended_and_withdrawn_responses_and_what_staff_say_of_a_record() -> None:
    fields = {"response_id": RESPONSE, "activity": "in-school-support", "occurred_on": date(2026, 10, 20), "recorded_at": NOW}
    amended = ResponseAmended(**(WHO | fields), amended_at=LATER)
    assert list(facts_of(Event(RESPONSE_AMENDED, "id", "/test", LATER, str(STUDENT), amended))) == [
        RecordMentioned(RECORD, SUBJECT, None, NOW),
        ResponseGiven(RESPONSE, RECORD, SUBJECT, "in-school-support", date(2026, 10, 20), LATER),
    ]
    withdrawn = ResponseWithdrawn(**WHO, response_id=RESPONSE, withdrawn_at=LATER)
    assert list(facts_of(Event(RESPONSE_WITHDRAWN, "id", "/test", LATER, str(STUDENT), withdrawn))) == [
        ResponseTakenBack(RESPONSE, RECORD, SUBJECT, LATER)
    ]
    assert list(facts_of(updated(absent_half_days=7, crossed_on=date(2026, 10, 15), outcome="resolved"))) == [
        RecordMentioned(RECORD, SUBJECT, "closed", LATER, 7, date(2026, 10, 15))
    ]


def test_a_record_is_made_by_hand_unless_a_crossing_makes_its_id() -> None:
    (of_crossing,) = facts_of(updated())
    (by_hand,) = facts_of(updated(record_id=RESPONSE))
    (without_threshold,) = facts_of(updated(threshold=None))
    found = [fact.by_hand for fact in (of_crossing, by_hand, without_threshold) if isinstance(fact, RecordMentioned)]
    assert found == [False, True, True]


@pytest.mark.parametrize(
    "event",
    [
        crossing(school="999"),
        crossing(school="09999"),
        crossing(school="０９９９"),
        crossing(term="T4"),
        crossing(student=""),
        crossing(student="x" * 65),
        crossing(student="Māui"),
        updated(term="2026-T5"),
        responded(activity="Conversation with whānau"),
        responded(activity="a" * 65),
        responded(activity=""),
        Event(
            STUDENT_UPDATED,
            "id",
            "/test",
            NOW,
            str(STUDENT),
            StudentUpdated(school="0999", student="1", student_id=STUDENT, given_name="A", family_name="B", updated_at=NOW),
        ),
    ],
)
def test_what_no_upload_could_hold_is_unfit_and_not_quoted(event: Event) -> None:
    with pytest.raises(UnfitEventError) as caught:
        list(facts_of(event))
    assert "whānau" not in str(caught.value)


def school(**changes: Any) -> SchoolUpdated:
    fields: dict[str, Any] = {"school": "0999", "name": "Kura", "terms": [], "updated_at": NOW}
    return SchoolUpdated(**(fields | changes))


def test_a_school_keeps_its_terms_in_order() -> None:
    first, second = TermDates("2026-T3", date(2026, 7, 20), date(2026, 9, 25)), TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18))
    kept = school_from(school(terms=[second, first], timezone="Pacific/Chatham"))
    assert [term.name for term in kept.terms] == ["2026-T3", "2026-T4"]
    assert kept.zone.key == "Pacific/Chatham"


@pytest.mark.parametrize(
    "said",
    [
        school(school="999"),
        school(timezone="Pacific"),
        school(timezone="Pacific/Hawaiki"),
        school(timezone="../etc/passwd"),
        school(terms=[TermDates("four", date(2026, 10, 12), date(2026, 12, 18))]),
        school(terms=[TermDates("2026-T4", date(2026, 12, 18), date(2026, 10, 12))]),
        school(
            terms=[
                TermDates("2026-T3", date(2026, 7, 20), date(2026, 10, 12)),
                TermDates("2026-T4", date(2026, 10, 12), date(2026, 12, 18)),
            ]
        ),
    ],
)
def test_a_school_without_a_calendar_that_can_be_reckoned_with_is_unfit(said: SchoolUpdated) -> None:
    with pytest.raises(UnfitEventError):
        school_from(said)
