"""The mail catcher: a real SMTP server that keeps every letter and relays none."""

import asyncio
import ipaddress
import logging
import re
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.sandbox.letter_box import LetterBox
from deploy.sandbox.mail_faults import MailFaults, Stage

MAX_MESSAGE_BYTES = 10 * 1024 * 1024
MAX_RECIPIENTS = 100  # what RFC 5321 section 4.5.3.1.8 asks a server to take at least
_STOP_SECONDS = 5.0
# The form of RFC 5321, and of RFC 6531 where it is asked for; whether anyone lives there is not ours to know.
_ADDRESS = re.compile(
    r"""(?P<local>[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*|"[^"\\\r\n]+")
    @(?P<domain>[^\W_]([\w-]{0,61}[^\W_])?(\.[^\W_]([\w-]{0,61}[^\W_])?)*)""",
    re.VERBOSE,
)


class MailCatcher(MailFaults):
    """An SMTP server on this machine only. A 250 after DATA means that the letter is on disk and in `box`."""

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        """Nothing is opened yet. Raises ValueError for a host that is not a loopback address: a catcher is no open door."""
        super().__init__()
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError("the mail catcher listens on a loopback address only")
        self._host, self._port = host, port
        self.box = LetterBox(folder)
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._storing: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Reads the kept letters and listens, on the running loop. Raises OSError when the port is taken, RuntimeError when started."""
        if self._server is not None:
            raise RuntimeError("the mail catcher is started already")
        # The library logs every command at INFO, so addresses; they have no place in the process's log.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        await self.box.load()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self, self._connections, loop), self._host, self._port)

    async def stop(self) -> None:
        """Stops listening, hangs up, and lets the letters that are being written come to rest. Twice is no error."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        sessions = [task for connection in self._connections if (task := connection.hang_up())]
        if waiting := [*sessions, *self._storing]:
            await asyncio.wait(waiting, timeout=_STOP_SECONDS)
        await asyncio.wait_for(server.wait_closed(), _STOP_SECONDS)

    @property
    def url(self) -> str:
        """`smtp://127.0.0.1:PORT`. Raises RuntimeError while it is not listening."""
        if self._server is None:
            raise RuntimeError("the mail catcher is not started")
        port = self._server.sockets[0].getsockname()[1]
        return f"smtp://[{self._host}]:{port}" if ":" in self._host else f"smtp://{self._host}:{port}"

    async def keep(self, raw: bytes, sender: str, recipients: tuple[str, ...]) -> None:
        """Stores one letter; a client that goes away meanwhile changes nothing. Raises OSError when it could not be written."""
        task = asyncio.create_task(self.box.add(raw, sender, recipients))
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)
        await asyncio.shield(task)


class _Hooks:
    """The answers at each stage of the protocol; aiosmtpd finds the methods by their names."""

    def __init__(self, catcher: MailCatcher) -> None:
        self._catcher = catcher

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if answer := await self._refusal(server, "MAIL", ()):
            return answer
        if address != "<>" and (problem := _address_problem(address, utf8=envelope.smtp_utf8)):
            return problem
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        if answer := await self._refusal(server, "RCPT", (address,)):
            return answer
        if problem := _address_problem(address, utf8=envelope.smtp_utf8):
            return problem
        if len(envelope.rcpt_tos) >= MAX_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if answer := await self._refusal(server, "DATA", envelope.rcpt_tos):
            return answer
        if self._catcher.next_drop():
            raise _hung_up(server)
        try:
            await self._catcher.keep(envelope.original_content or b"", envelope.mail_from or "", tuple(envelope.rcpt_tos))
        except OSError:
            return "451 4.3.0 The letter could not be stored"
        if self._catcher.next_accept_then_drop():
            raise _hung_up(server)
        return "250 2.0.0 OK, kept"

    async def _refusal(self, server: SMTP, stage: Stage, recipients: tuple[str, ...] | list[str]) -> str | None:
        if self._catcher.latency:
            await asyncio.sleep(self._catcher.latency)
        answer = self._catcher.next_refusal(stage, recipients)
        if answer is not None and answer.startswith("421") and server.transport is not None:
            # The answer is written before the loop turns; closing then still sends it.
            server.loop.call_soon(server.transport.close)
        return answer


class _Connection(SMTP):
    """One client's connection, known to its server so that stopping can end it."""

    def __init__(self, catcher: MailCatcher, connections: set["_Connection"], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            _Hooks(catcher),
            data_size_limit=MAX_MESSAGE_BYTES,
            enable_SMTPUTF8=True,
            hostname="sandbox.invalid",
            ident="mail catcher",
            loop=loop,
        )
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._connections.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> asyncio.Task[Any] | None:
        """Closes the connection at once and gives the task that was serving it, to wait for its end."""
        _abort(self.transport)
        return self._handler_coroutine


def _hung_up(server: SMTP) -> asyncio.CancelledError:
    _abort(server.transport)
    # The protocol takes a cancelled hook as a lost connection, and then answers nothing and logs nothing.
    return asyncio.CancelledError()


def _abort(transport: asyncio.BaseTransport | None) -> None:
    if transport is not None:
        # Every loop's socket transport is one, but uvloop's doesn't say so to isinstance.
        cast(asyncio.WriteTransport, transport).abort()


def _address_problem(address: str, *, utf8: bool) -> str | None:
    found = _ADDRESS.fullmatch(address)
    if found is None or len(found["local"].encode()) > 64 or len(found["domain"].encode()) > 255:
        return "553 5.1.3 The address is malformed"
    if not utf8 and not address.isascii():
        return "553 5.6.7 A non-ASCII address needs SMTPUTF8"
    return None
