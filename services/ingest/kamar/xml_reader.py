"""The XML form of a document, read as it comes in. Names are taken in any case; attributes count as children.

Expat is fed directly: a document type, and so every kind of entity bomb, is refused before anything in it is looked at.
"""

from typing import Final
from xml.parsers import expat

from services.ingest.kamar.reading import WANTED, BrokenDocumentError, Element, Header, Measure
from services.ingest.kamar.scrubbing import SECRETS
from services.ingest.kamar.values import Value

_MEMBERS: Final = frozenset({"student", "attendance", "pastoral", "staff", "subject", "record", "row", "item", "element", "entry"})
"""The names of an element inside of `data`, to tell a `data` that holds elements from one that is an element."""

_LONGEST_HEADER: Final = 4096
_ROOT, _MEMBER, _ELEMENT = 1, 2, 3


class XmlReader:
    """Where it stands is its depth: 1 the root, 2 a header's member or a section, 3 an element (4 below a `data`)."""

    def __init__(self) -> None:
        self.header = Header()
        self.ended = False
        self._done: list[Element] = []
        self._depth = 0
        self._member = ""
        self._text: list[str] = []
        self._has_children = False
        self._element_at = _ELEMENT
        self._node: _Node | None = None
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        self._parser = parser

    def feed(self, data: bytes) -> None:
        """Reads on; nothing more is read behind the end."""
        if self.ended:
            return
        try:
            self._parser.Parse(data, False)
        except expat.ExpatError as error:
            if not self.ended:
                raise BrokenDocumentError("not XML from here on") from error

    def take(self) -> list[Element]:
        """The elements completed since the last call."""
        done, self._done = self._done, []
        return done

    def _refuse(self, *_: object) -> None:
        raise BrokenDocumentError("a document type is not taken")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        name = name.lower()
        if self._depth == _ROOT:
            for attribute, value in attributes.items():
                self.header.put(attribute.lower(), value)
        elif self._depth == _MEMBER:
            self._member, self._text, self._has_children, self._element_at = name, [], False, _ELEMENT
            if name == "schools":
                self._node = _Node(attributes, self._depth)
        elif self._node is not None:
            if self._depth == _ELEMENT + 1 and self._node.is_data and name in _MEMBERS:
                self._element_at = _ELEMENT + 1
                self._node = _Node(attributes, self._depth)
            else:
                self._node.start(name, attributes, self._depth)
        elif self._depth == self._element_at:
            self._has_children = True
            if name != "count":
                self._node = _Node(attributes, self._depth, is_data=name == "data")

    def _characters(self, text: str) -> None:
        if self._node is not None:
            self._node.characters(text)
        elif self._depth == _MEMBER and sum(map(len, self._text)) < _LONGEST_HEADER:
            self._text.append(text)

    def _end(self, _: str) -> None:
        node = self._node
        if node is not None and self._depth > node.depth:
            node.end()
        elif node is not None:
            self._node = None
            self._complete(node)
        elif self._depth == _ELEMENT and self._element_at > _ELEMENT:
            self._element_at = _ELEMENT
        elif self._depth == _MEMBER and not self._has_children:
            self.header.put(self._member, "".join(self._text).strip() or None)
        elif self._depth == _ROOT:
            self.ended = True
        self._depth -= 1

    def _complete(self, node: "_Node") -> None:
        value = node.value()
        if node.depth == _MEMBER:
            self.header.put("schools", value)
        elif self._member not in WANTED:
            self._done.append(Element(self._member, None))
        elif node.problem is not None:
            self._done.append(Element(self._member, None, node.problem))
        elif isinstance(value, dict):
            self._done.append(Element(self._member, value))
        elif value is not None:
            self._done.append(Element(self._member, None, "not an object"))


class _Node:
    """Puts one element together, within bounds: members become keys, repeated ones lists, empty ones None."""

    def __init__(self, attributes: dict[str, str], depth: int, *, is_data: bool = False) -> None:
        self.depth = depth
        self.is_data = is_data
        self.problem: str | None = None
        self._names: list[str] = [""]
        self._stack: list[dict[str, Value]] = [_attributes(attributes)]
        self._texts: list[list[str]] = [[]]
        self._result: Value = None
        self._measure = Measure()

    def start(self, name: str, attributes: dict[str, str], depth: int) -> None:
        """A member begins."""
        length = sum(len(value) for value in attributes.values())
        self.problem = self.problem or self._measure.problem(depth - self.depth, length)
        if self.problem is None:
            self.is_data = False
            self._names.append(name)
            self._stack.append(_attributes(attributes))
            self._texts.append([])

    def characters(self, text: str) -> None:
        """Some of the text of the member that is open."""
        self.problem = self.problem or self._measure.problem(0, len(text))
        if self.problem is None:
            self._texts[-1].append(text)

    def end(self) -> None:
        """A member ends."""
        if self.problem is not None:
            return
        name, value = self._names.pop(), self._close()
        into = self._stack[-1]
        if name in SECRETS:
            return
        if name not in into:
            into[name] = value
            return
        before = into[name]
        into[name] = [*before, value] if isinstance(before, list) else [before, value]

    def value(self) -> Value:
        """The whole element as a value."""
        return None if self.problem is not None else self._close()

    def _close(self) -> Value:
        fields, text = self._stack.pop(), "".join(self._texts.pop()).strip()
        if not fields:
            return text or None
        if text:
            fields.setdefault("text", text)
        return fields


def _attributes(attributes: dict[str, str]) -> dict[str, Value]:
    return {name.lower(): value for name, value in attributes.items() if name.lower() not in SECRETS}
