"""The demo on its own: its diary, its waiting, and that a demo which fails says so and harms nobody."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from deploy.demo import client as client_module
from deploy.demo import play as play_module
from deploy.demo.diary import FILE, Diary
from deploy.demo.play import play
from deploy.demo.screen import Screen
from deploy.demo.waiting import until, until_steady

NOBODY_LISTENS = "http://127.0.0.1:1"


def test_the_diary_is_read_as_it_was_written(tmp_path: Path) -> None:
    diary = Diary("2026-T4", "2026-11-20 PM", "2026-11-20T04:00:00+00:00")
    diary.write(tmp_path)
    assert Diary.read(tmp_path) == diary
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"term": "2026-T4", "unknown": 1}'])
def test_a_diary_that_cannot_be_read_is_an_empty_one(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert Diary.read(tmp_path) == Diary()
    assert Diary.read(tmp_path / "nowhere") == Diary()


async def test_a_demo_that_gets_no_answer_says_so_and_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(client_module, "TRIES", 1)
    await play(NOBODY_LISTENS, tmp_path)
    said = capsys.readouterr()
    assert "The demo ended early: GET /ingest/v1/schools/0999: no answer (ConnectError)." in said.err
    assert "The services keep running" in said.err
    assert "Traceback" not in said.err + said.out


async def test_a_bug_in_the_demo_ends_nothing_but_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise KeyError("students")

    monkeypatch.setattr(play_module, "students", broken)
    await play(NOBODY_LISTENS, tmp_path)
    assert "The demo ended early: KeyError; the log says where." in capsys.readouterr().err


async def test_waiting_ends_with_a_good_answer_or_with_the_time() -> None:
    answers = iter([1, 2, 3])

    async def ask() -> int:
        return next(answers)

    assert await until(ask, lambda answer: answer == 2, longest=10) == 2
    assert await until(ask, lambda answer: answer == 2, longest=0) == 3


async def test_waiting_for_rest_takes_as_long_as_things_move() -> None:
    answers = iter([1, 2, 3, 3, 3, 3])

    async def ask() -> int:
        return next(answers)

    assert await until_steady(ask, longest=10, steady_for=0.4) == 3


def test_no_terminal_no_colours_and_no_broken_lines() -> None:
    out = StringIO()
    screen = Screen(Console(file=out, width=20, highlight=False))
    screen.heading("A heading that is longer than twenty columns")
    with screen.progress("Posting", 10) as advance:
        advance(10)
    with screen.working("Waiting"):
        pass
    screen.facts([("a", "[red] is no colour"), ("longer", "2")])
    assert out.getvalue().splitlines() == [
        "A heading that is longer than twenty columns",
        "Posting",
        "Waiting",
        "  a       [red] is no colour",
        "  longer  2",
    ]
