"""A batch of crossings costs the same statements however many it has, and makes what its crossings make one by one."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from shared.db.listen import Wakeup
from shared.events.data import Caregiver
from shared.events.envelope import Event
from shared.worklist.runner import Runner
from tests.integration.notifier.conftest import Desk
from tests.support.crossings import down, up
from tests.support.statements import statements

FEW, MANY = range(2), range(10, 60)


async def known(desk: Desk, numbers: Sequence[int]) -> None:
    await desk.school()
    caregiver = Caregiver(name="Family", email="family@example.test")
    await desk.roster([desk.joined(caregiver, student=str(number)) for number in numbers])


async def cross(desk: Desk, numbers: Sequence[int]) -> None:
    await desk.say(*(up(5, 10, to="yellow", student=str(number), said_at=desk.now) for number in numbers))


async def written(desk: Desk, numbers: Sequence[int]) -> None:
    """Their letters are written, and not sent."""
    await cross(desk, numbers)
    desk.passes(desk.settings.hold)
    runner = Runner("notifier", desk.engine, [desk.letter], Wakeup(), clock=desk.clock, concurrency=100)
    assert await runner.run_once() == len(numbers)


async def retract(desk: Desk, numbers: Sequence[int]) -> None:
    await desk.say(*(down(5, 9, to="green", student=str(number), said_at=desk.now) for number in numbers))


async def rise_and_fall(desk: Desk, numbers: Sequence[int]) -> None:
    events = [
        (up(5, 10, to="yellow", student=str(number), said_at=desk.now), down(5, 9, to="green", student=str(number), said_at=desk.now))
        for number in numbers
    ]
    await desk.say(*(event for pair in events for event in pair))


async def rise_further(desk: Desk, numbers: Sequence[int]) -> None:
    await desk.say(*(up(10, 20, to="orange", student=str(number), said_at=desk.now) for number in numbers))


async def leave(desk: Desk, numbers: Sequence[int]) -> None:
    await desk.roster([desk.left(str(number)) for number in numbers])


Step = Callable[[Desk, Sequence[int]], Awaitable[None]]


async def nothing(desk: Desk, numbers: Sequence[int]) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "step"),
    [
        (nothing, cross),
        (cross, retract),
        (written, retract),
        (nothing, rise_and_fall),
        (cross, rise_further),
        (cross, leave),
        (written, leave),
    ],
    ids=lambda function: str(function.__name__).replace("_", "-"),
)
async def test_a_batch_costs_the_same_statements_however_many_it_has(desk: Desk, before: Step, step: Step) -> None:
    costs = []
    for numbers in (FEW, MANY):
        await known(desk, numbers)
        await before(desk, numbers)
        with statements(desk.engine) as seen:
            await step(desk, numbers)
        assert len(seen) > 1
        costs.append(len(seen))
    assert costs[0] == costs[1]


async def test_a_batch_makes_what_its_crossings_make_one_by_one(desk: Desk) -> None:
    """Half of the students are told of in batches, the other half event by event."""
    together, alone = [f"1{number}" for number in range(6)], [f"2{number}" for number in range(6)]
    await known(desk, [int(student) for student in together + alone])

    def first(students: Sequence[str]) -> list[Event]:
        """Letters that will be written, and letters that never are."""
        a, b, c, d, e, f = students
        return [
            up(5, 10, to="yellow", student=a, said_at=desk.now),
            up(5, 20, to="orange", student=b, said_at=desk.now),
            up(10, 20, to="orange", student=b, said_at=desk.now),
            up(5, 10, to="yellow", student=c, said_at=desk.now),
            down(5, 9, to="green", student=c, said_at=desk.now),
            up(5, 10, to="yellow", student=c, sequence=2, said_at=desk.now),
            down(5, 9, to="green", student=d, said_at=desk.now),
            up(5, 10, to="yellow", student=d, said_at=desk.now),
            up(5, 10, to="yellow", student=e, said_at=desk.now),
            up(5, 10, to="yellow", student=f, said_at=desk.now),
        ]

    def second(students: Sequence[str]) -> list[Event]:
        """Corrections of written letters, some of which stand again at once."""
        a, b, c, _, e, f = students
        return [
            down(5, 9, to="green", student=a, said_at=desk.now),
            down(10, 19, to="yellow", student=b, said_at=desk.now),
            down(5, 9, to="green", student=c, sequence=2, said_at=desk.now),
            up(5, 10, to="yellow", student=c, sequence=3, said_at=desk.now),
            down(5, 9, to="green", student=c, sequence=3, said_at=desk.now),
            down(5, 9, to="green", student=e, said_at=desk.now),
            up(5, 10, to="yellow", student=e, sequence=2, said_at=desk.now),
            up(10, 20, to="orange", student=f, said_at=desk.now),
        ]

    for events in (first, second):
        await desk.say(*events(together))
        for event in events(alone):
            await desk.say(event)
        assert await _cases(desk, together) == await _cases(desk, alone)
        desk.passes(desk.settings.hold + timedelta(seconds=1))
        await Runner("notifier", desk.engine, [desk.letter], Wakeup(), clock=desk.clock, concurrency=100).run_once()
        assert await _cases(desk, together) == await _cases(desk, alone)
    await desk.work()
    assert await _cases(desk, together) == await _cases(desk, alone)
    assert {state for _, state, _ in await desk.letters()} >= {"bound", "cancelled"}


async def _cases(desk: Desk, students: Sequence[str]) -> dict[str, list[object]]:
    """All that is kept of the students, but for ids."""
    queries = {
        "cases": "SELECT right(student, 1), tier, absent_half_days FROM cases WHERE student = ANY(:students) ORDER BY 1",
        "crossings": """
            SELECT right(c.student, 1), x.threshold, x.sequence, x.state, x.letter_id IS NOT NULL
            FROM crossings x JOIN cases c USING (student_id, term) WHERE c.student = ANY(:students) ORDER BY 1, 2, 3
        """,
        "letters": """
            SELECT right(c.student, 1), l.threshold, l.state, l.reason, l.withdrawn, w.state AS work, w.share
            FROM letters l JOIN cases c USING (student_id, term) JOIN work w ON w.id = l.work_id WHERE c.student = ANY(:students)
            ORDER BY 1, 2, 3, 4
        """,
        "deliveries": """
            SELECT right(c.student, 1), d.status, d.reason, w.state AS work
            FROM deliveries d JOIN letters l ON l.id = d.letter_id JOIN cases c USING (student_id, term) JOIN work w ON w.id = d.id
            WHERE c.student = ANY(:students) ORDER BY 1, 2, 3
        """,
    }
    return {name: [tuple(row) for row in await desk.rows(sql, students=list(students))] for name, sql in queries.items()}
