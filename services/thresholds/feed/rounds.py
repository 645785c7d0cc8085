"""Readers of the feed who ask at about the same time are answered in one transaction, as a database gathers commits.

While one round runs, the questions that come meanwhile wait for the next: a reader alone is answered at once, and of forty whom the bell
has woken, one reads the page, and all are put on record by one statement. Nobody has a page before it is on record.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.thresholds.feed.encoded import EncodedEvents
from services.thresholds.feed.pages import FeedPage, PageQuestion, Pages
from services.thresholds.feed.reading import events_after
from shared.audit.log import log_shown
from shared.auth.principal import Principal
from shared.clock import Clock
from shared.db.errors import is_transient
from shared.web.problems import ProblemError

MOST: Final = 8
"""Different questions of a round: a page of a thousand events that nobody has read yet takes some tens of milliseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    reader: Principal
    asked: PageQuestion
    answer: asyncio.Future[FeedPage]


class Rounds:
    """The questions of a process's readers."""

    def __init__(self, engine: AsyncEngine, clock: Clock, encoded: EncodedEvents | None = None, pages: Pages | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._encoded = encoded or EncodedEvents()
        self._pages = pages or Pages()
        self._waiting: list[_Waiting] = []
        self._running: asyncio.Task[None] | None = None

    async def page(self, reader: Principal, asked: PageQuestion) -> FeedPage:
        """The page, with a line in the audit log. Raises ProblemError 410 for a cursor of another history, and the database's errors."""
        waiting = _Waiting(reader, asked, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(), name="feed-rounds")
        return await waiting.answer

    async def _run(self) -> None:
        while self._waiting:
            # Who has gone meanwhile is shown nothing.
            there = [waiting for waiting in self._waiting if not waiting.answer.done()]
            questions = list(dict.fromkeys(waiting.asked for waiting in there))[:MOST]
            self._waiting = [waiting for waiting in there if waiting.asked not in questions]
            some = [waiting for waiting in there if waiting.asked in questions]
            try:
                await self._answer(some)
            finally:
                # The round was broken off: the process ends.
                for waiting in some:
                    waiting.answer.cancel()

    async def _answer(self, some: Sequence[_Waiting]) -> None:
        """Answers them all, or tells each what is in the way."""
        by_question: dict[PageQuestion, list[_Waiting]] = {}
        for waiting in some:
            by_question.setdefault(waiting.asked, []).append(waiting)
        answers: dict[PageQuestion, FeedPage | Exception] = {}
        try:
            async with self._engine.begin() as connection:
                for asked, those in by_question.items():
                    try:
                        page = await events_after(connection, self._encoded, self._pages, asked)
                    except ProblemError as error:
                        answers[asked] = error
                        continue
                    await log_shown(connection, [waiting.reader for waiting in those], page.shown, self._clock())
                    answers[asked] = page
        except Exception as error:
            if len(by_question) > 1 and not is_transient(error):
                # One of the questions can't be answered: the others must not suffer for it.
                for those in by_question.values():
                    await self._answer(those)
                return
            answers = dict.fromkeys(by_question, error)
        for waiting in some:
            _give(waiting.answer, answers[waiting.asked])


def _give(answer: asyncio.Future[FeedPage], given: FeedPage | Exception) -> None:
    if answer.done():
        return
    if isinstance(given, FeedPage):
        answer.set_result(given)
    else:
        answer.set_exception(given)
