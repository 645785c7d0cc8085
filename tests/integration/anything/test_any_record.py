"""Whatever a record holds, every handler of every service applies it, or makes it a dead letter by a rule; nothing is unforeseen."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.ingest import worker as ingest_worker
from services.ingest.changes.handler import EffectsHandler
from services.ingest.students.erasing import take_off
from services.moe_sync import worker as moe_sync_worker
from services.moe_sync.items.handler import RecordsHandler
from services.moe_sync.roster.handler import StudentsHandler
from services.moe_sync.roster.week import Closing
from services.moe_sync.windows.handler import SchoolsHandler
from services.moe_sync.windows.scheduling import Scheduler
from services.notifier import worker as notifier_worker
from services.notifier.letters.correcting import Corrector
from services.notifier.letters.handlers.crossings import CrossingsHandler
from services.notifier.letters.handlers.holds import HoldsHandler
from services.notifier.letters.handlers.standings import StandingsHandler
from services.notifier.letters.handlers.statements import StatementsHandler
from services.notifier.letters.policy import PolicyDefaults
from services.notifier.letters.writing import LetterWriter
from services.notifier.partners.handler import TOPICS as PARTNER_TOPICS
from services.notifier.partners.handler import PartnerEventsHandler
from services.notifier.staff_mail.handler import PlansHandler
from services.notifier.templates.rendering.letters import Letters
from services.notifier.worker import roster_handler
from services.thresholds import worker as thresholds_worker
from services.thresholds.crossings.handler import MarksHandler
from services.thresholds.data_quality.handler import DeadLettersHandler
from services.thresholds.good_news.handler import StatementsHandler as StatementRequestsHandler
from services.thresholds.letters.handler import LettersHandler as SentLettersHandler
from services.thresholds.recalculation.handler import ProposalsHandler
from services.thresholds.register.folding import Folder
from services.thresholds.replies.handler import RepliesHandler
from shared.attendance.codes import CodeTable
from shared.batch import BatchHandler
from shared.bus.applying import UNFORESEEN, Applier, Handler
from shared.bus.interface import Message, Partition
from shared.bus.processor import Processor
from shared.db.engine import create_engine
from shared.deadletters.box import DeadLetterBox
from shared.erasures.handler import ErasuresHandler
from shared.events import topics
from shared.events.topics import Topic
from tests.integration.anything.records import NOW, messages
from tests.integration.anything.seeds import seed
from tests.unit.shared.bus.fake_consumer import FakeConsumer

EXAMPLES: Final = int(os.environ.get("STAR_TEST_EXAMPLES", "40"))
"""Batches for each handler: seconds in the suite; thousands when somebody looks for more."""

_offsets = itertools.count(1)


def clock() -> Any:
    return NOW


def _box(service: str) -> DeadLetterBox:
    return DeadLetterBox(service, limit=10**9)


HANDLERS: Final[dict[str, tuple[tuple[Topic, ...], Callable[[], Handler]]]] = {
    "thresholds.marks": (
        (topics.MARKS,),
        lambda: MarksHandler(_box("thresholds"), clock, folder=Folder(CodeTable.load()), school_wait=timedelta(0)),
    ),
    "thresholds.roster": (
        (topics.SCHOOLS, topics.STUDENTS),
        lambda: thresholds_worker.roster_handler(_box("thresholds"), clock, Folder(CodeTable.load())),
    ),
    "thresholds.dead-letters": ((topics.DEAD_LETTERS,), lambda: DeadLettersHandler(_box("thresholds"), clock)),
    "thresholds.proposals": (
        (topics.PROPOSALS,),
        lambda: ProposalsHandler(_box("thresholds"), clock, folder=Folder(CodeTable.load()), patience=timedelta(0)),
    ),
    "thresholds.replies": ((topics.REPLIES,), lambda: RepliesHandler(_box("thresholds"), clock)),
    "thresholds.letters": ((topics.LETTERS,), lambda: SentLettersHandler(_box("thresholds"), clock)),
    "thresholds.statements": (
        (topics.STATEMENT_REQUESTS,),
        lambda: StatementRequestsHandler(_box("thresholds"), clock, codes=CodeTable.load()),
    ),
    "ingest.effects": ((topics.EFFECTS,), lambda: EffectsHandler(_box("ingest"), clock)),
    "notifier.roster": ((topics.SCHOOLS, topics.STUDENTS), lambda: roster_handler(_box("notifier"), clock)),
    "notifier.crossings": ((topics.CROSSINGS,), lambda: CrossingsHandler(_box("notifier"), clock, hold=timedelta(hours=1))),
    "notifier.standings": (
        (topics.STANDINGS,),
        lambda: StandingsHandler(
            _box("notifier"), clock, corrector=Corrector(LetterWriter(Letters(), None, "star.test"), PolicyDefaults())
        ),
    ),
    "notifier.statements": ((topics.STATEMENTS,), lambda: StatementsHandler(_box("notifier"), clock, hold=timedelta(hours=1))),
    "notifier.holds": ((topics.LETTER_HOLDS,), lambda: HoldsHandler(_box("notifier"), clock)),
    "notifier.plans": ((topics.PLANS,), lambda: PlansHandler(_box("notifier"), clock, message_id_domain="star.test")),
    "notifier.partners": (tuple(PARTNER_TOPICS), lambda: PartnerEventsHandler(_box("notifier"), clock, kept=timedelta(days=30))),
    "moe_sync.schools": (
        (topics.SCHOOLS,),
        lambda: SchoolsHandler(_box("moe_sync"), clock, scheduler=Scheduler(Closing.parse("friday 18:00"), timedelta(0))),
    ),
    "moe_sync.records": ((topics.CROSSINGS, topics.RESPONSES), lambda: RecordsHandler(_box("moe_sync"), clock)),
    "moe_sync.students": ((topics.STUDENTS,), lambda: StudentsHandler(_box("moe_sync"), clock)),
    "ingest.erasures": ((topics.ERASURES,), lambda: ErasuresHandler(_box("ingest"), clock, rooms=(*ingest_worker.ROOMS, take_off))),
    "thresholds.erasures": ((topics.ERASURES,), lambda: ErasuresHandler(_box("thresholds"), clock, rooms=thresholds_worker.ROOMS)),
    "notifier.erasures": ((topics.ERASURES,), lambda: ErasuresHandler(_box("notifier"), clock, rooms=notifier_worker.ROOMS)),
    "moe_sync.erasures": ((topics.ERASURES,), lambda: ErasuresHandler(_box("moe_sync"), clock, rooms=moe_sync_worker.ROOMS)),
}


class AnyPosition:
    """In place of a ledger: these records come from no log."""

    def __init__(self, group: str) -> None:
        self.group = group

    async def advance(self, connection: AsyncConnection, offsets: Mapping[Partition, int]) -> None: ...

    def advanced(self, offsets: Mapping[Partition, int]) -> None: ...


@pytest.fixture(params=HANDLERS)
async def group(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[tuple[str, AsyncEngine]]:
    name: str = request.param
    service = name.partition(".")[0]
    engine = create_engine(database_url, service, pool_size=2)
    # What is not known would be set aside before anybody looks at the rest.
    await seed(service, engine)
    yield name, engine
    await engine.dispose()


async def unforeseen(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    """The records that were set aside without a rule; they are forgotten, so that a smaller example can be found."""
    async with engine.begin() as connection:
        rows = await connection.execute(
            text("DELETE FROM dead_letters WHERE reason = :reason RETURNING detail, topic, key, value, headers"), {"reason": UNFORESEEN}
        )
        return [tuple(row) for row in rows]


def handlers(of: Any = BatchHandler) -> Iterator[type[BatchHandler]]:
    """The product's handlers."""
    for kind in of.__subclasses__():
        if kind.__module__.startswith(("services.", "shared.")):
            yield kind
            yield from handlers(kind)


def test_every_handler_of_every_service_is_fed() -> None:
    assert set(handlers()) <= {type(make()) for _, make in HANDLERS.values()}


async def test_whatever_a_record_holds_it_is_applied_or_set_aside_by_a_rule(group: tuple[str, AsyncEngine]) -> None:
    name, engine = group
    named, make = HANDLERS[name]
    ledger: Any = AnyPosition(name)
    applier = Applier(engine, make(), ledger, _box(ledger.group.partition(".")[0]), clock)
    loop = asyncio.get_running_loop()
    count = 0

    async def feed(batch: list[Message]) -> None:
        consumer = FakeConsumer()
        for message in batch:
            consumer.logs.setdefault(message.source, []).append(replace(message, offset=next(_offsets)))
        assert await Processor(name, consumer, applier).run_once(asyncio.Event()) == len(batch)
        assert await unforeseen(engine) == []

    @settings(
        max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink), database=None
    )
    @given(st.lists(st.sampled_from(named).flatmap(messages), min_size=1, max_size=4))
    def feed_anything(batch: list[Message]) -> None:
        nonlocal count
        count += len(batch)
        asyncio.run_coroutine_threadsafe(feed(batch), loop).result(60)

    await asyncio.to_thread(feed_anything)
    assert count >= EXAMPLES
