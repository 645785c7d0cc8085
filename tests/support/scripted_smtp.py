"""An SMTP server that answers by a script, and remembers every command: for what no usual server does when it is asked to."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

HANG_UP = "hang up"
"""As an answer: the connection is closed without a word."""

Answers = Callable[["Session", str], str | None]
"""Given the session and a command, or `.` for the end of a letter: the answer; None for the usual one."""


@dataclass
class Session:
    """One connection: its number, from 1, and its commands."""

    number: int
    commands: list[str] = field(default_factory=list)
    closed: bool = False


@dataclass
class ScriptedSmtp:
    """Listens on a free port of this machine while the context lasts."""

    answers: Answers = lambda _session, _command: None
    extensions: tuple[str, ...] = ()
    sessions: list[Session] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> "ScriptedSmtp":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def commands(self) -> list[str]:
        """All commands of all sessions but greetings, in order of the sessions."""
        return [command for session in self.sessions for command in session.commands if not command.startswith(("EHLO", "QUIT"))]

    def hang_up(self) -> None:
        """Closes every connection."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(len(self.sessions) + 1)
        self.sessions.append(session)
        self._writers.add(writer)
        try:
            await self._say(writer, self.answers(session, "CONNECT") or "220 script.invalid")
            while line := (await reader.readline()).decode("utf-8", "replace").rstrip("\r\n"):
                session.commands.append(line)
                answer = self.answers(session, line) or self._usual(line)
                if not await self._say(writer, answer):
                    return
                if line == "DATA" and answer.startswith("354"):
                    letter = await reader.readuntil(b"\r\n.\r\n")
                    session.commands.append(".")
                    answer = self.answers(session, ".") or "250 2.0.0 kept"
                    if answer.startswith("250"):
                        self.letters.append(letter)
                    if not await self._say(writer, answer):
                        return
                if line == "QUIT" or answer.startswith("421"):
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            session.closed = True
            self._writers.discard(writer)
            writer.close()

    async def _say(self, writer: asyncio.StreamWriter, answer: str) -> bool:
        if answer == HANG_UP:
            writer.transport.abort()
            return False
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return True

    def _usual(self, line: str) -> str:
        verb = line.split(" ", maxsplit=1)[0].upper()
        if verb == "EHLO":
            return "\r\n".join(["250-script.invalid", *(f"250-{extension}" for extension in self.extensions), "250 8BITMIME"])
        return {"DATA": "354 go on", "QUIT": "221 bye", "AUTH": "235 2.7.0 in"}.get(verb, "250 2.0.0 ok")
