"""Letters as text messages: a line that says how many days, and to ring the school. Pure, but for reading the templates once.

There is room for two segments. Every name with a macron makes a segment a good deal shorter, and names are spelled right all the same.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from types import MappingProxyType
from typing import Final

from jinja2 import Template

from services.notifier.contacts.one_line import one_line
from services.notifier.templates.languages import HOUSE
from services.notifier.templates.letter_kinds import KINDS, LetterKind
from services.notifier.templates.rendering.language import TemplateLanguage
from services.notifier.templates.rendering.letters import house_words
from services.notifier.templates.rendering.occasion import Occasion
from services.notifier.templates.rendering.variables import values_of

MOST_SEGMENTS: Final = 2
SHORTEST_NAME: Final = 4

# 3GPP TS 23.038, section 6.2.1: the alphabet of a message of seven bits a character, and what takes two of them.
_GSM_7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_ESCAPED: Final = frozenset("^{}\\[~]|€\f")
_ALONE_AND_JOINED: Final = MappingProxyType({"gsm-7": (160, 153), "ucs-2": (70, 67)})


def segments(text: str) -> int:
    """How many messages a text is to the network, which joins them again."""
    plain = all(character in _GSM_7 or character in _GSM_7_ESCAPED for character in text)
    alone, joined = _ALONE_AND_JOINED["gsm-7" if plain else "ucs-2"]
    sizes = [_size(character, plain=plain) for character in text]
    if sum(sizes) <= alone:
        return 1
    count, room = 1, joined
    for size in sizes:
        # What takes two places is not split over two messages.
        if size > room:
            count, room = count + 1, joined
        room -= size
    return count


class Texts:
    """Writes text messages from the templates that come with the service."""

    def __init__(self) -> None:
        self._language = TemplateLanguage()
        self._templates: dict[LetterKind, Template] = {
            # As it is: nothing in a text message is markup.
            kind: self._language.compile(house_words(f"text-{kind}"), "subject")
            for kind in KINDS
        }

    def write(self, kind: LetterKind, occasion: Occasion) -> str:
        """The text message of a letter. A very long name is cut, the school's before the child's."""
        occasion = replace(occasion, school=one_line(occasion.school), child=one_line(occasion.child))
        occasion = self._fit(kind, occasion, occasion.school, lambda name: replace(occasion, school=name))
        fitted = occasion
        occasion = self._fit(kind, fitted, fitted.child, lambda name: replace(fitted, child=name))
        return self._fill(kind, occasion)

    def _fit(self, kind: LetterKind, occasion: Occasion, name: str, with_name: Callable[[str], Occasion]) -> Occasion:
        length: float = inf
        while segments(self._fill(kind, occasion)) > MOST_SEGMENTS and length > SHORTEST_NAME:
            length = min(length, len(name)) - 1
            occasion = with_name(name[: int(length)].rstrip() + "...")
        return occasion

    def _fill(self, kind: LetterKind, occasion: Occasion) -> str:
        return one_line(self._language.fill(self._templates[kind], values_of(occasion, kind, HOUSE)))


def _size(character: str, *, plain: bool) -> int:
    if plain:
        return 2 if character in _GSM_7_ESCAPED else 1
    return len(character.encode("utf-16-be")) // 2
