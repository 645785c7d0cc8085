"""The JSON form of a document, read as it comes in: no more than one element is in memory at a time.

ijson's `basic_parse` is used rather than its `items`, whose prefixes cost time and memory that grow with the square of the nesting.
"""

import re
from decimal import Decimal
from typing import Any, Final

import ijson

from services.ingest.kamar.reading import ROOT, WANTED, BrokenDocumentError, Element, Header, Measure
from services.ingest.kamar.scrubbing import SECRETS
from services.ingest.kamar.stray_commas import StrayCommas
from services.ingest.kamar.values import Value

_STARTS: Final = {"start_map", "start_array"}
_ENDS: Final = {"end_map", "end_array"}
_LARGEST: Final = 2**63
_LONGEST_NUMBER: Final = 1000
_LONG_NUMBER: Final = re.compile(rb"[0-9]{%d}" % _LONGEST_NUMBER)
"""Python refuses numbers of some thousand digits, and the parser's C code does not take that well."""

_SILENCE: Final = 4 * 1024 * 1024
"""Bytes without a single token: a text as long as that is no data of ours, and must not gather in memory."""


class JsonReader:
    """Where it stands: outside, in the directory (the document's object), in a section, or in the list of a section's elements."""

    def __init__(self) -> None:
        self.header = Header()
        self.ended = False
        self._events: Any = ijson.sendable_list()
        self._parser: Any = ijson.basic_parse_coro(self._events)
        self._commas = StrayCommas()
        self._silent = 0
        self._last = b""
        self._done: list[Element] = []
        self._place = "outside"
        self._section = ""
        self._key = ""
        self._depth = 0
        """The depth inside of a value that is being built or passed over."""
        self._wrapped = False
        self._nested = False
        """Whether the list of elements lies below an object of the section, as `data`."""
        self._builder: _Builder | None = None

    def feed(self, data: bytes) -> None:
        """Reads on; nothing more is read behind the end."""
        if self.ended or not (data := self._commas.feed(data)):
            return
        broken = False
        if _LONG_NUMBER.search(self._last + data) is not None:
            raise BrokenDocumentError("a number is too long")
        self._last = data[-_LONGEST_NUMBER:] if len(data) >= _LONGEST_NUMBER else (self._last + data)[-_LONGEST_NUMBER:]
        try:
            self._parser.send(data)
        except (ijson.JSONError, ValueError, ArithmeticError):
            # The parser's own words quote the document.
            broken = True
        self._silent = 0 if self._events else self._silent + len(data)
        for event, value in self._events:
            self._on(event, value)
            if self.ended:
                return
        del self._events[:]
        if broken:
            raise BrokenDocumentError("not JSON from here on")
        if self._silent > _SILENCE:
            raise BrokenDocumentError("a text is too long")

    def take(self) -> list[Element]:
        """The elements completed since the last call."""
        done, self._done = self._done, []
        return done

    def _on(self, event: str, value: Any) -> None:
        if self._depth:
            self._inside(event, value)
        elif event == "map_key":
            self._key = value.lower()
        elif event in _ENDS:
            self._leave()
        elif self._place == "outside":
            if event != "start_map":
                raise BrokenDocumentError("the document is not an object")
            self._place = "directory"
        elif self._place == "directory":
            self._member(event, value)
        elif self._place == "section":
            if self._key == "data" and event == "start_array":
                self._place, self._nested = "elements", True
            elif self._key == "data":
                self._element(event, value)
            elif event in _STARTS:
                self._begin(None)
        else:
            self._element(event, value)

    def _member(self, event: str, value: Any) -> None:
        if event == "start_map" and self._key == ROOT and not self._wrapped:
            self._wrapped = True
        elif self._key == "schools" and event in _STARTS:
            self._section = ""
            self._begin(_Builder(event))
        elif event in _STARTS:
            self._section = self._key
            self._place = "section" if event == "start_map" else "elements"
        else:
            self.header.put(self._key, plain(value))

    def _element(self, event: str, value: Any) -> None:
        if self._section in WANTED and event == "start_map":
            self._begin(_Builder(event))
            return
        if event in _STARTS:
            self._begin(None)
        if event in _STARTS or value is not None:
            self._done.append(Element(self._section, None, "not an object" if self._section in WANTED else None))

    def _begin(self, builder: "_Builder | None") -> None:
        self._builder, self._depth = builder, 1

    def _inside(self, event: str, value: Any) -> None:
        if event in _STARTS:
            self._depth += 1
        elif event in _ENDS:
            self._depth -= 1
        builder = self._builder
        if builder is not None and builder.problem is None and self._depth:
            builder.on(event, value, self._depth)
        if self._depth:
            return
        self._builder = None
        if builder is not None and not self._section:
            self.header.put("schools", builder.root)
        elif builder is not None:
            fields = builder.root if builder.problem is None and isinstance(builder.root, dict) else None
            self._done.append(Element(self._section, fields, builder.problem))

    def _leave(self) -> None:
        if self._place in {"elements", "section"}:
            # The list ends below a section's object, or the section is a bare list, or the section itself ends.
            nested = self._place == "elements" and self._nested
            self._place = "section" if nested else "directory"
            self._nested = False
        elif self._wrapped:
            self._wrapped = False
            self.ended = True
        else:
            self.ended = True


class _Builder:
    """Puts one value together, within bounds."""

    def __init__(self, event: str) -> None:
        self.root: dict[str, Value] | list[Value] = {} if event == "start_map" else []
        self.problem: str | None = None
        self._stack: list[dict[str, Value] | list[Value]] = [self.root]
        self._keys: list[str] = [""]
        self._measure = Measure()

    def on(self, event: str, value: Any, depth: int) -> None:
        """Takes the next token."""
        if event in _ENDS:
            self._stack.pop()
            self._keys.pop()
            return
        self.problem = self._measure.problem(depth, len(value) if isinstance(value, str) else 0)
        if self.problem is not None:
            return
        if event == "map_key":
            self._keys[-1] = value.lower()
        elif event in _STARTS:
            child: dict[str, Value] | list[Value] = {} if event == "start_map" else []
            self._put(child)
            self._stack.append(child)
            self._keys.append("")
        else:
            self._put(plain(value))

    def _put(self, value: Value) -> None:
        into = self._stack[-1]
        if isinstance(into, list):
            into.append(value)
        elif self._keys[-1] not in SECRETS:
            into[self._keys[-1]] = value


def plain(value: Any) -> Value:
    """A token's value as a text, a number of ordinary size, a truth value, or None."""
    if isinstance(value, Decimal):
        if not -20 < value.adjusted() < 19:
            return None
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _LARGEST:
        return None
    return value
