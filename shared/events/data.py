"""The data of each event: the shapes of the JSON values on the topics.

Dates are `YYYY-MM-DD`, times RFC 3339 with an offset. A reader ignores fields it does not know, so that fields can be added within a
version.
"""

from datetime import date, datetime, time
from typing import Annotated, Final, Literal
from uuid import UUID

from msgspec import Meta, Raw, Struct

from shared.attendance.enrolment import Weekday
from shared.attendance.tiers import Threshold, Tier
from shared.attendance.timetable import Session
from shared.clock import HOME_ZONE

Moment = Annotated[datetime, Meta(tz=True)]
HalfDayCount = Annotated[int, Meta(ge=0, le=2)]


MOST_VERSIONS: Final = 2_147_483_647
"""The most that an integer column of PostgreSQL holds. Versions are counted one by one."""


class VendorCount(Struct, frozen=True):
    """A student management system's own half days of one student's day; each 0 to 2."""

    unjustified: HalfDayCount
    justified: HalfDayCount
    present: HalfDayCount


class Mark(Struct, frozen=True, omit_defaults=True):
    """One source's code for one student's session or timetable slot, or its count of the day, at one moment.

    Exactly one of three kinds: `session`, `slot`, or neither, which is the vendor's own count of the day in `half_days`.
    `code` None (or `half_days` None) takes the mark back. `minutes` is how much of the slot the code covers, None for all of it.
    `carried`: `half_days` is what another school counted on a day of this term, before the student came.
    """

    student: str
    date: date
    recorded_at: Moment
    session: Literal["AM", "PM"] | None = None
    slot: int | None = None
    code: str | None = None
    minutes: int | None = None
    half_days: VendorCount | None = None
    carried: bool = False


class MarksRecorded(Struct, frozen=True):
    """Up to 500 marks of one school: the roll as it was posted. `received_at` breaks ties between equal `recorded_at`."""

    school: str
    source: str
    received_at: Moment
    marks: list[Mark]


class MarksPosted(Struct, frozen=True):
    """MarksRecorded as the door writes it: marks that were validated are passed on as they came, not encoded again."""

    school: str
    source: str
    received_at: Moment
    marks: list[Raw]


class TermDates(Struct, frozen=True):
    """A term; both days are included."""

    term: str
    start: date
    end: date


class TimetableSlot(Struct, frozen=True):
    """A period of the timetable; `minutes` is its length. `session` says which half of the day it is in; null leaves that to its place."""

    slot: int
    name: str
    minutes: int
    session: Session | None = None


class DatedTimetable(Struct, frozen=True, rename={"start": "from"}):
    """The slots that hold from a day on: every day, on some weekdays others (`weekdays`), or in a `cycle` of so many school days.

    Day 1 of the cycle is the first school day from `from` on, and from each of `cycle_starts` on.
    """

    start: date
    slots: list[TimetableSlot] = []
    weekdays: dict[Weekday, list[TimetableSlot]] = {}
    cycle: list[list[TimetableSlot]] = []
    cycle_starts: list[date] = []


class DaySlots(Struct, frozen=True):
    """The slots of one day, whatever the timetable says."""

    date: date
    slots: list[TimetableSlot]


class Dean(Struct, frozen=True, kw_only=True):
    """The person at a school who looks after a year level (`year:10`) or a group (`10A`)."""

    group: str
    name: str
    email: str | None = None
    phone: str | None = None


class StaffMember(Struct, frozen=True, kw_only=True):
    """A member of a school's staff: `account` is the subject of their tokens, `role` and `groups` are as in those; without `groups`, they
    look after the whole school.

    They are away from `away_from` to `away_until`, both included; null for `away_until` means for good. `stand_in` is the account of the
    person who then sees to what is theirs.
    """

    account: str
    name: str
    email: str | None = None
    role: Literal["respond", "manage", "admin"] = "respond"
    groups: list[str] = []
    away_from: date | None = None
    away_until: date | None = None
    stand_in: str | None = None


class Staff(Struct, frozen=True, kw_only=True):
    """The people of a school to whom work belongs. `remind_at`: the time, on the school's clock, of each school day's reminders; null for
    none. `next_role_after`: so many school days after its due day a thing goes to the next role; null for never.
    """

    people: list[StaffMember] = []
    remind_at: time | None = None
    next_role_after: Annotated[int, Meta(ge=1, le=100)] | None = None


class PastTerms(Struct, frozen=True, kw_only=True):
    """The choices by which terms that are over were counted. Their days (closed ones, half days, slots of one day) stand with those of
    the other terms."""

    terms: list[str]
    region: str | None = None
    slots: list[TimetableSlot] = []
    timetables: list[DatedTimetable] = []
    blanks_are_truant: bool = False
    count_carried_absences: bool = False
    code_classes: dict[str, Literal["justified", "unjustified"]] = {}


class SchoolUpdated(Struct, frozen=True, kw_only=True):
    """A school as it is now: name, calendar, timetable, contact, and its choices where the Ministry's rules leave some open.

    `open_days` are days on which the school opens although they are public holidays. `slots` hold until the first of `timetables`;
    `day_slots` are the exceptions.
    `code_classes` says what an absence code counts as, for codes whose class is open. `count_carried_absences`: a new student's absences
    at another school in the same term count here too. `past_terms`: terms that are over keep the choices by which they were counted.
    """

    school: str
    name: str
    terms: list[TermDates]
    closed_days: list[date] = []
    half_days: list[date] = []
    open_days: list[date] = []
    region: str | None = None
    slots: list[TimetableSlot] = []
    timetables: list[DatedTimetable] = []
    day_slots: list[DaySlots] = []
    blanks_are_truant: bool = False
    count_carried_absences: bool = False
    code_classes: dict[str, Literal["justified", "unjustified"]] = {}
    contact_email: str | None = None
    phone: str | None = None
    contact_name: str | None = None
    postal_address: str | None = None
    website: str | None = None
    deans: list[Dean] = []
    staff: Staff | None = None
    timezone: str = HOME_ZONE
    past_terms: list[PastTerms] = []
    updated_at: Moment


class Caregiver(Struct, frozen=True, kw_only=True):
    """Somebody who looks after a student. Letters go to those with an e-mail address and `notify`, if the words about them allow it.

    `status`, `role` and `relationship` are the words of the school's own system: free text. `postal_address` has a part on each line, or
    commas between them.
    """

    name: str
    email: str | None = None
    phone: str | None = None
    language: str = "en"
    notify: bool = True
    status: str | None = None
    role: str | None = None
    relationship: str | None = None
    postal_address: str | None = None


class StudentUpdated(Struct, frozen=True, kw_only=True):
    """A student as the school's system has them now. The only event with names, addresses and the national student number.

    The student is on the roll from `starts_on` to `leaves_on`, both included; a start after the leaving date means that the student has
    come back. `attends` has the sessions attended on each weekday; null means all.

    `key` is the school's own key, where the child is not the first to have it: `student` is then a key of the engine's, and marks of that
    key are this student's from `key_since` on. `other_keys` are keys of the same child: their marks count here.
    `other_caregivers` are those whom the school lists under the other keys: no letter goes to them for that, and none to a caregiver who
    is one of them and must not be written to by what is listed there.
    """

    school: str
    student: str
    student_id: UUID
    given_name: str
    family_name: str
    year_level: Annotated[int, Meta(ge=0, le=15)] | None = None
    groups: list[str] = []
    nsn: str | None = None
    caregivers: list[Caregiver] = []
    starts_on: date | None = None
    leaves_on: date | None = None
    attends: dict[Weekday, list[Session]] | None = None
    key: str | None = None
    key_since: Moment | None = None
    other_keys: list[str] = []
    other_caregivers: list[Caregiver] = []
    updated_at: Moment


class ProposedEnrolment(Struct, frozen=True, kw_only=True):
    """The dates and sessions that a student would have; see `StudentUpdated`."""

    student: str
    starts_on: date | None = None
    leaves_on: date | None = None
    attends: dict[Weekday, list[Session]] | None = None


class ChangeProposed(Struct, frozen=True, kw_only=True):
    """A school asks for the effect of a change before it makes it: of its calendar, or of students' dates. Nothing has changed yet.

    `calendar` is the school as it would be, and `enrolments` are the students' dates as they would be. `based_on` is the `updated_at` of
    the school that the change starts from: whoever computes the effect has that school first.
    """

    proposal_id: UUID
    school: str
    based_on: Moment
    calendar: SchoolUpdated | None = None
    enrolments: list[ProposedEnrolment] = []


class ChangeJudged(Struct, frozen=True, kw_only=True):
    """The effect that a proposed change would have on the register.

    `totals_changed` counts students, `crossings_up` and `crossings_down` the thresholds that they would pass, and `letters` the students
    who would pass one upwards in a running term and have a caregiver who may be written to.
    """

    proposal_id: UUID
    school: str
    totals_changed: Annotated[int, Meta(ge=0, le=1_000_000)]
    crossings_up: Annotated[int, Meta(ge=0, le=1_000_000)]
    crossings_down: Annotated[int, Meta(ge=0, le=1_000_000)]
    letters: Annotated[int, Meta(ge=0, le=1_000_000)]


class StudentErased(Struct, frozen=True, kw_only=True):
    """A school has had a student's personal data erased: what was said of the student up to `erased_at` is gone everywhere.

    It names nobody: registers are kept under the school's key of the student, and the id that is made of it.
    """

    school: str
    student: str
    student_id: UUID
    erased_at: Moment


class AbsentDay(Struct, frozen=True):
    """A school day on which a student was absent, and for how many of its half days."""

    date: date
    half_days: Annotated[int, Meta(ge=1, le=2)]


class Crossing(Struct, frozen=True, kw_only=True):
    """A student's total passed a threshold, up or down.

    `from_tier` and `to_tier` are the tiers before and after all marks that were applied together; when they pass several
    thresholds, there is one event for each, and all name the same two tiers. `absent_half_days` is the total after them.
    `occurred_on` is the school day on which the total reached the threshold (up), or the day of the correction (down).
    `sequence` counts the times this student crossed this threshold upwards in this term; a retraction carries the number of the
    crossing that it takes back. `absent_on` are the days that make up the total, and `illness_half_days` how much of it was illness,
    so that a letter can speak of both. `standing` is the version of the student's standing after them; 0 from before there were any.
    """

    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold
    direction: Literal["up", "down"]
    from_tier: Tier
    to_tier: Tier
    absent_half_days: Annotated[int, Meta(ge=0, le=1_000)]
    absent_days: float
    occurred_on: date
    sequence: Annotated[int, Meta(ge=1, le=1_000_000)]
    record_id: UUID
    absent_on: list[AbsentDay] = []
    illness_half_days: Annotated[int, Meta(ge=0, le=1_000)] = 0
    standing: Annotated[int, Meta(ge=0, le=MOST_VERSIONS)] = 0


class ThresholdCrossed(Crossing, frozen=True, kw_only=True):
    """A student has been absent as many days as a threshold says."""


class ThresholdRetracted(Crossing, frozen=True, kw_only=True):
    """Corrected marks took a student back under a threshold that had been crossed."""


class ThresholdApproaching(Struct, frozen=True, kw_only=True):
    """A student's total has come within a day of a threshold.

    `left_half_days` more half days absent reach it; `occurred_on` is the day on which it came near. It is said once for each time that
    the total comes near: marks that take it out and bring it back on the same day say it once.
    """

    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold
    absent_half_days: Annotated[int, Meta(ge=0, le=1_000)]
    absent_days: float
    left_half_days: Annotated[int, Meta(ge=1, le=2)]
    occurred_on: date


class StandingChanged(Struct, frozen=True, kw_only=True):
    """The total, the days or the illness of a student who has reached a threshold changed, whether or not a threshold was passed.

    The fields say what is so after all marks that were applied together. A student who falls below every threshold has one more, with
    the tier green. `version` counts the standings of one student's term: a higher one is newer.
    """

    school: str
    student: str
    student_id: UUID
    term: str
    tier: Tier
    absent_half_days: Annotated[int, Meta(ge=0, le=1_000)]
    absent_days: float
    absent_on: list[AbsentDay]
    illness_half_days: Annotated[int, Meta(ge=0, le=1_000)]
    version: Annotated[int, Meta(ge=1, le=MOST_VERSIONS)]


class ResponseRecorded(Struct, frozen=True, kw_only=True):
    """A school's response activity on a STAR record. Staff and notes stay at home: they can hold names."""

    response_id: UUID
    record_id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold | None
    activity: str
    occurred_on: date
    recorded_at: Moment


class ResponseAmended(ResponseRecorded, frozen=True, kw_only=True):
    """A response activity was recorded wrongly, and now reads like this. `recorded_at` stays what it was."""

    amended_at: Moment


class ResponseWithdrawn(Struct, frozen=True, kw_only=True):
    """A response activity was recorded by mistake: it never happened."""

    response_id: UUID
    record_id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold | None
    withdrawn_at: Moment


class RecordUpdated(Struct, frozen=True, kw_only=True):
    """Staff opened, closed or changed a STAR record. (Crossings open and withdraw records by themselves.)

    `absent_half_days` and `crossed_on` are the record's: the total when it was opened, and that day. `due_on` is the day by which the
    school wants to have answered. `outcome` is that of a closed record. The person it is assigned to stays at home.
    """

    record_id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold | None
    status: Literal["open", "closed"]
    updated_at: Moment
    absent_half_days: Annotated[int, Meta(ge=0, le=1_000)] | None = None
    crossed_on: date | None = None
    due_on: date | None = None
    outcome: str | None = None


class LettersHold(Struct, frozen=True, kw_only=True):
    """A hold on a student's letters of a term: of one threshold, or of all for None. It has no reason, which can be about health."""

    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold | None = None


class LettersHeld(LettersHold, frozen=True, kw_only=True):
    """The school holds a student's letters, up to and with the day `until`, or to the end of the term. Counting goes on.

    Another one for the same student, term and threshold takes the place of the one before.
    """

    until: date | None = None
    held_at: Moment


class LettersReleased(LettersHold, frozen=True, kw_only=True):
    """The school holds a student's letters no longer."""

    released_at: Moment


ReplyChoice = Literal["ill", "school-matter", "need-help", "wrong-number", "ring-me"]
"""The answers of a family to a letter: the child is ill; it is about something at school; the family needs help; the number of days is
wrong; somebody should ring."""


class FamilyReplied(Struct, frozen=True, kw_only=True):
    """A family has answered a letter by the link in it. Their own words stay at home: they can hold names.

    `hold_until`: the school's policy holds the student's letters up to and with this day, so that staff can answer first.
    """

    reply_id: UUID
    letter_id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold
    channel: Literal["email", "text"]
    choice: ReplyChoice
    has_words: bool
    hold_until: date | None = None
    replied_at: Moment


LetterOccasion = Literal["statement", "back-on-track", "full-term"]
"""The occasions of letters that are about no threshold: how the student stands; a student who is back at school after a threshold; a
term without absence."""


class LetterSent(Struct, frozen=True, kw_only=True):
    """A letter has gone to one address of a student's family: by e-mail, as a text message, or by post on the day that a person named.

    `threshold` is None for a statement or good news, which have an `occasion`. `corrects`: it takes back the words of that delivery. The
    words stay at home, as does the address; `digest` is the SHA-256 of the words as text, in hexadecimal digits.
    """

    delivery_id: UUID
    letter_id: UUID
    school: str
    student: str
    student_id: UUID
    term: str
    threshold: Threshold | None = None
    occasion: LetterOccasion | None = None
    channel: Literal["email", "text", "paper"]
    corrects: UUID | None = None
    digest: str
    sent_at: Moment


class LetterCameBack(Struct, frozen=True, kw_only=True):
    """A letter that had gone to a family came back: a mail server said so, or a person who holds its envelope."""

    delivery_id: UUID
    school: str
    student_id: UUID
    came_back_at: Moment


class StatementsRequested(Struct, frozen=True, kw_only=True):
    """A school's letters are to say, on the day `on`, how its students stand in a term, or who of them has good news.

    `clear_days`: school days without absence after which a student is back on track. `compared`: whether the school's average is asked for.
    """

    school: str
    term: str
    occasion: LetterOccasion
    on: date
    clear_days: Annotated[int, Meta(ge=1, le=60)] = 10
    compared: bool = False
    requested_at: Moment


class StatementMade(Struct, frozen=True, kw_only=True):
    """How a student of a school stands in a term, as a request of that school asked: what one letter to the family would say.

    `on` is the day of the request. `since`: the first day of the good news. `standing` is the version of the student's standing, 0 where
    none was said. `school_average_days`: absent days of the school's students on average, where that was asked for.
    """

    school: str
    student: str
    student_id: UUID
    term: str
    occasion: LetterOccasion
    on: date
    since: date | None = None
    tier: Tier
    absent_half_days: Annotated[int, Meta(ge=0, le=1_000)]
    absent_days: float
    absent_on: list[AbsentDay]
    illness_half_days: Annotated[int, Meta(ge=0, le=1_000)]
    standing: Annotated[int, Meta(ge=0, le=MOST_VERSIONS)] = 0
    school_average_days: float | None = None


class PlanPublished(Struct, frozen=True, kw_only=True):
    """A school has published a version of its Attendance Management Plan. `activities`: the standard codes of the response activities that
    it names at each threshold (`5`, `10`, `15`); events of earlier releases do not say."""

    school: str
    version: Annotated[int, Meta(ge=1, le=MOST_VERSIONS)]
    effective_on: date
    review_on: date
    published_at: Moment
    activities: dict[str, list[str]] = {}


class PlanReviewDue(Struct, frozen=True, kw_only=True):
    """The review of a school's published Attendance Management Plan falls due on `review_on`."""

    school: str
    version: Annotated[int, Meta(ge=1, le=MOST_VERSIONS)]
    review_on: date
    noticed_at: Moment


DutyKind = Literal["overdue", "due", "family-reply", "support-plan-review", "support-plan-action", "meeting"]


class Duty(Struct, frozen=True, kw_only=True):
    """A thing that a member of staff has to see to. `from_others`: it has come to them from a lesser role, or from somebody away."""

    kind: DutyKind
    student_id: UUID
    due: date
    threshold: Threshold | None = None
    from_others: bool = False


class NearStep(Struct, frozen=True, kw_only=True):
    """A student who has come within a day of a threshold."""

    student_id: UUID
    threshold: Threshold
    absent_half_days: Annotated[int, Meta(ge=0, le=10_000)]


class DutiesDue(Struct, frozen=True, kw_only=True):
    """The things that have newly come to a member of staff on a school day; `account` is the subject of their tokens.

    `waiting` counts all that wait for them, these included. `near` are students of theirs of whom they have not heard: nothing is due.
    """

    school: str
    account: str
    day: date
    duties: list[Duty]
    waiting: Annotated[int, Meta(ge=0, le=100_000)]
    near: list[NearStep] = []
    noticed_at: Moment


class DeadLettered(Struct, frozen=True, kw_only=True):
    """A service could not apply a record, or some marks of it. The payload stays in that service's database."""

    dead_letter_id: UUID
    service: str
    topic: str
    partition: int
    offset: int
    reason: str
    count: int
    school: str | None = None


class DeadLetterSettled(Struct, frozen=True, kw_only=True):
    """A dead letter was redriven or discarded. If its message fails again, that is another `DeadLettered`, under another id."""

    dead_letter_id: UUID
    service: str
    outcome: Literal["redriven", "discarded"]
