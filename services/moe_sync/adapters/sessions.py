"""A large upload on its way in chunks: how much of it the other end has, by its own word. Pure.

Ours as the rest of the protocol is (docs/reference/ministry-upload.md): a session is opened under the upload's key and digest, filled in
order, and finalised. Opening it again under the same key goes on where it was, so that nothing has to be remembered here.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal

import msgspec
from msgspec import Struct

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")

Stopped = Literal["again", "answer"]
"""Why chunks do not go on: the session is gone, or there is an answer to be read as any other."""


class SessionsUnknownError(Exception):
    """The other end takes documents whole only."""


class _Opened(Struct, frozen=True):
    session: str
    offset: int


class _Offset(Struct, frozen=True):
    offset: int


_opened_decoder: Final = msgspec.json.Decoder(_Opened)
_offset_decoder: Final = msgspec.json.Decoder(_Offset)


@dataclass
class Session:
    """One large upload on its way. `moved` says that this attempt brought it forward."""

    id: str
    offset: int
    size: int = 0
    opened: bool = False
    moved: bool = False
    finalising: bool = False

    def opening(self, content: bytes) -> bytes:
        """What opens the session."""
        self.size = len(content)
        return msgspec.json.encode({"size": self.size})

    def begin(self, status: int, body: bytes | None) -> Stopped | None:
        """Takes the answer to the opening. Raises SessionsUnknownError."""
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
            raise SessionsUnknownError
        if status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
            return "answer"
        try:
            said = _opened_decoder.decode(body or b"")
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "again"
        if not _ID.fullmatch(said.session) or not 0 <= said.offset <= self.size:
            return "again"
        self.id, self.offset, self.opened = said.session, said.offset, True
        return None

    def go_on(self, status: int, body: bytes | None) -> Stopped | None:
        """Takes the answer to a chunk, or to the question of how much there is. A 409 says where to go on instead."""
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return "again"
        if status not in {HTTPStatus.OK, HTTPStatus.CONFLICT}:
            return "answer"
        try:
            offset = _offset_decoder.decode(body or b"").offset
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "again"
        if not 0 <= offset <= self.size or (status == HTTPStatus.OK and offset < self.offset):
            return "again"
        self.moved = self.moved or offset > self.offset
        self.offset = offset
        return None
