"""Records as somebody will write them: valid and almost valid events, envelopes and headers, from the types of the catalogue."""

import string
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from typing import Any, Final

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from shared.bus.interface import Message
from shared.events.catalogue import EVENTS, EventType
from shared.events.topics import Topic
from shared.identifiers import student_id

SCHOOL: Final = "0999"
NOW: Final = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
STUDENT_ID: Final = student_id(SCHOOL, "1")

_OURS: Final = (
    SCHOOL,
    "0189",
    "2026-T4",
    "1",
    "12345",
    "AM",
    "PM",
    "M",
    "P",
    "MM",
    "?",
    "up",
    "Pacific/Auckland",
    "test",
    "en",
    "mere@example.test",
)
_ODD: Final = (
    "",
    " ",
    "\x00",
    "\n",
    "'",
    "\\u0000",
    "\u2028",
    "\uffff",
    "ā" * 300,
    "x" * 5_000,
    "Mars/Olympus",
    "../../etc",
    "Ngā\u202e",
    "9" * 30,
    "😀",
)
_MOMENTS: Final = (
    NOW,
    NOW - timedelta(days=3),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(1969, 12, 31, tzinfo=UTC),
    datetime(2019, 12, 31, tzinfo=UTC),
    datetime(2055, 1, 1, tzinfo=UTC),
    datetime(5000, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(-timedelta(hours=12))),
)
_DAYS: Final = (
    date(2026, 10, 12),
    date(2026, 10, 13),
    date(2026, 12, 18),
    date(1, 1, 1),
    date(1970, 1, 1),
    date(4000, 2, 29),
    date(9999, 12, 31),
)
_NUMBERS: Final = (0, 1, 2, 5, 10, 20, 30, -1, 1_000, 2**15, 2**31 - 1, 2**31, 2**63 - 1)

_NO_EVENTS: Final = (b"", b"null", b"[]", b"{}", b"[" * 5_000, b'{"a":' * 5_000, b'"\xed\xa0\x80"')

texts = st.one_of(st.sampled_from(_OURS), st.sampled_from(_OURS), st.sampled_from(_ODD), st.text(max_size=20))
moments = st.one_of(st.just(NOW), st.just(NOW), st.sampled_from(_MOMENTS), st.datetimes(timezones=st.just(UTC)))
days = st.one_of(st.sampled_from(_DAYS[:3]), st.sampled_from(_DAYS), st.dates())
ids = st.one_of(st.just(STUDENT_ID), st.just(STUDENT_ID), st.uuids())
anything = st.one_of(st.none(), st.booleans(), st.sampled_from(_NUMBERS), st.floats(), texts, st.just([]), st.just({}), st.just([[[None]]]))


def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type of the catalogue, as JSON has them; those of ours more often than others."""
    match kind:
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType(ge=low, le=high):
            fitting = [number for number in _NUMBERS if (low is None or number >= low) and (high is None or number <= high)]
            return st.one_of(
                st.sampled_from(fitting), st.integers(low if low is not None else -(2**63), high if high is not None else 2**63 - 1)
            )
        case inspect.FloatType():
            return st.sampled_from((0.0, 0.5, 5.0, -1.5, 1e300))
        case inspect.StrType():
            return texts
        case inspect.DateTimeType():
            return moments.map(datetime.isoformat)
        case inspect.DateType():
            return days.map(date.isoformat)
        case inspect.TimeType():
            return st.one_of(st.just("07:30:00"), st.times().map(time.isoformat), st.times(timezones=st.just(UTC)).map(time.isoformat))
        case inspect.UUIDType():
            return ids.map(str)
        case inspect.LiteralType(values=values):
            return st.sampled_from(sorted(values, key=str))
        case inspect.UnionType(types=types):
            return st.one_of([of_type(each) for each in types])
        case inspect.ListType(item_type=item):
            return st.lists(of_type(item), max_size=4)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(of_type(key), of_type(value), max_size=3)
        case inspect.StructType(fields=fields):
            required = {field.encode_name: of_type(field.type) for field in fields if field.required}
            return st.fixed_dictionaries(
                required, optional={field.encode_name: of_type(field.type) for field in fields if not field.required}
            )
    raise AssertionError(f"no strategy for {kind}")


@cache
def of_event(kind: EventType) -> st.SearchStrategy[Any]:
    """The data of an event of this kind."""
    return of_type(inspect.type_info(kind.data))


@st.composite
def spoilt(draw: st.DrawFn, data: Mapping[str, Any]) -> Any:
    """The same with a thing at some depth that does not belong there, or one missing."""
    copy = msgspec.json.decode(msgspec.json.encode(data))
    place: Any = copy
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return copy
        key = draw(st.sampled_from(keys))
        if isinstance(place[key], (dict, list)) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        if draw(st.booleans()):
            del place[key]
        else:
            place[key] = draw(anything)
        return copy


def _json(value: Any) -> bytes:
    # As other writers would: with what the standard library lets through.
    import json  # noqa: PLC0415

    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


@st.composite
def values(draw: st.DrawFn, kind: EventType) -> bytes:
    """An event's value: valid, almost valid, or no such thing."""
    data = draw(of_event(kind))
    how = draw(st.sampled_from(("valid", "valid", "valid", "spoilt", "spoilt", "bytes")))
    if how == "bytes":
        return draw(
            st.one_of(
                st.binary(max_size=30), st.sampled_from((b"", b"null", b"[]", b"{}", b"[" * 5_000, b'{"a":' * 5_000, b'"\xed\xa0\x80"'))
            )
        )
    return _json(draw(spoilt(data)) if how == "spoilt" else data)


@st.composite
def headers(draw: st.DrawFn, kind: EventType) -> tuple[tuple[str, bytes], ...]:
    """CloudEvents headers, as a rule; else some missing, twice, or with something else in them."""
    known = {
        "ce_specversion": b"1.0",
        "ce_id": draw(st.one_of(st.uuids().map(str), st.sampled_from(("1", "a.b", "x" * 300)))).encode(),
        "ce_source": b"/test",
        "ce_type": kind.name.encode(),
        "ce_time": (draw(moments) if draw(st.integers(0, 9)) == 0 else NOW).isoformat().encode(),
        "content-type": b"application/json",
    }
    if draw(st.integers(0, 9)) == 0:
        odd = draw(st.one_of(st.binary(max_size=10), texts.map(str.encode), st.sampled_from([event.name.encode() for event in EVENTS])))
        known[draw(st.sampled_from(sorted(known)))] = odd
    if draw(st.integers(0, 19)) == 0:
        del known[draw(st.sampled_from(sorted(known)))]
    more = draw(st.lists(st.tuples(st.text(string.printable, max_size=5), st.binary(max_size=5)), max_size=1))
    return (*known.items(), *more)


_KEYS: Final = st.one_of(
    st.sampled_from((SCHOOL.encode(), str(STUDENT_ID).encode(), str(STUDENT_ID).encode(), b"", b"\x00", b"\xff", b"0" * 4, b"09\x0099")),
    ids.map(lambda identity: str(identity).encode()),
    texts.map(str.encode),
    st.binary(max_size=8),
    st.none(),
)


@st.composite
def messages(draw: st.DrawFn, topic: Topic) -> Message:
    """A message on a topic, mostly of an event that belongs there. Its offset is for the test to set."""
    own = [event for event in EVENTS if event.topic == topic]
    kind = draw(st.sampled_from(own if draw(st.integers(0, 9)) else EVENTS))
    value = None if draw(st.integers(0, 9)) == 0 else draw(values(kind))
    return Message(topic.name, 0, 0, draw(_KEYS), value, draw(headers(kind)))
