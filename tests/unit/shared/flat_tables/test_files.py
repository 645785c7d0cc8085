"""Flat tables as files: the same rows as CSV, to the byte, and as Parquet."""

import io
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from pyarrow import parquet

from shared.flat_tables.files import table_file
from shared.flat_tables.table import NAMES, SCHOOL, Column, FlatTable, Row

TABLE = FlatTable(
    "things",
    "One row for each thing",
    ("thing",),
    (
        SCHOOL,
        Column("thing", "text", "Name of the thing"),
        *NAMES,
        Column("number", "integer", "How many", optional=True),
        Column("share", "number", "Share of all"),
        Column("whole", "boolean", "Whether it is whole"),
        Column("day", "date", "Day of the thing", optional=True),
        Column("at", "time", "Time of the thing"),
    ),
)
AT = datetime(2026, 11, 20, 15, 30, tzinfo=timezone(timedelta(hours=13)))
ROWS: list[Row] = [
    {
        "thing": "=1+1",
        "school": "0999",
        "given_name": "Hemi",
        "family_name": "Ō",
        "number": 3,
        "share": 0.5,
        "whole": True,
        "day": None,
        "at": AT,
    },
    {
        "thing": "a,b",
        "school": "0999",
        "given_name": None,
        "family_name": None,
        "number": None,
        "share": 1.0,
        "whole": False,
        "day": date(2026, 11, 20),
        "at": AT,
    },
]


def written(form: str, *, names: bool) -> bytes:
    file = io.BytesIO()
    table = table_file(form, TABLE.shown(names=names), file)  # type: ignore[arg-type]
    table.write(ROWS[:1])
    table.write(ROWS[1:])
    table.close()
    return file.getvalue()


def test_csv_is_for_spreadsheets() -> None:
    assert written("csv", names=True).decode() == (
        "school,thing,given_name,family_name,number,share,whole,day,at\r\n"
        "0999,'=1+1,Hemi,Ō,3,0.5,true,,2026-11-20T02:30:00Z\r\n"
        '0999,"a,b",,,,1.0,false,2026-11-20,2026-11-20T02:30:00Z\r\n'
    )


def test_names_are_only_there_for_those_who_ask() -> None:
    assert written("csv", names=False).decode().splitlines()[:2] == [
        "school,thing,number,share,whole,day,at",
        "0999,'=1+1,3,0.5,true,,2026-11-20T02:30:00Z",
    ]


def test_parquet_has_the_same_rows_with_their_kinds_and_meanings() -> None:
    table = parquet.read_table(io.BytesIO(written("parquet", names=False)))
    assert table.to_pylist() == [
        {
            "school": "0999",
            "thing": "=1+1",
            "number": 3,
            "share": 0.5,
            "whole": True,
            "day": None,
            "at": datetime(2026, 11, 20, 2, 30, tzinfo=UTC),
        },
        {
            "school": "0999",
            "thing": "a,b",
            "number": None,
            "share": 1.0,
            "whole": False,
            "day": date(2026, 11, 20),
            "at": datetime(2026, 11, 20, 2, 30, tzinfo=UTC),
        },
    ]
    assert table.schema.field("share").metadata == {b"description": b"Share of all"}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_without_rows_still_has_its_columns(form: str) -> None:
    file = io.BytesIO()
    table = table_file(form, TABLE.shown(names=False), file)  # type: ignore[arg-type]
    table.write([])
    table.close()
    if form == "csv":
        assert file.getvalue() == b"school,thing,number,share,whole,day,at\r\n"
    else:
        assert parquet.read_table(io.BytesIO(file.getvalue())).num_rows == 0


def test_a_row_that_lacks_a_column_is_an_error() -> None:
    table = table_file("csv", TABLE, io.BytesIO())
    with pytest.raises(KeyError, match="thing"):
        table.write([{"school": "0999"}])
