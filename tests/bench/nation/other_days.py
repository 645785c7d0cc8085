"""Days that are no morning: a day that every school closes while marks flow, and the topic replayed beside the register."""

import asyncio
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx

from tests.bench import schools
from tests.bench.load import Connection, post
from tests.bench.nation.country import A_CLASS, Country, roll, sessions
from tests.bench.nation.machine import Machine
from tests.support.processes import STAR

AT_ONCE: Final = 8
PATIENCE: Final = 1_800.0
BETWEEN: Final = 0.25
"""Seconds between two marks that are followed while the day is being closed."""

_LEFT: Final = "SELECT count(*) FROM thresholds.recalculations WHERE state IN ('waiting', 'running')"
_DONE: Final = "SELECT count(*) FROM thresholds.recalculations WHERE state IN ('done', 'superseded')"
_CONSUMED: Final = "SELECT coalesce(sum(next_offset), 0) FROM thresholds.consumed WHERE topic = 'star.marks.v1'"


async def close_a_day(machine: Machine, country: Country) -> tuple[float, list[float]]:
    """Has every school close its last day but one. Answers the seconds from the first word to the last row; and, of each mark that was
    posted meanwhile, the seconds from its acceptance to the register, sorted."""
    assert machine.database is not None
    day = sessions()[-3][0]
    done = int(await machine.database.fetchval(_DONE))
    stop = asyncio.Event()
    # One connection has one statement at a time.
    following = asyncio.create_task(_follow_marks(machine, stop))
    started = time.perf_counter()
    limit = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {machine.token}"}, timeout=120) as http:

        async def put(school: int) -> None:
            async with limit:
                url = f"http://127.0.0.1:{machine.doors[school % len(machine.doors)]}/v1/schools/{schools.number(school)}"
                body = schools.school_body(school)
                body |= {"open_days": [one for one in body["open_days"] if one != str(day)], "closed_days": [str(day)]}  # type: ignore[attr-defined]
                confirm: dict[str, str] = {}
                while not (answer := await http.put(url, json=body, params=confirm)).is_success:
                    if answer.status_code == httpx.codes.CONFLICT:
                        confirm = {"confirm": answer.json()["confirm"]}
                    elif answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                        # What it would change is still being weighed.
                        await asyncio.sleep(float(answer.headers["Retry-After"]))
                    else:
                        answer.raise_for_status()

        await asyncio.gather(*map(put, range(country.schools)))
    deadline = started + PATIENCE
    while await machine.database.fetchval(_DONE) - done < country.schools or await machine.database.fetchval(_LEFT):
        assert time.perf_counter() < deadline, "the schools' day was not closed"
        await asyncio.sleep(0.1)
    seconds = time.perf_counter() - started
    stop.set()
    return seconds, sorted(await following)


async def _follow_marks(machine: Machine, stop: asyncio.Event) -> list[float]:
    """Posts a class of the first school now and then, and waits until the register has it."""
    ages = []
    second = 10_000
    connection = Connection("127.0.0.1", machine.doors[0])
    looking = await machine.another_look()
    while not stop.is_set():
        second += 1
        before = int(await looking.fetchval(_CONSUMED))
        body = roll(range(A_CLASS), sessions()[-1], second)
        assert await connection.send(post(f"/v1/schools/{schools.number(0)}/marks", machine.token, body)) == 202
        accepted = time.perf_counter()
        while int(await looking.fetchval(_CONSUMED)) == before:
            await asyncio.sleep(0.01)
        ages.append(time.perf_counter() - accepted)
        await asyncio.sleep(BETWEEN)
    await connection.close()
    await looking.close()
    return ages


@dataclass(frozen=True)
class Run:
    """A command that has ended: CPU seconds, and the most memory that it had, in bytes; the lines that it said beside its result."""

    cpu: float
    memory: int
    said: Sequence[str]


def replay(environment: Mapping[str, str], *arguments: str) -> Run:
    """Runs `star replay`. Raises AssertionError where the register is another one than the topic gives, but for rows beyond."""
    with subprocess.Popen(
        [*STAR, "replay", *arguments], env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        out, said = process.stdout.read(), process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, out + said
    return Run(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, said.splitlines())
