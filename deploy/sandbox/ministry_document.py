"""The upload document that the sandbox's Ministry takes, and the rules for its items. Pure.

The real layout is not public; this one is the product's own, checked without mercy so that a sloppy sender is found out here.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, Literal, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from deploy.sandbox.problems import ProblemError, pointer_of

_RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")

SANDBOX_REASON = "rejected by the sandbox"
THRESHOLD_REASON = "days_absent is below the threshold"
RECORD_REASON = "record_id is in neither this document nor an earlier upload of the school"


class Reject(TypedDict):
    item: str
    reason: str


def _is_time(value: str) -> str:
    if not _RFC3339.fullmatch(value):
        raise ValueError("should be an RFC 3339 time with an offset")
    datetime.fromisoformat(value)
    return value


def _is_date(value: str) -> str:
    if not _DATE.fullmatch(value):
        raise ValueError("should be a date, YYYY-MM-DD")
    date.fromisoformat(value)
    return value


def _is_week(value: str) -> str:
    found = _WEEK.fullmatch(value)
    if found is None:
        raise ValueError("should be an ISO week, YYYY-Www")
    date.fromisocalendar(int(found[1]), int(found[2]), 1)
    return value


# Values stay the strings that were sent, so that what is kept is what was uploaded.
Uuid = Annotated[str, StringConstraints(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Slug = Annotated[str, StringConstraints(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
Time = Annotated[str, AfterValidator(_is_time)]
Date = Annotated[str, AfterValidator(_is_date)]
Week = Annotated[str, AfterValidator(_is_week)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Item(_Strict):
    id: Uuid


class ThresholdRecord(_Item):
    student_id: Uuid
    student: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    threshold: Literal[5, 10, 15] | None
    days_absent: Annotated[float, Field(ge=0, multiple_of=0.5, allow_inf_nan=False)]
    crossed_on: Date
    status: Literal["open", "closed", "withdrawn"]
    sequence: Annotated[int, Field(ge=1)]


class ResponseItem(_Item):
    record_id: Uuid
    student_id: Uuid
    activity: Slug
    occurred_on: Date


class Counts(_Strict):
    records: Annotated[int, Field(ge=0)]
    responses: Annotated[int, Field(ge=0)]


class Upload(_Strict):
    format: Literal["nz.star.upload.v1"]
    school: Annotated[str, StringConstraints(pattern="^[0-9]{4}$")]
    term: Annotated[str, StringConstraints(pattern="^[0-9]{4}-T[1-4]$")]
    week: Week
    number: Annotated[int, Field(ge=1)]
    created_at: Time
    records: list[ThresholdRecord]
    responses: list[ResponseItem]
    counts: Counts


def read_upload(body: bytes) -> Upload:
    """The document in these bytes. Raises ProblemError 422 with every error found, without the values sent."""
    try:
        upload = Upload.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        errors = [{"pointer": pointer_of(one["loc"]), "detail": one["msg"]} for one in found]
        # The cause carries the values sent, and a log may print it.
        raise _invalid(errors) from None
    if errors := list(_contradictions(upload)):
        raise _invalid(errors)
    return upload


def item_rejects(upload: Upload, known_records: frozenset[str], unwanted: frozenset[str]) -> list[Reject]:
    """The items that the Ministry does not take, in the document's order, each with its first reason.

    `known_records` were in earlier uploads of the school; `unwanted` are ids, student ids or students to reject on demand.
    """
    rejects: list[Reject] = []
    known = known_records.union(record.id for record in upload.records)
    for record in upload.records:
        if not unwanted.isdisjoint((record.id, record.student_id, record.student)):
            rejects.append({"item": record.id, "reason": SANDBOX_REASON})
        elif record.threshold is not None and record.status != "withdrawn" and record.days_absent < record.threshold:
            rejects.append({"item": record.id, "reason": THRESHOLD_REASON})
    for response in upload.responses:
        if not unwanted.isdisjoint((response.id, response.student_id)):
            rejects.append({"item": response.id, "reason": SANDBOX_REASON})
        elif response.record_id not in known:
            rejects.append({"item": response.id, "reason": RECORD_REASON})
    return rejects


def _contradictions(upload: Upload) -> Iterator[dict[str, str]]:
    if upload.counts.records != len(upload.records):
        yield {"pointer": "#/counts/records", "detail": "is not the number of records"}
    if upload.counts.responses != len(upload.responses):
        yield {"pointer": "#/counts/responses", "detail": "is not the number of responses"}
    seen: set[str] = set()
    lists: tuple[tuple[str, Sequence[_Item]], ...] = (("records", upload.records), ("responses", upload.responses))
    for name, items in lists:
        for index, item in enumerate(items):
            if item.id in seen:
                yield {"pointer": f"#/{name}/{index}/id", "detail": "is in the document already"}
            seen.add(item.id)


def _invalid(errors: list[dict[str, str]]) -> ProblemError:
    return ProblemError(422, "invalid-document", "The document is not a valid upload", errors=errors)
