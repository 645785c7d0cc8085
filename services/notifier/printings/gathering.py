"""The letters that may be printed now: looked at once more, as every letter is before it goes."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.contacts.postal import home_of
from services.notifier.contacts.recipients import recipients
from services.notifier.contacts.repository import bad_addresses, contacts, decisions
from services.notifier.delivery.deliveries.delivery import KeptBack
from services.notifier.delivery.deliveries.repository import deliveries
from services.notifier.letters.correcting import Corrector
from services.notifier.letters.ended_terms import term_is_over
from services.notifier.letters.renewing import LetterRenewer
from services.notifier.letters.withdrawing import LetterCloser
from services.notifier.letters.writing import LetterWriter
from services.notifier.printings import repository as printings
from services.notifier.printings.printing import PaperLetter
from services.notifier.state import NotifierState


async def still_to_print(connection: AsyncConnection, state: NotifierState, school: str, most: int) -> list[PaperLetter]:
    """The oldest letters that wait to be printed and may go. Words that are out of date are written anew, and letters that must not go any
    more are cancelled. The caller holds the school's lock of printings."""
    waiting = await printings.to_print(connection, school, most)
    await deliveries.lock_all(connection, [letter.delivery for letter in waiting])
    decided = await decisions.of(connection, school)
    people = await contacts.contacts_of(connection, {letter.student_id for letter in waiting})
    writer = LetterWriter(state.letters, None, state.settings.message_id_domain)
    renew = LetterRenewer(writer, Corrector(writer, state.settings.policy_defaults), state.clock)
    close = LetterCloser(state.settings.hold, state.settings.policy_defaults.window)
    abouts = {(letter.term, letter.occasion) for letter in waiting}
    over = {about: await term_is_over(connection, school, about[0], state.clock(), about[1]) for about in abouts}
    for letter in waiting:
        contact = people.get(letter.student_id)
        to = recipients(contact.caregivers, elsewhere=contact.elsewhere, decisions=decided, paper="everybody") if contact else ()
        homes = {one.address for one in to if one.channel == "paper"}
        if over[letter.term, letter.occasion]:
            await _keep_back(connection, close, letter, "term-over", state.clock())
        elif home_of(letter.recipient or "") not in homes:
            await _keep_back(connection, close, letter, "no-correspondent", state.clock())
        elif await bad_addresses.is_bad(connection, school, letter.recipient or ""):
            await _give_up(connection, close, letter, state.clock())
        elif letter.is_stale:
            await renew(connection, letter.delivery)
    looked_at = {letter.delivery for letter in waiting}
    return [letter for letter in await printings.to_print(connection, school, most) if letter.delivery in looked_at]


async def _keep_back(connection: AsyncConnection, close: LetterCloser, letter: PaperLetter, reason: KeptBack, now: datetime) -> None:
    if await deliveries.cancelled(connection, letter.delivery, reason):
        await close(connection, await deliveries.lock(connection, letter.delivery), now)


async def _give_up(connection: AsyncConnection, close: LetterCloser, letter: PaperLetter, now: datetime) -> None:
    if await deliveries.failed(connection, letter.delivery, "a bad address: an envelope came back from it, and nothing was posted"):
        await close(connection, await deliveries.lock(connection, letter.delivery), now)
