"""The year's truth and the Ministry's end, for `ministry_year`: plain dictionaries, and nothing of the product's own rules."""

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.moe_sync.adapters.interface import Answer, Parcel, Received, Refused, Rejected, Unsettled
from shared.events.catalogue import (
    RECORD_UPDATED,
    RESPONSE_AMENDED,
    RESPONSE_RECORDED,
    RESPONSE_WITHDRAWN,
    THRESHOLD_CROSSED,
    THRESHOLD_RETRACTED,
    EventType,
)
from shared.events.data import (
    RecordUpdated,
    ResponseAmended,
    ResponseRecorded,
    ResponseWithdrawn,
    ThresholdCrossed,
    ThresholdRetracted,
)
from shared.events.envelope import Event
from shared.identifiers import star_record_id, student_id

State = tuple[Any, ...]
"""An item: a record's status and sequence, or a response's activity, None for one that was taken back."""


@dataclass
class Truth:
    """The state of every school, and since when."""

    chance: random.Random
    history: dict[str, list[tuple[datetime, State]]] = field(default_factory=dict)
    of_school: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _records: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    """A record's student, threshold and sequence."""
    _responses: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    """A response's record, and when it was recorded."""
    _students: int = 0

    def at(self, item: str, moment: datetime) -> State | None:
        """The item as it was at a moment."""
        found = [state for since, state in self.history[item] if since <= moment]
        return found[-1] if found else None

    def now(self, item: str) -> State:
        """The item as it is in the end."""
        return self.history[item][-1][1]

    def change(self, school: str, term: str, moment: datetime) -> Event:
        """Something happens at a school: mostly a student crosses a threshold, or staff do something about one who has."""
        known = self.of_school[school]
        if not known or self.chance.random() < 0.45:
            self._students += 1
            student = str(self._students)
            record = str(star_record_id(student_id(school, student), term, 5))
            self._records[record] = (student, 5, 0)
            known.append(record)
            return self._crossing(school, term, record, moment, up=True)
        item = self.chance.choice(known[-40:])
        if item in self._responses:
            return self._mend(school, item, moment)
        status, _ = self.now(item)
        if status == "withdrawn":
            return self._crossing(school, self._term_of[item], item, moment, up=True)
        what = self.chance.random()
        if what < 0.25:
            return self._crossing(school, self._term_of[item], item, moment, up=False)
        if what < 0.5:
            return self.staff(school, item, moment)
        return self._respond(school, item, moment)

    _term_of: dict[str, str] = field(default_factory=dict)

    def staff(self, school: str, record: str, moment: datetime) -> Event:
        """Staff close a record, or open it again; one that was withdrawn is crossed again."""
        status, sequence = self.now(record)
        if status == "withdrawn":
            return self._crossing(school, self._term_of[record], record, moment, up=True)
        said: Any = "closed" if status == "open" else "open"
        self._became(record, moment, (said, sequence))
        return self._event(RECORD_UPDATED, RecordUpdated, school, record, moment, status=said, updated_at=moment)

    def _crossing(self, school: str, term: str, record: str, moment: datetime, *, up: bool) -> Event:
        student, threshold, sequence = self._records[record]
        self._term_of[record] = term
        sequence += up
        self._records[record] = (student, threshold, sequence)
        self._became(record, moment, ("open" if up else "withdrawn", sequence))
        half_days = threshold * 2 if up else threshold * 2 - 1
        return self._event(
            THRESHOLD_CROSSED if up else THRESHOLD_RETRACTED,
            ThresholdCrossed if up else ThresholdRetracted,
            school,
            record,
            moment,
            direction="up" if up else "down",
            from_tier="green" if up else "yellow",
            to_tier="yellow" if up else "green",
            absent_half_days=half_days,
            absent_days=half_days / 2,
            occurred_on=moment.date(),
            sequence=sequence,
        )

    def _respond(self, school: str, record: str, moment: datetime) -> Event:
        response = str(UUID(int=self.chance.getrandbits(128), version=4))
        self._responses[response] = (record, moment)
        self.of_school[school].append(response)
        self._became(response, moment, ("conversation-with-whanau",))
        return self._event(
            RESPONSE_RECORDED,
            ResponseRecorded,
            school,
            record,
            moment,
            response_id=UUID(response),
            activity="conversation-with-whanau",
            occurred_on=moment.date(),
            recorded_at=moment,
        )

    def _mend(self, school: str, response: str, moment: datetime) -> Event:
        record, recorded_at = self._responses[response]
        if self.now(response) == (None,):
            return self.staff(school, record, moment)
        if self.chance.random() < 0.4:
            self._became(response, moment, (None,))
            gone = {"response_id": UUID(response), "withdrawn_at": moment}
            return self._event(RESPONSE_WITHDRAWN, ResponseWithdrawn, school, record, moment, **gone)
        activity = f"activity-{self.chance.randrange(10**6)}"
        self._became(response, moment, (activity,))
        return self._event(
            RESPONSE_AMENDED,
            ResponseAmended,
            school,
            record,
            moment,
            response_id=UUID(response),
            activity=activity,
            occurred_on=moment.date(),
            recorded_at=recorded_at,
            amended_at=moment,
        )

    def _became(self, item: str, moment: datetime, state: State) -> None:
        self.history.setdefault(item, []).append((moment, state))

    def _event(self, kind: EventType, data: Any, school: str, record: str, moment: datetime, **fields: Any) -> Event:
        student, threshold, _ = self._records[record]
        who = student_id(school, student)
        same = {"record_id": UUID(record), "school": school, "student": student, "student_id": who, "term": self._term_of[record]}
        return Event(
            kind, str(UUID(int=self.chance.getrandbits(128))), "/bench", moment, str(who), data(**same, threshold=threshold, **fields)
        )


@dataclass
class Ministry:
    """The other end: strict, forgetful of nothing, and moody. It keeps what it finds wrong."""

    truth: Truth
    chance: random.Random
    close_of: Callable[[str, str], datetime]
    away: bool = False
    moody: bool = True
    accepted: dict[str, dict[str, State]] = field(default_factory=lambda: defaultdict(dict))
    uploads: dict[str, tuple[bytes, Received]] = field(default_factory=dict)
    weeks: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    """Records that it did not take and that have not been mended since, with their schools."""
    attempts: int = 0
    silent: set[str] = field(default_factory=set)
    refusals: int = 0

    async def send(self, parcel: Parcel) -> Answer:
        """One attempt of the product's."""
        self.attempts += 1
        if self.away:
            return Unsettled("unreachable", arrived=False)
        mood = self.chance.random() if self.moody else 1.0
        if mood < 0.02:
            return Unsettled("http-503")
        kept = self.uploads.get(parcel.key)
        if kept is not None:
            if kept[0] != parcel.digest:
                self.wrong.append(f"{parcel.key} came with other bytes")
            return kept[1]
        if mood < 0.025:
            self.refusals += 1
            return Refused("http-422", "the bench was asked to refuse")
        answer = self._take(parcel)
        if mood < 0.05:
            # Kept, and the answer is lost.
            return Unsettled("timeout")
        return answer

    def _take(self, parcel: Parcel) -> Received:
        said = json.loads(parcel.body)
        school, week = said["school"], said["week"]
        if hashlib.sha256(parcel.body).digest() != parcel.digest:
            self.wrong.append(f"{school} {week}: the digest is untrue")
        if self.weeks[school] and week <= self.weeks[school][-1]:
            self.wrong.append(f"{school} {week}: came after {self.weeks[school][-1]}")
        self.weeks[school].append(week)
        close = self.close_of(school, week)
        there, rejects = self.accepted[school], []
        for kind in ("records", "responses"):
            for item in said[kind]:
                state = self._state(kind, item)
                if (reason := self._reason(kind, item, there)) is not None:
                    rejects.append(Rejected(item["id"], reason))
                    continue
                if self.truth.at(item["id"], close) != state:
                    self.wrong.append(f"{school} {week}: {kind} {item['id']} is not what it was at the close")
                there[item["id"]] = state
                self.rejected.pop(item["id"], None)
        for reject in rejects:
            if reject.item in self.truth._records:
                self.rejected[reject.item] = school
        answer = Received(f"receipt-{len(self.uploads)}", "partly-accepted" if rejects else "accepted", tuple(rejects))
        self.uploads[parcel.key] = (parcel.digest, answer)
        return answer

    def _reason(self, kind: str, item: dict[str, Any], there: dict[str, State]) -> str | None:
        if (item["change"] == "new") == (item["id"] in there):
            self.wrong.append(f"{kind} {item['id']}: {item['change']} does not fit")
        if kind == "responses":
            return None if item["record_id"] in there else "its record is not there"
        # A whim that holds until the record changes.
        whim = hashlib.sha256(f"{item['id']}{item['status']}{item['sequence']}".encode()).digest()[0]
        return "the bench does not like it" if self.moody and whim < 2 else None

    @staticmethod
    def _state(kind: str, item: dict[str, Any]) -> State:
        if kind == "records":
            return item["status"], item["sequence"]
        return (None,) if item["change"] == "withdrawn" else (item["activity"],)


def terms_of_2026() -> list[tuple[str, date, date]]:
    """The four terms, as most schools have them."""
    return [
        ("2026-T1", date(2026, 2, 2), date(2026, 4, 2)),
        ("2026-T2", date(2026, 4, 20), date(2026, 7, 3)),
        ("2026-T3", date(2026, 7, 20), date(2026, 9, 25)),
        ("2026-T4", date(2026, 10, 12), date(2026, 12, 18)),
    ]


WEEK = timedelta(days=7)
