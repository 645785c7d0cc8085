"""The caregivers whom a letter may go to, by the words that the school's system has about them and the school's decisions. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from services.notifier.contacts.contact import Caregiver
from services.notifier.contacts.same_person import places, same_person
from shared.addresses import address_key
from shared.correspondents import is_protected, judged, text_key
from shared.same_name import same_name

Decision = Literal["write", "never"]
"""A person's decision about a text that is on no list, or that would be harmless: once for all caregivers of the school."""

Decisions = Mapping[str, Decision]
"""Decisions by the key of their text (`text_key`)."""

Verdict = Literal["write", "undecided", "never"]
"""Whether letters go to a caregiver of whom a text is said. `undecided`: not until a person has decided."""

Bar = Literal["protected", "no-correspondent", "not-wanted", "never", "undecided", "shared", "other-key"]
"""The reason why no letter may go to a caregiver. `protected`, `no-correspondent`: by the words about them. `not-wanted`: the school's
system says so. `never`, `undecided`: the school's decision about the words, or the want of one. `shared`: their mailbox or mobile is also
somebody's who must not be written to. `other-key`: they get none under another key of the same child."""

NONE: Final[Decisions] = {}


def verdict_on(text: str | None, decisions: Decisions) -> Verdict:
    """The verdict on one text. Protection wins over every decision; an emergency contact is no correspondent, whatever was decided."""
    judgement = judged(text)
    if judgement in ("protected", "no-correspondent"):
        return "never"
    decision = decisions.get(text_key(text))
    if judgement == "harmless":
        return decision or "write"
    return decision or "undecided"


def bars(caregivers: Iterable[Caregiver], decisions: Decisions = NONE, *, elsewhere: Iterable[Caregiver] = ()) -> tuple[Bar | None, ...]:
    """The bar of each caregiver of a student, in their order; None where a letter may go.

    A mailbox or a telephone that is also somebody's who must not be written to is nobody's: the letter would reach them.
    `elsewhere` are the caregivers under other keys of the same child: what stops a letter there stops it to the same person here.
    """
    listed, others = tuple(caregivers), tuple(elsewhere)
    shut = {place for caregiver in (*listed, *others) if _is_shut(caregiver, decisions) for place in places(caregiver)}
    barred = [caregiver for caregiver in others if _own_bar(caregiver, decisions) is not None]
    written_to = correspondents(others, decisions) if barred else ()

    def bar(caregiver: Caregiver) -> Bar | None:
        if (own := _own_bar(caregiver, decisions)) is not None:
            return own
        if not shut.isdisjoint(places(caregiver)):
            return "shared"
        return "other-key" if any(_bars(other, caregiver, written_to, decisions) for other in barred) else None

    return tuple(bar(caregiver) for caregiver in listed)


def correspondents(
    caregivers: Iterable[Caregiver], decisions: Decisions = NONE, *, elsewhere: Iterable[Caregiver] = ()
) -> tuple[Caregiver, ...]:
    """Those of a student's caregivers to whom a letter may go."""
    listed = tuple(caregivers)
    found = zip(listed, bars(listed, decisions, elsewhere=elsewhere), strict=True)
    return tuple(caregiver for caregiver, bar in found if bar is None)


def may_receive(address: str, caregivers: Iterable[Caregiver], decisions: Decisions = NONE, *, elsewhere: Iterable[Caregiver] = ()) -> bool:
    """Whether a letter that was written to this address or number may still go there."""
    open_to = correspondents(caregivers, decisions, elsewhere=elsewhere)
    return address_key(address) in {place for caregiver in open_to for place in places(caregiver)}


def is_barred(address: str, caregivers: Iterable[Caregiver], decisions: Decisions = NONE, *, elsewhere: Iterable[Caregiver] = ()) -> bool:
    """Whether this address or number is somebody's to whom no letter may go now. One that nobody has any more is not."""
    listed, others = tuple(caregivers), tuple(elsewhere)
    known = {place for caregiver in (*listed, *others) for place in places(caregiver)}
    return address_key(address) in known and not may_receive(address, listed, decisions, elsewhere=others)


def shut_homes(caregivers: Iterable[Caregiver], decisions: Decisions = NONE) -> tuple[str, ...]:
    """The homes of those who must not be written to: a letter that is posted there would reach them."""
    shut = (caregiver.postal_address for caregiver in caregivers if _is_shut(caregiver, decisions))
    return tuple(home for home in shut if home is not None)


def _own_bar(caregiver: Caregiver, decisions: Decisions) -> Bar | None:
    """The bar by what the school's system has about the caregiver alone."""
    texts = (caregiver.status, caregiver.role)
    verdicts = {verdict_on(text, decisions) for text in texts}
    if is_protected(caregiver):
        return "protected"
    if "no-correspondent" in map(judged, texts):
        return "no-correspondent"
    if not caregiver.notify:
        return "not-wanted"
    if "never" in verdicts:
        return "never"
    return "undecided" if "undecided" in verdicts else None


def _bars(barred: Caregiver, caregiver: Caregiver, written_to: Iterable[Caregiver], decisions: Decisions) -> bool:
    """Whether an entry under another key that gets no letters is this caregiver. Somebody who is listed there for emergencies as well, or
    beside an entry that wants no letters, is written to there."""
    if not same_person(barred, caregiver):
        return False
    as_well = any(same_name(other.name, caregiver.name) and places(barred) <= places(other) for other in written_to)
    return _is_shut(barred, decisions) or not as_well


def _is_shut(caregiver: Caregiver, decisions: Decisions) -> bool:
    """Whether nothing may come near the caregiver. That somebody is an emergency contact too shuts no mailbox."""
    texts = [text for text in (caregiver.status, caregiver.role) if judged(text) != "no-correspondent"]
    return is_protected(caregiver) or any(verdict_on(text, decisions) != "write" for text in texts)
