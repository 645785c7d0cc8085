"""A mail server that costs next to nothing, as a process of its own, so that what is measured is the sender.

`python -m tests.bench.outgoing.mail_server --port N --journal FILE --think SECONDS --most CONNECTIONS`. Every letter is a line of the
journal: when it was kept, its Message-ID, its recipient. Before each letter's yes it thinks; connections beyond `most` are turned away
with 421, as real servers do.
"""

import argparse
import asyncio
import re
import sys
import time
from pathlib import Path
from typing import Final, TextIO, cast

import uvloop

MESSAGE_ID: Final = re.compile(rb"(?mi)^Message-ID:\s*(\S+)")
END: Final = b"\r\n.\r\n"


class Server:
    """The state that all connections share."""

    def __init__(self, journal: TextIO, think: float, most: int) -> None:
        self.journal = journal
        self.think = think
        self.most = most
        self.open = 0


class Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = b""
        self._in_data = False
        self._recipient = ""
        self._transport: asyncio.Transport | None = None
        self._is_counted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self._server.open >= self._server.most:
            self._transport.write(b"421 4.7.0 too many connections\r\n")
            self._transport.close()
            return
        self._server.open += 1
        self._is_counted = True
        self._say("220 bench ESMTP")

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.open -= self._is_counted

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._step():
            pass

    def _step(self) -> bool:
        if self._in_data:
            content, end, rest = self._buffer.partition(END)
            if not end:
                return False
            self._buffer, self._in_data = rest, False
            if self._server.think:
                asyncio.get_running_loop().call_later(self._server.think, self._keep, content)
            else:
                self._keep(content)
            return True
        line, end, rest = self._buffer.partition(b"\r\n")
        if not end:
            return False
        self._buffer = rest
        self._command(line.decode())
        return True

    def _command(self, line: str) -> None:
        match line[:4].upper():
            case "EHLO":
                self._say("250-bench\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8")
            case "RCPT":
                self._recipient = line.partition("<")[2].partition(">")[0]
                self._say("250 2.1.5 ok")
            case "DATA":
                self._in_data = True
                self._say("354 go on")
            case "QUIT":
                self._say("221 2.0.0 bye")
                assert self._transport is not None
                self._transport.close()
            case _:
                self._say("250 2.0.0 ok")

    def _keep(self, content: bytes) -> None:
        found = MESSAGE_ID.search(content)
        message_id = found[1].decode() if found else "?"
        self._server.journal.write(f"{time.time():.6f} {message_id} {self._recipient}\n")
        self._server.journal.flush()
        self._say("250 2.0.0 kept")

    def _say(self, line: str) -> None:
        assert self._transport is not None
        self._transport.write(line.encode() + b"\r\n")


async def main() -> None:
    """Serves until the process ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--think", type=float, default=0.0)
    parser.add_argument("--most", type=int, default=1_000)
    given = parser.parse_args()
    with given.journal.open("a", encoding="utf-8") as journal:
        shared = Server(journal, given.think, given.most)
        server = await asyncio.get_running_loop().create_server(lambda: Session(shared), "127.0.0.1", given.port, backlog=1_000)
        print("ready", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
