"""Bytes into rows: encodings, line ends, delimiters, quotes."""

import codecs
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.tables.errors import CsvError, EncodingError, LayoutError
from services.ingest.tables.records import CsvReader, Row

TEXT = "Student,Name,Code\r\n1,Māui,P\r\n2,Zoë,M\r\n"
ROWS = [Row(1, ["Student", "Name", "Code"]), Row(2, ["1", "Māui", "P"]), Row(3, ["2", "Zoë", "M"])]


def read(data: bytes, *cuts: int) -> list[Row]:
    reader = CsvReader()
    rows: list[Row] = []
    for start, end in zip((0, *cuts), (*cuts, len(data)), strict=True):
        rows += reader.feed(data[start:end])
    return rows + list(reader.finish())


def cells(text: str) -> Sequence[Sequence[str] | None]:
    return [row.cells for row in read(text.encode())]


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.replace("\r\n", "\n").encode(),
        TEXT.replace("\r\n", "\r").encode(),
        TEXT.rstrip().encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode("utf-16"),
    ],
)
def test_encodings_line_ends_and_delimiters(data: bytes) -> None:
    assert read(data) == ROWS
    for cut in range(1, len(data)):
        assert read(data, cut) == ROWS


def test_windows_1252_is_told_by_the_first_byte_that_is_no_utf_8() -> None:
    plain = b"Student,Name\n" + b"1,Ann\n" * 30_000
    data = plain + "2,Zoë “Z” Brontë\n".encode("windows-1252")
    for cut in (5, len(plain), len(data) - 3, len(data) - 1):
        assert read(data, cut)[-1] == Row(30_002, ["2", "Zoë “Z” Brontë"])


@pytest.mark.parametrize(
    "data",
    [
        "Student,Name\n1,Māui\n".encode() + b"2,\xe9\n",
        b"Student,Name\n1,\x81\n",
        "Student,Name\n".encode("utf-16") + b"\x00",
        "Student,Name\n".encode("utf-16") + b"\x00\xd8\x00\x00",
        b"Student,Name\n1,\xc3",
    ],
)
def test_bytes_of_no_one_encoding_are_refused(data: bytes) -> None:
    if data.endswith(b"\xc3"):
        assert read(data)[-1].cells == ["1", "Ã"]
        return
    with pytest.raises(EncodingError, match="near line"):
        read(data)


@pytest.mark.parametrize("start", [b"PK\x03\x04\x14\x00\x06\x00", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"], ids=["xlsx", "xls"])
def test_a_workbook_is_told_from_text(start: bytes) -> None:
    with pytest.raises(EncodingError, match="save the sheet as CSV"):
        read(start + bytes(100))


def test_quotes() -> None:
    assert cells('A;B\n"1;2";"say ""hi"""\n"x\ny";z\n') == [["A", "B"], ["1;2", 'say "hi"'], ["x\ny", "z"]]


def test_lines_are_counted_as_an_editor_does() -> None:
    rows = read(b'\r\nA,B\r\n\r\n1,"x\r\ny"\r\n , \r\n2,z\r\n')
    assert rows == [Row(2, ["A", "B"]), Row(4, ["1", "x\ny"]), Row(7, ["2", "z"])]


def test_the_line_by_which_spreadsheets_tell_the_delimiter() -> None:
    assert read(b"sep=;\nA;B,C\n1;2\n") == [Row(2, ["A", "B,C"]), Row(3, ["1", "2"])]


def test_a_quote_opened_by_mistake_costs_one_row() -> None:
    data = b'A,B\n1,"oops\n' + b"".join(b"%d,x\n" % number for number in range(2, 300)) + b'300,"fine"\n'
    for cuts in ((), (8,), (700,), (8, 100, 1000)):
        rows = read(data, *cuts)
        assert rows[1] == Row(2, None)
        assert [row.line for row in rows] == list(range(1, 302))
        assert all(row.cells for row in rows if row.line != 2)


def test_broken_quotes_at_the_end_and_in_the_middle() -> None:
    assert cells('A,B\n1,"x"y\n2,z\n3,"open') == [["A", "B"], None, ["2", "z"], None]


@pytest.mark.parametrize("data", [b'"A,B', b'"A"x,"B\n1,2\n', b"A" * 200_000])
def test_no_table(data: bytes) -> None:
    with pytest.raises(LayoutError):
        read(data)


@given(st.binary(max_size=600), st.integers(0, 600))
def test_any_bytes_are_rows_or_a_clear_error(data: bytes, cut: int) -> None:
    def outcome(*cuts: int) -> object:
        try:
            return read(data, *cuts)
        except CsvError as error:
            return type(error)

    whole = outcome()
    cut_up = outcome(min(cut, len(data)))
    # An error of the bytes may come before or after one of the quotes, depending on how they arrive.
    assert whole == cut_up or {whole, cut_up} <= {EncodingError, LayoutError}


@given(st.text(st.sampled_from('a1,;\t"\n\r é'), max_size=80), st.integers(0, 200))
def test_the_pieces_in_which_a_file_arrives_change_nothing(text: str, cut: int) -> None:
    data = ("A,B\n" + text).encode()
    assert read(data) == read(data, min(cut, len(data)))
