"""`star import` as a process, against the door on a real server: it can be killed anywhere and run again."""

import asyncio
import itertools
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from shared.bus.interface import BusUnavailableError
from tests.integration.ingest.conftest import NOW, Door
from tests.support.oneroster import tables, zipped
from tests.support.ports import free_port
from tests.support.processes import STAR
from tests.support.servers import serving

HEADER = "Student ID,Date,Session,Code,Updated\n"
WRITTEN = datetime.fromisoformat("2026-10-14T00:00:00+00:00")
ROWS = 950


class Gate:
    """The door behind a gate: it lets some imports through, and keeps the answer to the next one back."""

    def __init__(self, app: Any, through: int | None = None) -> None:
        self._app = app
        self._left = through
        self.waiting = asyncio.Event()
        self.open = asyncio.Event()
        self.requests = 0
        self.sizes: list[int] = []
        self._bus_away_at = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/imports"):
            self.requests += 1
            self.sizes.append(int(dict(scope["headers"])[b"content-length"]))
            if self._left is not None and self.requests > self._left:
                await self._app(scope, receive, self._held(send))
                return
            if self._bus_away_at:
                self._wrap(scope["state"]["service"].publisher)
        await self._app(scope, receive, send)

    def bus_goes_away_at(self, batch: int) -> None:
        """This batch of the next import finds no bus, once."""
        self._bus_away_at = batch

    def _wrap(self, publisher: Any) -> None:
        publish, number = publisher.publish, itertools.count(1)
        away_at, self._bus_away_at = self._bus_away_at, 0

        async def publish_or_fail(messages: Any) -> None:
            if next(number) == away_at:
                raise BusUnavailableError("away")
            await publish(messages)

        publisher.publish = publish_or_fail

    def _held(self, send: Any) -> Any:
        async def wait_and_send(message: Any) -> None:
            self.waiting.set()
            await self.open.wait()
            await send(message)

        return wait_and_send


def write(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Writes a file as if on a day of the term: its moment is that of rows that say none."""
    path.write_bytes(text.encode(encoding))
    os.utime(path, (WRITTEN.timestamp(), WRITTEN.timestamp()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "term.csv"
    rows = [
        f'{number},13/10/2026,{"AM" if number % 2 else "PM"},{"M" if number % 3 else "P"},"1{number % 4}/10/2026 9:05"\n'
        for number in range(ROWS)
    ]
    rows[600] = "600,13/10/2026,AM,P,\n"
    write(path, (HEADER + "".join(rows)).replace("\n", "\r\n"), "utf-16")
    return path


@asynccontextmanager
async def gate(
    door: Door, database_url: str, through: int | None = None, port: int | None = None, **settings: Any
) -> AsyncIterator[tuple[Gate, str]]:
    app = Gate(create_app(IngestSettings(data=door.data, database_url=database_url, **settings), clock=lambda: NOW), through)
    async with serving(app, port) as url:
        try:
            yield app, url
        finally:
            app.open.set()


class Command:
    """`star import` as processes, none of which outlives the test."""

    def __init__(self, door: Door, file: Path) -> None:
        self._door = door
        self._file = file
        self.started: list[asyncio.subprocess.Process] = []

    async def start(self, url: str, *arguments: str, school: str | None = "999") -> asyncio.subprocess.Process:
        named = ("--school", school) if school is not None else ()
        process = await asyncio.create_subprocess_exec(
            *STAR,
            *("import", str(self._file), *named, "--url", url, *arguments),
            env={**os.environ, "STAR_TOKEN": self._door.token()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self.started.append(process)
        return process

    async def run(self, url: str, *arguments: str, school: str | None = "999") -> tuple[int | None, str, str]:
        process = await self.start(url, *arguments, school=school)
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def star(door: Door, file: Path) -> AsyncIterator[Command]:
    command = Command(door, file)
    yield command
    for process in command.started:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def published(door: Door) -> list[dict[str, Any]]:
    return [mark for message in await door.published() for mark in json.loads(message.value or b"")["marks"]]


def register(marks: list[dict[str, Any]]) -> dict[tuple[str, str, str], tuple[datetime, str]]:
    """The marks that count: the latest of each place."""
    latest: dict[tuple[str, str, str], tuple[datetime, str]] = {}
    for mark in marks:
        place = (mark["student"], mark["date"], mark["session"])
        said = (datetime.fromisoformat(mark["recorded_at"]), mark["code"])
        latest[place] = max(latest.get(place, said), said)
    return latest


def expected() -> dict[tuple[str, str, str], tuple[datetime, str]]:
    return {
        (str(number), "2026-10-13", "AM" if number % 2 or number == 600 else "PM"): (
            WRITTEN if number == 600 else datetime.fromisoformat(f"2026-10-1{number % 4}T09:05:00+13:00"),
            "M" if number % 3 else "P",
        )
        for number in range(ROWS)
    }


async def test_a_file_from_beginning_to_end(door: Door, database_url: str, file: Path, star: Command) -> None:
    async with gate(door, database_url) as (app, url):
        code, out, _ = await star.run(url)
    assert code == 0
    assert out.splitlines()[:2] == [f"accepted {ROWS} of {ROWS} rows, of {ROWS} students", "dates     2026-10-13 to 2026-10-13"]
    assert app.sizes == [file.stat().st_size]
    marks = await published(door)
    assert len(marks) == ROWS
    assert register(marks) == expected()
    assert not list(file.parent.glob("*.star-progress*"))


async def test_killed_in_the_middle_it_is_run_again(door: Door, database_url: str, file: Path, star: Command) -> None:
    async with gate(door, database_url, through=0) as (app, url):
        process = await star.start(url)
        await asyncio.wait_for(app.waiting.wait(), 60)
        process.kill()
        await process.communicate()
        app.open.set()
        code, out, err = await star.run(url)
    assert code == 0, err
    assert f"accepted {ROWS} of {ROWS} rows" in out
    marks = await published(door)
    assert len(marks) >= ROWS
    assert register(marks) == expected()


async def test_stopped_in_the_middle(door: Door, database_url: str, star: Command) -> None:
    async with gate(door, database_url, through=0) as (app, url):
        process = await star.start(url)
        await asyncio.wait_for(app.waiting.wait(), 60)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"stopped\n")


async def test_it_goes_on_behind_the_last_line_that_is_dealt_with(door: Door, database_url: str, file: Path, star: Command) -> None:
    """The bus goes away in the middle of a file: what was accepted before is not sent for again."""
    rows = 5_500
    write(file, HEADER + "".join(f"{number},2026-10-13,AM,P,\n" for number in range(rows)))
    async with gate(door, database_url, publish_timeout=timedelta(seconds=1)) as (app, url):
        app.bus_goes_away_at(2)
        code, out, err = await star.run(url)
    assert (code, app.requests) == (0, 2), err
    assert "waiting: 503" in err
    assert out.splitlines()[0] == f"accepted {rows} of {rows} rows, of 5500 students or more"
    assert len(await published(door)) == rows


async def test_a_file_larger_than_the_door_takes_goes_in_parts(door: Door, database_url: str, file: Path, star: Command) -> None:
    limit = 20_000
    async with gate(door, database_url, import_limit=limit) as (app, url):
        code, out, err = await star.run(url)
    assert code == 0, err
    assert f"accepted {ROWS} of {ROWS} rows" in out
    taken = [size for size in app.sizes if size <= limit]
    assert len(taken) > file.stat().st_size / limit
    assert register(await published(door)) == expected()


async def test_an_outage_is_waited_for(door: Door, database_url: str, star: Command) -> None:
    port = free_port()
    process = await star.start(f"http://127.0.0.1:{port}")
    assert process.stderr is not None
    assert b"waiting: no answer" in await asyncio.wait_for(process.stderr.readline(), 60)
    async with gate(door, database_url, port=port):
        out, _ = await process.communicate()
    assert process.returncode == 0
    assert f"accepted {ROWS} of {ROWS} rows" in out.decode()


async def test_an_outage_without_end_is_an_error(star: Command) -> None:
    code, out, err = await star.run(f"http://127.0.0.1:{free_port()}", "--patience", "0.3")
    assert (code, out) == (2, "")
    assert "no answer (ConnectError)" in err


async def test_refused_rows_are_named_by_the_lines_of_the_file(door: Door, database_url: str, file: Path, star: Command) -> None:
    rows = [f'{number},2026-10-13,AM,P,"{number}\n "\n' for number in range(150)]
    rows[120] = "120,2026-10-17,AM,P,\n"
    rows[130] = '"130"x,2026-10-13,AM,P,\n'
    write(file, HEADER.replace("Updated", "Note") + "\n" + "".join(rows))
    async with gate(door, database_url) as (_, url):
        code, out, _ = await star.run(url, "--dry-run")
        assert code == 1
        assert out.splitlines() == [
            "would accept 148 of 150 rows, of 149 students",
            "dates     2026-10-13 to 2026-10-17",
            "columns   Student ID = student, Date = date, Session = session, Code = code",
            "not read  Note",
            "refused   bad-field: 1, closed-day: 1",
            f"  line {3 + 2 * 120}: closed-day (the school is not open on that day)",
            f"  line {3 + 2 * 130 - 1}: bad-field (the row's quotes don't match)",
        ]
        assert await published(door) == []
        assert not list(file.parent.glob("*.star-progress*"))
        assert (await star.run(url))[0] == 1
    assert len(await published(door)) == 148


async def test_errors_end_with_two(door: Door, database_url: str, file: Path, star: Command) -> None:
    async with gate(door, database_url) as (app, url):
        code, _, err = await star.run(url, "--map", "Nothing=student")
        assert (code, "the column 'Nothing' is not there" in err) == (2, True)
        code, _, err = await star.run(url, "--token", "nonsense")
        assert (code, "401" in err) == (2, True)
        code, _, err = await star.run(url, "--token", door.token(schools="0189"))
        assert (code, "403, this token does not hold for that school" in err) == (2, True)
        write(file, "Student,Date\n")
        code, _, err = await star.run(url)
        assert (code, "there is no column for session" in err) == (2, True)
    assert app.requests == 4
    assert await door.published() == []


async def test_without_a_token_it_signs_its_own_with_the_data_folders_key(
    door: Door, database_url: str, star: Command, tmp_path: Path
) -> None:
    async with gate(door, database_url) as (_, url):
        code, out, err = await star.run(url, "--dry-run", "--token", "", "--data", str(door.data))
        assert (code, out.splitlines()[0]) == (0, f"would accept {ROWS} of {ROWS} rows, of {ROWS} students"), err
        code, _, err = await star.run(url, "--dry-run", "--token", "", "--data", str(tmp_path / "elsewhere"))
        assert (code, "there is no token" in err) == (2, True)


async def test_students(door: Door, database_url: str, file: Path, star: Command) -> None:
    write(file, "id,first name,surname\n1,Made,Up\n2,Made,Upper\n")
    async with gate(door, database_url) as (_, url):
        code, out, _ = await star.run(url, "--kind", "students")
    assert (code, out.splitlines()[0]) == (0, "accepted 2 of 2 rows, of 2 students")
    assert len(await door.relayed()) == 2


async def test_a_zip_names_its_school_itself(door: Door, database_url: str, file: Path, star: Command) -> None:
    file.write_bytes(zipped(tables("1.2")))
    async with gate(door, database_url) as (_, url):
        code, out, err = await star.run(url, "--kind", "oneroster", school=None)
    assert code == 0, err
    assert out.splitlines()[:2] == ["accepted 2 of 2 students, 3 caregivers", "file      OneRoster 1.2, the whole roster"]
    assert "note      year-level-unread (1)" in out
    assert len(await door.relayed()) == 2


async def test_a_zip_of_several_schools_or_none_asks_which(door: Door, database_url: str, file: Path, star: Command) -> None:
    two = "sourcedId,type,identifier\norg-1,school,0999\norg-2,school,0189\n"
    async with gate(door, database_url) as (_, url):
        file.write_bytes(zipped(tables() | {"orgs.csv": two}))
        code, _, err = await star.run(url, "--kind", "oneroster", school=None)
        assert (code, "it is about 0189, 0999: say which school is meant" in err) == (2, True)
        file.write_text("a,b")
        code, _, err = await star.run(url, "--kind", "oneroster", school=None)
        assert (code, "this is no zip file" in err, "Traceback" in err) == (2, True, False)
        code, _, err = await star.run(url, school=None)
        assert (code, "--school" in err) == (2, True)
