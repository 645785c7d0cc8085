"""The upload document that the sandbox's Ministry takes, and the rules for its items. Pure.

The real layout is not public; this one is the product's own, checked without mercy so that a sloppy sender is found out here: once by
hand-written rules, once by the published JSON Schema, and neither by what the sender encodes with.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from deploy.sandbox.problems import ProblemError, pointer_of

_RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
_MOST_SCHEMA_ERRORS = 20

SANDBOX_REASON = "rejected by the sandbox"
THRESHOLD_REASON = "days_absent is below the threshold"
RECORD_REASON = "record_id is in neither this document nor an earlier upload of the school"
ALREADY_REASON = "change is new, but the item was accepted before"
UNKNOWN_REASON = "change is amended or withdrawn, but the item was never accepted"
ALREADY_CODE = "already-accepted"
UNKNOWN_CODE = "not-accepted"


class Reject(TypedDict):
    item: str
    reason: str
    code: NotRequired[str]


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
TermName = Annotated[str, StringConstraints(pattern="^[0-9]{4}-T[1-4]$")]
Time = Annotated[str, AfterValidator(_is_time)]
Date = Annotated[str, AfterValidator(_is_date)]
Week = Annotated[str, AfterValidator(_is_week)]
Change = Literal["new", "amended", "withdrawn"]
Count = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _Item(_Strict):
    id: Uuid
    change: Change


class ThresholdRecord(_Item):
    student_id: Uuid
    student: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    threshold: Literal[5, 10, 15] | None
    days_absent: Annotated[float, Field(ge=0, multiple_of=0.5, allow_inf_nan=False)]
    crossed_on: Date
    status: Literal["open", "closed", "withdrawn"]
    sequence: Annotated[int, Field(ge=1)]
    term: TermName
    origin: Literal["crossing", "staff"]
    nsn: Annotated[str, StringConstraints(pattern="^[0-9]{10}$")] | None = None


class ResponseItem(_Item):
    record_id: Uuid
    student_id: Uuid
    activity: Slug
    occurred_on: Date


class Counts(_Strict):
    records: Count
    responses: Count


class Changes(_Strict):
    new: Count
    amended: Count
    withdrawn: Count


class Upload(_Strict):
    format: Literal["nz.star.upload.v1"]
    version: Literal["1.1"]
    school: Annotated[str, StringConstraints(pattern="^[0-9]{4}$")]
    term: TermName
    week: Week
    number: Annotated[int, Field(ge=1)]
    created_at: Time
    records: list[ThresholdRecord]
    responses: list[ResponseItem]
    counts: Counts
    changes: Changes
    checksum: Annotated[str, StringConstraints(pattern="^sha-256:[0-9a-f]{64}$")]


def read_upload(body: bytes) -> Upload:
    """The document in these bytes. Raises ProblemError 422 with every error found, without the values sent."""
    try:
        upload = Upload.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        errors = [{"pointer": pointer_of(one["loc"]), "detail": one["msg"]} for one in found]
        # The cause carries the values sent, and a log may print it.
        raise _invalid(errors) from None
    said = json.loads(body)
    errors = [*_contradictions(upload, said), *_schema_errors(said)]
    if errors:
        raise _invalid(errors)
    return upload


def checksum_of(said: Mapping[str, Any]) -> str:
    """The checksum that a document must have: SHA-256 over its canonical JSON (RFC 8785) without the checksum itself."""
    whole = {name: value for name, value in said.items() if name != "checksum"}
    canonical = json.dumps(_canonical(whole), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha-256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def item_rejects(upload: Upload, accepted: frozenset[str], known_records: frozenset[str], unwanted: frozenset[str]) -> list[Reject]:
    """The items that the Ministry does not take, in the document's order, each with its first reason.

    `accepted` are the items of the school that were taken before, `known_records` those that were in earlier uploads, taken or not;
    `unwanted` are ids, student ids or students to reject on demand.
    """
    rejects: list[Reject] = []
    known = known_records.union(record.id for record in upload.records)
    for record in upload.records:
        if not unwanted.isdisjoint((record.id, record.student_id, record.student)):
            rejects.append({"item": record.id, "reason": SANDBOX_REASON})
        elif (wrong := _wrong_change(record, accepted)) is not None:
            rejects.append(wrong)
        elif _falls_short(record):
            rejects.append({"item": record.id, "reason": THRESHOLD_REASON})
    for response in upload.responses:
        if not unwanted.isdisjoint((response.id, response.student_id)):
            rejects.append({"item": response.id, "reason": SANDBOX_REASON})
        elif (wrong := _wrong_change(response, accepted)) is not None:
            rejects.append(wrong)
        elif response.record_id not in known:
            rejects.append({"item": response.id, "reason": RECORD_REASON})
    return rejects


def _wrong_change(item: _Item, accepted: frozenset[str]) -> Reject | None:
    if item.change == "new" and item.id in accepted:
        return {"item": item.id, "reason": ALREADY_REASON, "code": ALREADY_CODE}
    if item.change != "new" and item.id not in accepted:
        return {"item": item.id, "reason": UNKNOWN_REASON, "code": UNKNOWN_CODE}
    return None


def _falls_short(record: ThresholdRecord) -> bool:
    """Whether marks can't have made it. A record that staff made can be ahead of its threshold."""
    crossed = record.origin == "crossing" and record.threshold is not None and record.status != "withdrawn"
    return crossed and record.days_absent < (record.threshold or 0)


def _contradictions(upload: Upload, said: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    if upload.counts.records != len(upload.records):
        yield {"pointer": "#/counts/records", "detail": "is not the number of records"}
    if upload.counts.responses != len(upload.responses):
        yield {"pointer": "#/counts/responses", "detail": "is not the number of responses"}
    changes: list[str] = [item.change for item in (*upload.records, *upload.responses)]
    for kind, count in upload.changes.model_dump().items():
        if changes.count(kind) != count:
            yield {"pointer": f"#/changes/{kind}", "detail": "is not the number of such items"}
    if upload.checksum != checksum_of(said):
        yield {"pointer": "#/checksum", "detail": "is not that of the content"}
    seen: set[str] = set()
    lists: tuple[tuple[str, Sequence[_Item]], ...] = (("records", upload.records), ("responses", upload.responses))
    for name, items in lists:
        for index, item in enumerate(items):
            if item.id in seen:
                yield {"pointer": f"#/{name}/{index}/id", "detail": "is in the document already"}
            seen.add(item.id)


def _schema_errors(said: Any) -> Iterator[dict[str, str]]:
    for count, error in enumerate(_validator().iter_errors(said)):
        if count == _MOST_SCHEMA_ERRORS:
            return
        # Its message would quote the value sent.
        yield {"pointer": pointer_of(tuple(error.absolute_path)), "detail": f"breaks the schema's {error.validator}"}


@cache
def _validator() -> Any:
    # Imported only where it is used: it takes a while to load.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    schema = json.loads((files("services.moe_sync.uploads.format") / "upload.schema.json").read_bytes())
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _canonical(value: Any) -> Any:
    """The value with its whole numbers as RFC 8785 writes them; Python writes all else of a document as it does."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    if isinstance(value, dict):
        return {name: _canonical(one) for name, one in value.items()}
    return value


def _invalid(errors: list[dict[str, str]]) -> ProblemError:
    return ProblemError(422, "invalid-document", "The document is not a valid upload", errors=errors)
