"""Sorts the items of a request into responses that may be recorded and refusals. Pure."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from pydantic import ValidationError

from services.thresholds.plans.activities.activity import Activity
from services.thresholds.plans.plan import Plan
from services.thresholds.records.responses.bulk.schemas import Reason, RefusedOut, ResponseOnRecord
from services.thresholds.records.responses.recordable import UnrecordableError, check, chosen
from services.thresholds.records.responses.repeating import id_for, is_same
from services.thresholds.records.responses.response import RecordedResponse
from services.thresholds.records.responses.schemas import ResponseIn
from services.thresholds.records.star_records.record import Record


@dataclass(frozen=True, slots=True)
class Offer:
    """The offer of a school on a day: its list of activities, its published plan, and the day itself."""

    activities: Sequence[Activity]
    plan: Plan | None
    today: date


@dataclass(slots=True)
class Sorting:
    """The items of a request that were read, those refused, and those that the same request recorded `before`, under its `key`."""

    read: dict[int, ResponseOnRecord] = field(default_factory=dict)
    rejected: list[RefusedOut] = field(default_factory=list)
    recorded: list[tuple[int, Record, RecordedResponse]] = field(default_factory=list)
    before: list[tuple[int, RecordedResponse]] = field(default_factory=list)
    key: str | None = None

    @classmethod
    def of(cls, items: Sequence[object], key: str | None = None) -> "Sorting":
        """Reads the items one by one."""
        sorting = cls(key=key)
        for index, item in enumerate(items):
            try:
                sorting.read[index] = ResponseOnRecord.model_validate(item)
            except ValidationError as error:
                first = error.errors(include_input=False, include_url=False)[0]
                sorting.refuse(index, "bad-field", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        return sorting

    def refuse(self, index: int, reason: Reason, detail: str) -> None:
        """Notes why an item is not taken."""
        self.rejected.append(RefusedOut(index=index, reason=reason, detail=detail))

    def id_of(self, index: int) -> uuid.UUID:
        """The id of the response that an item makes."""
        return id_for(self.read[index].record, None if self.key is None else f"{index}/{self.key}")

    def record(
        self,
        records: Mapping[uuid.UUID, Record],
        kept: Mapping[uuid.UUID, RecordedResponse],
        offer: Offer,
        subject: str,
        now: datetime,
    ) -> None:
        """Makes responses of the items that were read, for these records: those that the caller may see. `kept` are there already."""
        for index, item in self.read.items():
            record = records.get(item.record)
            if record is None:
                self.refuse(index, "unknown-record", "there is no such STAR record")
                continue
            id_ = self.id_of(index)
            if (earlier := kept.get(id_)) is not None:
                if is_same(earlier, ResponseIn.model_validate(item.model_dump(exclude={"record"}))):
                    self.before.append((index, earlier))
                else:
                    self.refuse(index, "key-used", "this Idempotency-Key was sent with another response on this record")
                continue
            try:
                entry = chosen(offer.activities, item.activity, record.threshold, offer.plan)
                check(entry.standard, item.occurred_on, item.note, offer.today)
            except UnrecordableError as error:
                self.refuse(index, error.kind, str(error))
                continue
            response = RecordedResponse(
                id=id_,
                record_id=record.id,
                label=entry.label,
                standard=entry.standard,
                **item.model_dump(exclude={"record"}),
                recorded_by=subject,
                recorded_at=now,
            )
            self.recorded.append((index, record, response))
        self.rejected.sort(key=lambda refused: refused.index)
