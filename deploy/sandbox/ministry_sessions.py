"""Large uploads in chunks: what has arrived of each, by its key. In memory: a restart makes a sender begin anew, as it must bear."""

import re
from dataclasses import dataclass, field
from uuid import uuid4

from deploy.sandbox.ministry_wire import MAX_DOCUMENT_BYTES, Envelope
from deploy.sandbox.problems import ProblemError

_RANGE = re.compile(r"bytes ([0-9]{1,12})-([0-9]{1,12})/([0-9]{1,12})")
MOST_SESSIONS = 1_000


@dataclass
class Session:
    """One upload on its way."""

    id: str
    envelope: Envelope
    size: int
    content: bytearray = field(default_factory=bytearray)

    @property
    def state(self) -> dict[str, object]:
        """How much of it is there."""
        return {"session": self.id, "offset": len(self.content), "size": self.size}


class Sessions:
    """The sessions by id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}

    def open(self, envelope: Envelope, size: int) -> tuple[Session, bool]:
        """The session of this key and digest, and whether it is a new one. Raises ProblemError."""
        if not 0 < size <= MAX_DOCUMENT_BYTES:
            raise ProblemError(413, "too-large", f"An upload has at most {MAX_DOCUMENT_BYTES} bytes")
        for session in self._by_id.values():
            if session.envelope == envelope and session.size == size:
                return session, False
        if len(self._by_id) >= MOST_SESSIONS:
            del self._by_id[next(iter(self._by_id))]
        session = Session(uuid4().hex, envelope, size)
        self._by_id[session.id] = session
        return session, True

    def get(self, session: str) -> Session:
        """Raises ProblemError 404."""
        if session not in self._by_id:
            raise ProblemError(404, "unknown-session", "There is no such session; open it again")
        return self._by_id[session]

    def put(self, session: Session, content_range: str, piece: bytes) -> bool:
        """Takes a chunk; False when it does not begin where the last one ended. Raises ProblemError 400."""
        found = _RANGE.fullmatch(content_range)
        if (
            found is None
            or int(found[3]) != session.size
            or int(found[2]) - int(found[1]) + 1 != len(piece)
            or int(found[2]) >= session.size
        ):
            raise ProblemError(400, "bad-range", "Content-Range must be bytes FIRST-LAST/SIZE, and fit the content")
        if int(found[1]) != len(session.content):
            return False
        session.content += piece
        return True

    def forget(self, session: Session) -> None:
        """Lets go of a session that has become an upload."""
        self._by_id.pop(session.id, None)
