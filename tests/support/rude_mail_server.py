"""A mail server with bad manners, as a process of its own that can be killed: slow, refusing some, hanging up on others.

`python -m tests.support.rude_mail_server --port N --journal FILE`, and what else it can be told. Every letter it kept is a line of the
journal, written before it says so. What it does to a letter is in the recipient's name: `gone-` nobody is there, `unwanted-` refused by
policy, `grey-` turned away the first time. Besides, unless it is polite, it hangs up now and then, at every stage: also after it kept a
letter and before it said so.
"""

import argparse
import asyncio
import json
import logging
import random
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any, TextIO

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
START_TIMEOUT = 30.0

HANG_UP_AT_RCPT = 0.01
HANG_UP_BEFORE_KEEPING = 0.01
HANG_UP_AFTER_KEEPING = 0.01
SLOWEST = 0.02
"""Seconds; most answers take less."""


class Manners:
    """The server's hooks, found by their names."""

    def __init__(self, journal: TextIO, *, polite: bool) -> None:
        self._journal = journal
        self._polite = polite
        self._dice = random.Random()
        self._grey: set[str] = set()

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:  # noqa: N802
        self._perhaps_hang_up(server, HANG_UP_AT_RCPT)
        if address.startswith("gone-"):
            return "550 5.1.1 no such user"
        if address.startswith("grey-") and address not in self._grey:
            self._grey.add(address)
            return "451 4.7.1 greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if not self._polite:
            await asyncio.sleep(self._dice.uniform(0, SLOWEST))
        self._perhaps_hang_up(server, HANG_UP_BEFORE_KEEPING)
        (recipient,) = envelope.rcpt_tos
        if recipient.startswith("unwanted-"):
            return "554 5.7.1 not wanted here"
        content = envelope.original_content or b""
        message_id = message_from_bytes(content.split(b"\r\n\r\n", maxsplit=1)[0])["Message-ID"]
        self._journal.write(json.dumps({"message_id": message_id, "to": recipient}) + "\n")
        self._journal.flush()
        self._perhaps_hang_up(server, HANG_UP_AFTER_KEEPING)
        return "250 2.0.0 kept"

    def _perhaps_hang_up(self, server: SMTP, share: float) -> None:
        if not self._polite and self._dice.random() < share:
            assert server.transport is not None
            server.transport.abort()
            # The protocol takes a cancelled hook as a lost connection.
            raise asyncio.CancelledError


class Distant(SMTP):
    """A server whose every answer takes a while on the way."""

    def __init__(self, *arguments: Any, round_trip: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._round_trip = round_trip

    async def push(self, status: Any) -> None:
        """Answers, later."""
        if self._round_trip:
            await asyncio.sleep(self._round_trip)
        await super().push(status)


async def serve(port: int, journal: Path, *, polite: bool, tls: ssl.SSLContext | None, round_trip: float) -> None:
    """Serves until the process ends."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    loop = asyncio.get_running_loop()
    with journal.open("a") as sink:
        manners = Manners(sink, polite=polite)
        server = await loop.create_server(
            lambda: Distant(
                manners, hostname="rude.invalid", loop=loop, tls_context=tls, require_starttls=tls is not None, round_trip=round_trip
            ),
            HOST,
            port,
        )
        print("ready", flush=True)
        await server.serve_forever()


class RudeMailServer:
    """The server's process, from outside."""

    def __init__(self, port: int, journal: Path, *options: str) -> None:
        self.port = port
        self.journal = journal
        self._options = options
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        command = [sys.executable, "-m", "tests.support.rude_mail_server", "--port", str(self.port), "--journal", str(self.journal)]
        self._process = subprocess.Popen([*command, *self._options], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the mail server did not start"

    def kill(self) -> None:
        """SIGKILL: connections break, letters on their way are lost or not."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(START_TIMEOUT)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def kept(self) -> list[tuple[str, str]]:
        """(Message-ID, recipient) of every letter it kept, in order. A last line that a kill cut off was never a letter's yes."""
        lines: list[dict[str, Any]] = []
        for line in self.journal.read_text().splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                continue
        return [(line["message_id"], line["to"]) for line in lines]


@contextmanager
def rude_mail_server(port: int, journal: Path, *options: str) -> Iterator[RudeMailServer]:
    """A server for as long as the context lasts."""
    journal.touch()
    server = RudeMailServer(port, journal, *options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def main(arguments: Sequence[str] | None = None) -> None:
    """The process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--polite", action="store_true")
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--key", type=Path)
    parser.add_argument("--round-trip", type=float, default=0.0)
    given = parser.parse_args(arguments)
    tls = None
    if given.certificate is not None:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(given.certificate, given.key)
    asyncio.run(serve(given.port, given.journal, polite=given.polite, tls=tls, round_trip=given.round_trip))


if __name__ == "__main__":
    main()
