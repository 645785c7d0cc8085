"""An operator's own file of codes: what it may say, and where a fault in it is."""

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.attendance.codes import DEFAULT_FILE, CodeTable, CodeTableError
from shared.settings import Settings

PRESENT = '[[code]]\ncode = "P"\nmeaning = "Present"\nclass = "present"\n'
ILL = '[[code]]\ncode = "M"\nmeaning = "Illness"\nclass = "justified"\n'


def load(folder: Path, text: str) -> CodeTable:
    path = folder / "codes.toml"
    path.write_text(text, encoding="utf-8")
    return CodeTable.load(path)


@pytest.mark.parametrize(
    ("text", "line", "number", "words"),
    [
        ('[[code]]\ncode = "p"\nmeaning = "Present"\nclass = "present"\n', 1, 1, "capital letter"),
        (PRESENT + '\n# a comment\n  [[ code ]]  # spaced\ncode = "Ā"\n', 7, 2, "capital letter"),
        (PRESENT + ILL + '[[code]]\ncode = "E"\nclass = "unjustified"\n', 9, 3, "no meaning"),
        (PRESENT + ILL + PRESENT, 9, 3, "'P' is there twice"),
        (PRESENT + ILL + "from = 2026-02-01\nuntil = 2026-01-31\n", 5, 2, "ends before it begins"),
        (PRESENT.replace('"Present"', '"""\n[[code]]\n"""') + ILL + "form = 2026-02-01\n", 7, 2, "unknown field 'form'"),
        (PRESENT.replace("\n", "\r\n") + ILL + 'open = ""\n', 5, 2, "open: not a text"),
        (PRESENT + '[[code]]\ncode = "C"\nmeaning = "Court"\nclass = "present"\nbecomes = "D"\n', 5, 2, "'C' becomes 'D', which is not in"),
        (PRESENT + ILL + '[[code]]\ncode = "C"\nmeaning = "Court"\nclass = "present"\nbecomes = "M"\n', 9, 3, "not of the class present"),
        (PRESENT + ILL + 'becomes = "P"\n', 5, 2, "a mapping must not change totals"),
        (PRESENT + 'becomes = "P"\n', 1, 1, "retired itself"),
    ],
)
def test_a_fault_is_named_by_its_line_and_entry(tmp_path: Path, text: str, line: int, number: int, words: str) -> None:
    with pytest.raises(CodeTableError) as refused:
        load(tmp_path, text)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'codes.toml'}: line {line}, code {number}: ")
    assert words in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[code]]\ncode = "P\n', "line 2"),
        ('[[codes]]\ncode = "P"\n', "unknown entry 'codes'"),
        ("", "no [[code]]"),
        ("code = []\n", "no [[code]]"),
    ],
)
def test_a_file_that_holds_no_codes_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CodeTableError) as refused:
        load(tmp_path, text)
    assert words in str(refused.value)


def test_codes_written_in_one_line_are_counted_where_no_line_can_be_told(tmp_path: Path) -> None:
    with pytest.raises(CodeTableError, match=r"codes\.toml: code 1: a code is one"):
        load(tmp_path, 'code = [{code = "PP", meaning = "Present", class = "present"}]\n')


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.toml"):
        with pytest.raises(CodeTableError) as refused:
            CodeTable.load(path)
        assert str(path) in str(refused.value)


@pytest.mark.parametrize("code", "PLADIQMJUOEGT?X")
@pytest.mark.parametrize("code_class", ["present", "justified", "unjustified", "excluded"])
def test_every_current_code_can_be_redefined(tmp_path: Path, code: str, code_class: str) -> None:
    table = load(tmp_path, f'[[code]]\ncode = "{code}"\nmeaning = "Ours"\nclass = "{code_class}"\n')
    assert table.class_of(code) == code_class
    assert table.by_code[code].absent == (code_class in ("justified", "unjustified"))


def test_a_copy_of_our_file_is_our_table(tmp_path: Path) -> None:
    assert load(tmp_path, "\ufeff" + DEFAULT_FILE.read_text(encoding="utf-8")).by_code == CodeTable.load().by_code


def test_no_retired_code_of_ours_changes_a_total() -> None:
    table = CodeTable.load()
    retired = {code.code: code.becomes for code in table.by_code.values() if code.becomes}
    assert retired == dict.fromkeys("HKYZ", "A") | dict.fromkeys("FNRSVW", "P") | {"C": "D"}
    assert not any(table.by_code[code].absent or table.by_code[successor].absent for code, successor in retired.items())


def test_what_is_open_is_said_of_two_codes() -> None:
    notes = {code.code: code.open for code in CodeTable.load().by_code.values() if code.open}
    assert set(notes) == {"I", "O"}
    assert "justified" in notes["O"]


def test_the_codes_of_a_day() -> None:
    table = CodeTable.load()
    assert "".join(code.code for code in table.on(date(2025, 1, 27))) == "PLADIQMJUOEGT?X"
    assert len(table.on(date(2025, 1, 26))) == 26


def test_a_retired_code_is_usable_on_any_day_and_an_ended_one_is_not(tmp_path: Path) -> None:
    table = load(tmp_path, PRESENT + ILL + "until = 2026-01-31\n")
    assert [table.by_code["M"].usable_on(date(2026, month, 1)) for month in (1, 2)] == [True, False]
    assert CodeTable.load().by_code["K"].usable_on(date(2026, 10, 13))


def test_a_schools_choice_changes_absences_only(tmp_path: Path) -> None:
    chosen = CodeTable.load().with_classes({"O": "unjustified"})
    assert chosen.class_of("O") == "unjustified"
    assert chosen.class_of("M") == "justified"
    table = load(tmp_path, '[[code]]\ncode = "O"\nmeaning = "Overseas"\nclass = "present"\n')
    assert table.with_classes({"O": "unjustified"}).class_of("O") == "present"


def test_the_setting_may_be_left_empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("STAR_ATTENDANCE_CODES", raising=False)
    assert Settings().attendance_codes is None
    monkeypatch.setenv("STAR_ATTENDANCE_CODES", "")
    assert Settings().attendance_codes is None
    monkeypatch.setenv("STAR_ATTENDANCE_CODES", str(tmp_path / "ours.toml"))
    assert Settings().attendance_codes == tmp_path / "ours.toml"
    with pytest.raises(ValidationError):
        Settings(attendance_codes=5)  # type: ignore[arg-type]
