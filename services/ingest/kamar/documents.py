"""Opens a document whichever format it is in, from the bytes as they came."""

from typing import Final

from services.ingest.kamar.json_reader import JsonReader
from services.ingest.kamar.normalising import Normaliser
from services.ingest.kamar.reading import BrokenDocumentError, Element, Header, Reader
from services.ingest.kamar.xml_reader import XmlReader

HEAD: Final = 64 * 1024
"""Bytes in which the header must stand for the door to act on it."""

PROCESSED: Final = frozenset({"full", "part", "attendance", "pastoral"})
"""The kinds that are stored and worked on; `check` is answered, others are acknowledged and dropped."""


class Document:
    """One document, fed in pieces."""

    def __init__(self) -> None:
        self._normaliser = Normaliser()
        self._reader: Reader | None = None

    @property
    def header(self) -> Header:
        """The document's head as far as it has been read."""
        return self._reader.header if self._reader is not None else Header()

    @property
    def ended(self) -> bool:
        """Whether the document was read to its proper end."""
        return self._reader is not None and self._reader.ended

    def feed(self, data: bytes) -> None:
        """Reads on. Raises BrokenDocumentError; what came before the fault can still be taken."""
        self._read(self._normaliser.feed(data))

    def finish(self) -> None:
        """Reads what was held back. Raises BrokenDocumentError when the document has not come to its end."""
        self._read(self._normaliser.end())
        if not self.ended:
            raise BrokenDocumentError("the document ends too early")

    def take(self) -> list[Element]:
        """The elements completed since the last call."""
        return self._reader.take() if self._reader is not None else []

    def _read(self, clean: bytes) -> None:
        if self._reader is None:
            clean = clean.lstrip()
            if not clean:
                return
            self._reader = XmlReader() if clean.startswith(b"<") else JsonReader()
        if clean:
            self._reader.feed(clean)
