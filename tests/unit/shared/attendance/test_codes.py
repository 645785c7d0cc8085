"""The table of attendance codes: what a code says, and files that are refused before they can do harm."""

from datetime import date
from pathlib import Path

import pytest

from shared.attendance.codes import CodeTable, CodeTableError

GOOD = '[[code]]\ncode = "P"\nmeaning = "Present"\nclass = "present"\n'


@pytest.mark.parametrize(
    ("codes", "code_class"),
    [("PLADIQ", "present"), ("MJUO", "justified"), ("EGT?", "unjustified"), ("X", "excluded"), ("CHKYZFNRSVW", "present")],
)
def test_the_codes_of_the_schools(codes: str, code_class: str) -> None:
    table = CodeTable.load()
    assert {table.class_of(code) for code in codes} == {code_class}
    assert {table.by_code[code].absent for code in codes} == {code_class in {"justified", "unjustified"}}


def test_there_are_no_other_codes() -> None:
    table = CodeTable.load()
    assert set(table.by_code) == set("PLADIQMJUOEGT?XCHKYZFNRSVW")
    for unknown in ("B", "p", "", "PP", "@", None, 5):
        assert unknown not in table
    with pytest.raises(KeyError):
        table.class_of("B")


def test_a_retired_code_may_be_used_for_days_of_its_time() -> None:
    retired = CodeTable.load().by_code["K"]
    assert retired.valid_on(date(2025, 1, 26))
    assert not retired.valid_on(date(2025, 1, 27))
    assert retired.becomes == "A"
    assert CodeTable.load().by_code["P"].valid_on(date(1990, 1, 1))


def test_a_code_counts_as_its_successor(tmp_path: Path) -> None:
    table = load(tmp_path, GOOD + entry(code='"F"', until="2025-01-26", becomes='"P"', **{"class": '"present"'}))
    assert table.class_of("F") == "present"


def test_a_code_may_begin(tmp_path: Path) -> None:
    code = load(tmp_path, GOOD + "from = 2025-01-27\nuntil = 2025-01-27\n").by_code["P"]
    assert [code.valid_on(date(2025, 1, day)) for day in (26, 27, 28)] == [False, True, False]


def load(folder: Path, text: str | bytes) -> CodeTable:
    path = folder / "codes.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CodeTable.load(path)


def entry(**changes: str) -> str:
    fields = {"code": '"M"', "meaning": '"Illness"', "class": '"justified"', **changes}
    return "[[code]]\n" + "".join(f"{name} = {value}\n" for name, value in fields.items() if value)


@pytest.mark.parametrize(
    "second",
    [
        entry(code=""),
        entry(code='"m"'),
        entry(code='"MM"'),
        entry(code='"@"'),
        entry(code="5"),
        entry(code='"P"'),
        entry(meaning=""),
        entry(meaning='""'),
        entry(meaning="5"),
        entry(**{"class": '"absent"'}),
        entry(**{"class": '["present"]'}),
        entry(clas='"present"'),
        entry(until='"2025-01-26"'),
        entry(until="2025-01-26T00:00:00"),
        entry(**{"from": "2025-01-27", "until": "2025-01-26"}),
        entry(becomes='"B"'),
        entry(becomes='"M"'),
        entry(becomes='["P"]'),
    ],
)
def test_a_bad_entry_is_refused_by_name(tmp_path: Path, second: str) -> None:
    with pytest.raises(CodeTableError) as refused:
        load(tmp_path, GOOD + second)
    assert str(tmp_path / "codes.toml") in str(refused.value)
    assert "code 2" in str(refused.value)


def test_a_code_that_becomes_a_retired_one_is_refused(tmp_path: Path) -> None:
    retired = entry(code='"K"', **{"class": '"present"', "becomes": '"P"'})
    with pytest.raises(CodeTableError, match=r"code 3.*'H' becomes 'K'.*retired"):
        load(tmp_path, GOOD + retired + entry(code='"H"', **{"class": '"present"', "becomes": '"K"'}))


@pytest.mark.parametrize("text", ["", 'code = "P"', "code = 5", 'code = ["P"]', "[[code]", b'[[code]]\ncode = "\xff"'])
def test_a_file_that_is_no_table_of_codes_is_refused(tmp_path: Path, text: str | bytes) -> None:
    with pytest.raises(CodeTableError) as refused:
        load(tmp_path, text)
    assert str(tmp_path / "codes.toml") in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodeTableError, match="nowhere"):
        CodeTable.load(tmp_path / "nowhere.toml")
