"""Zips of any structure, with rows of any kind: a roster, or a refusal in words; never another error, and within bounds of work."""

import io
import os
import zipfile
from collections.abc import Mapping
from datetime import date
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.oneroster.archive import MOST_COLUMNS, Archive
from services.ingest.oneroster.errors import OneRosterError
from services.ingest.oneroster.roster import read
from services.ingest.oneroster.schemas import OneRosterStudent
from services.ingest.oneroster.sessions import note_sessions
from services.ingest.students.batch import StudentBatch
from services.ingest.tables.identifiers import Keys
from shared.identifiers import SchoolNumber
from tests.support.oneroster import tables, zipped

SCHOOL: Final = SchoolNumber("0999")
TODAY: Final = date(2026, 11, 20)
EXAMPLES: Final = int(os.environ.get("EXAMPLES", "4")) * 10
BOUNDED = settings(max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(HealthCheck))

FOLDERS: Final = st.sampled_from(["", "export/", "a/b/c/d/", "../", "../../etc/", "/", "C:\\", "..\\", "__MACOSX/", ".hidden/", "ü/"])
ENCODINGS: Final = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "windows-1252", "utf-32", "shift-jis"])
METHODS: Final = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
CELLS: Final = st.one_of(
    st.sampled_from(
        ["", '"', "\x00", '"{NSN:1}"', "2026-13-40", "0000-00-00", "u1", "org-1", "999", "-1", "1e9", "tobedeleted", '"a,b,c"']
    ),
    st.text(max_size=12),
)


def taken(content: bytes) -> StudentBatch:
    """The fate of a zip at the door, up to the database. Raises OneRosterError."""
    archive = Archive(io.BytesIO(content))
    roster = read(archive, SCHOOL, Keys(), TODAY)
    note_sessions(archive, [], roster.notes)
    batch = StudentBatch(OneRosterStudent)
    for line, item in roster.items:
        if not isinstance(item, str):
            batch.take(line, item)
    return batch


def refused_or_taken(content: bytes) -> None:
    try:
        taken(content)
    except OneRosterError as error:
        assert str(error)


@st.composite
def tables_of_any_rows(draw: st.DrawFn) -> dict[str, str]:
    """The made-up school, in which tables are missing, and cells, rows and columns are others."""
    files: dict[str, str] = {name: str(text) for name, text in tables(draw(st.sampled_from(["1.1", "1.2"]))).items()}
    for name in draw(st.sets(st.sampled_from(sorted(files)), max_size=3)):
        if draw(st.booleans()):
            del files[name]
            continue
        rows = [line.split(",") for line in files[name].splitlines()]
        for _ in range(draw(st.integers(1, 5))):
            row = draw(st.sampled_from(rows))
            row[draw(st.integers(0, len(row) - 1))] = draw(CELLS)
        if draw(st.booleans()):
            rows.insert(draw(st.integers(0, len(rows))), draw(st.lists(CELLS, max_size=30)))
        files[name] = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(",".join(row) for row in rows)
    return files


@st.composite
def zips_of_any_structure(draw: st.DrawFn) -> bytes:
    """Those tables in folders, encodings and ways of packing of any kind, with other files, names that are there twice, and zips within."""
    files: Mapping[str, str] = draw(tables_of_any_rows())
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in files.items():
            for _ in range(draw(st.sampled_from([1, 1, 1, 1, 1, 2]))):
                content = text.encode(draw(ENCODINGS), "replace")
                archive.writestr(draw(FOLDERS) + name, content, compress_type=draw(METHODS))
        if draw(st.booleans()):
            archive.writestr(draw(st.sampled_from(["users.csv/", "inner.zip", "-", "users.CSV.exe", "con.csv", "a" * 3000 + ".csv"])), b"x")
    return held.getvalue()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A zip with some of its bytes cut or replaced: headers, names, sizes, methods, flags and checksums among them."""
    content = bytearray(draw(zips_of_any_structure()))
    for _ in range(draw(st.integers(1, 6))):
        # What a zip says of its members stands at its end.
        place = draw(st.one_of(st.integers(0, len(content) - 1), st.integers(max(0, len(content) - 900), len(content) - 1)))
        content[place : place + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
    return bytes(content)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@BOUNDED
@given(content=zips_of_any_structure())
def test_any_structure_is_a_roster_or_refused(content: bytes) -> None:
    refused_or_taken(content)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@BOUNDED
@given(content=st.one_of(damaged(), damaged(), st.binary(max_size=300)))
def test_any_damage_is_refused_in_words(content: bytes) -> None:
    refused_or_taken(content)


def test_names_in_no_encoding_are_refused() -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("ü.csv", "x")
    with pytest.raises(OneRosterError, match="no zip"):
        Archive(io.BytesIO(held.getvalue().replace("ü".encode(), b"\xff\xff")))


@pytest.mark.parametrize(
    ("bound", "files", "words"),
    [
        ("archive.MOST_ROWS", {"roles.csv": "sourcedId\n" + "r\n" * 101}, "roles.csv has more than 100 rows"),
        ("archive.MOST_ROWS", {"academicSessions.csv": "sourcedId\n" + "r\n" * 101}, "academicSessions.csv has more than 100 rows"),
        ("archive.EXPANDS_TO", {"orgs.csv": "\n" * 101}, "expand to more"),
        ("people.MOST_STUDENTS", {"users.csv": "sourcedId,role\n" + "u,student\n" * 101}, "more than 100 students"),
    ],
)
def test_more_than_a_roster_is_refused(bound: str, files: dict[str, str | bytes], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"services.ingest.oneroster.{bound}", 100)
    with pytest.raises(OneRosterError, match=words):
        taken(zipped({"users.csv": "sourcedId,role\nu1,student\n", **files}))


def test_wide_headers_cost_nothing_in_each_row() -> None:
    columns = [f"c{number}" for number in range(MOST_COLUMNS + 1)]
    with pytest.raises(OneRosterError, match="more than 500 columns"):
        taken(zipped({"users.csv": ",".join(columns) + "\nu1\n"}))
    [only] = Archive(io.BytesIO(zipped({"users.csv": ",".join(columns[:-1]) + "\nu1\n"}))).lines("users")
    assert only == {"c0": "u1"}


def test_a_member_longer_than_it_says_ends_where_it_says() -> None:
    content = bytearray(zipped({"users.csv": "sourcedId,role\n" + "u1,student\n" * 100_000}))
    # The size that the central directory names: four bytes, 24 behind its signature.
    place = content.rindex(b"users.csv") - 22
    content[place : place + 4] = (26).to_bytes(4, "little")
    with pytest.raises(OneRosterError, match="damaged"):
        list(Archive(io.BytesIO(bytes(content))).lines("users"))
