"""The words in use at a school about its caregivers, each once whatever its spelling, with what they mean for letters. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.notifier.contacts.correspondents import Verdict, verdict_on
from services.notifier.contacts.repository.decisions import KeptDecision, TextInUse
from shared.correspondents import Judgement, judged, text_key

_FIRST: tuple[Verdict, ...] = ("undecided", "never", "write")


@dataclass(frozen=True, slots=True)
class Status:
    """A status or role. `students` may count a student twice whose caregivers have two spellings of it."""

    text: str
    judgement: Judgement
    verdict: Verdict
    kept: KeptDecision | None
    caregivers: int
    students: int


def statuses_of(in_use: Sequence[TextInUse], kept: Mapping[str, KeptDecision]) -> list[Status]:
    """The texts that wait for a decision first, then those that nobody is written to for."""
    spellings: dict[str, list[TextInUse]] = {}
    for text in in_use:
        spellings.setdefault(text_key(text.text), []).append(text)
    decisions = {key: decision.decision for key, decision in kept.items()}
    statuses = [
        Status(
            texts[0].text,
            judged(texts[0].text),
            verdict_on(texts[0].text, decisions),
            kept.get(key),
            sum(text.caregivers for text in texts),
            sum(text.students for text in texts),
        )
        for key, texts in spellings.items()
    ]
    return sorted(statuses, key=lambda status: (_FIRST.index(status.verdict), -status.caregivers, status.text))
