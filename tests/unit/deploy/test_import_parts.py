"""A file cut into parts: read one by one they give the rows of the whole file, by the whole file's line numbers."""

from pathlib import Path

import pytest

from deploy.importing.parts import parts_of
from services.ingest.tables.records import CsvReader, Row

HEADER = "Student ID;Date;Note\n"
LIMIT = 2048


def rows_of(data: bytes) -> list[Row]:
    reader = CsvReader()
    return [*reader.feed(data), *reader.finish()]


def parts(path: Path, limit: int = LIMIT) -> list[bytes]:
    return [b"".join(part.pieces(lambda _: None)) for part in parts_of(path, limit)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252"])
@pytest.mark.parametrize("above", ["", "sep=;\n", "\n \n"])
def test_the_parts_are_the_file(tmp_path: Path, encoding: str, line_end: str, above: str) -> None:
    rows = "".join(f"{number};2026-10-13;{'é' * 40}\n" for number in range(100))
    path = tmp_path / "term.csv"
    path.write_bytes((above + HEADER + rows).replace("\n", line_end).encode(encoding))
    sent = parts(path)
    assert len(sent) > 2
    assert all(len(part) <= LIMIT for part in sent)
    header, *whole = rows_of(path.read_bytes())
    assert len(whole) == 100
    read = [rows_of(part) for part in sent]
    assert all(first == header for first, *_ in read)
    assert [row for _, *rows in read for row in rows] == whole


def test_a_row_of_several_lines_stays_in_one_part(tmp_path: Path) -> None:
    path = tmp_path / "term.csv"
    note = "a line\n" * 9
    path.write_text(HEADER + "".join(f'{number};2026-10-13;"{note}"\n' for number in range(100)))
    whole = rows_of(path.read_bytes())[1:]
    assert len(whole) == 100
    assert [row for part in parts(path) for row in rows_of(part)[1:]] == whole


def test_a_quote_opened_by_mistake_costs_its_own_row(tmp_path: Path) -> None:
    path = tmp_path / "term.csv"
    rows = [f"{number};2026-10-13;note\n" for number in range(400)]
    rows[30] = '30;2026-10-13;"note\n'
    path.write_text(HEADER + "".join(rows))
    whole = rows_of(path.read_bytes())[1:]
    assert [row.line for row in whole if row.cells is None] == [32]
    assert [row for part in parts(path, 4096) for row in rows_of(part)[1:]] == whole


def test_a_file_that_is_small_enough_goes_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "term.csv"
    path.write_text(HEADER * 10)
    assert parts(path) == [path.read_bytes()]
    path.write_text("")
    assert parts(path) == [b""]


def test_too_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "term.csv"
    path.write_text(HEADER + "1\n" * 5_000)
    with pytest.raises(ValueError, match="too many lines"):
        parts(path)
