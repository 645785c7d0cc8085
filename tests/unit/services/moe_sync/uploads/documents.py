"""Uploads of every shape, for tests that hold for all of them."""

from datetime import date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st
from msgspec import UNSET

from services.moe_sync.uploads.document import VERSION, Counts, Document, RecordEntry, ResponseEntry, changes_of, sealed

DAYS = st.dates(date(2025, 1, 1), date(2030, 12, 31))
TERMS = st.builds("{}-T{}".format, st.integers(2025, 2030), st.integers(1, 4))
KEYS = st.from_regex(r"[!-~]([ -~]{0,62}[!-~])?", fullmatch=True)
OFFSETS = st.sampled_from([0, 720, 765, 780, 825]).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@st.composite
def records(draw: Any, with_nsn: bool) -> RecordEntry:
    origin = draw(st.sampled_from(["crossing", "staff"]))
    change = draw(st.sampled_from(["new", "amended", "withdrawn"]))
    statuses = {"new": ["open", "closed", "withdrawn"], "amended": ["open", "closed"], "withdrawn": ["withdrawn"]}[change]
    return RecordEntry(
        id=draw(st.uuids()),
        student_id=draw(st.uuids()),
        student=draw(KEYS),
        threshold=draw(st.sampled_from([5, 10, 15] if origin == "crossing" else [5, 10, 15, None])),
        days_absent=draw(st.integers(0, 200)) / 2,
        crossed_on=draw(DAYS),
        status=draw(st.sampled_from(statuses)),
        sequence=draw(st.integers(1, 50)),
        term=draw(TERMS),
        origin=origin,
        change=change,
        nsn=draw(st.none() | st.from_regex(r"[0-9]{10}", fullmatch=True)) if with_nsn else UNSET,
    )


RESPONSES = st.builds(
    ResponseEntry,
    id=st.uuids(),
    record_id=st.uuids(),
    student_id=st.uuids(),
    activity=st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True),
    occurred_on=DAYS,
    change=st.sampled_from(["new", "amended", "withdrawn"]),
)


@st.composite
def documents(draw: Any) -> Document:
    with_nsn = draw(st.booleans())
    recorded = draw(st.lists(records(with_nsn), max_size=4, unique_by=lambda entry: entry.id))
    responded = draw(st.lists(RESPONSES, max_size=4, unique_by=lambda entry: entry.id))
    moment = draw(
        st.datetimes(datetime(2025, 1, 1), datetime(2030, 12, 31), timezones=OFFSETS)  # noqa: DTZ001 - it takes bounds without a zone
    )
    return sealed(
        Document(
            version=VERSION,
            school=draw(st.from_regex(r"[0-9]{4}", fullmatch=True)),
            term=draw(TERMS),
            week=f"{draw(st.integers(2025, 2030))}-W{draw(st.integers(1, 52)):02}",
            number=draw(st.integers(1, 99)),
            created_at=moment.replace(microsecond=0),
            records=recorded,
            responses=responded,
            counts=Counts(len(recorded), len(responded)),
            changes=changes_of([*recorded, *responded]),
        )
    )
