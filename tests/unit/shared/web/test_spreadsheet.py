"""CSV as RFC 4180 has it, that no spreadsheet runs."""

import csv

import pytest

from shared.web.spreadsheet import ROWS_A_PIECE, csv_pieces


def test_lines_end_and_cells_are_quoted_as_the_rfc_says() -> None:
    pieces = list(csv_pieces(("a", "b"), [("x,y", 1), ('say "kia ora"', None), ("two\nlines", 0), ("Ā", 2)]))
    assert b"".join(pieces).decode() == 'a,b\r\n"x,y",1\r\n"say ""kia ora""",\r\n"two\nlines",0\r\nĀ,2\r\n'


@pytest.mark.parametrize("text", ["=1+1", "+64 21", "-1", "@SUM(A1)", "\t=1", "\r=1", "|calc", "%x"])
def test_a_text_that_looks_like_a_formula_is_marked_as_text(text: str) -> None:
    (_, row) = csv.reader(b"".join(csv_pieces(("a",), [(text,)])).decode().splitlines(keepends=True))
    assert row == ["'" + text]


def test_numbers_and_texts_with_such_signs_inside_stay() -> None:
    assert b"".join(csv_pieces(("a", "b"), [(-1, "a=b")])) == b"a,b\r\n-1,a=b\r\n"


@pytest.mark.parametrize("rows", [0, 1, ROWS_A_PIECE, ROWS_A_PIECE + 1, 3 * ROWS_A_PIECE])
def test_the_file_comes_in_pieces_and_loses_nothing(rows: int) -> None:
    pieces = list(csv_pieces(("a",), ((number,) for number in range(rows))))
    assert b"".join(pieces).split(b"\r\n") == [b"a", *(str(number).encode() for number in range(rows)), b""]
    assert all(piece.count(b"\r\n") <= ROWS_A_PIECE + 1 for piece in pieces)
