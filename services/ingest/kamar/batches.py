"""Cuts a document into batches: its elements in order, so many at a time, of one section. The same document gives the same batches, so a
worker that takes over knows what has been done by their number alone."""

from dataclasses import dataclass, field
from typing import Final

from services.ingest.kamar.reading import WANTED, Element

READ: Final = 100
"""Elements that are read: of attendance, some 5,000 marks."""

COUNTED: Final = 5_000
"""Elements of other sections."""


@dataclass(frozen=True, slots=True)
class DocumentBatch:
    """Some elements of one section; `number` counts from 1 through the document."""

    number: int
    section: str
    elements: list[Element]


@dataclass
class Batches:
    """Gathers elements."""

    _number: int = 0
    _section: str = ""
    _elements: list[Element] = field(default_factory=list)

    def add(self, element: Element) -> list[DocumentBatch]:
        """Takes the next element; answers the batches that it ends."""
        ended = self.end() if element.section != self._section else []
        self._section = element.section
        self._elements.append(element)
        if len(self._elements) >= (READ if element.section in WANTED else COUNTED):
            ended += self.end()
        return ended

    def end(self) -> list[DocumentBatch]:
        """The elements that are left."""
        if not self._elements:
            return []
        self._number += 1
        elements, self._elements = self._elements, []
        return [DocumentBatch(self._number, self._section, elements)]
