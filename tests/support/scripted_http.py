"""A real HTTP server on a socket of its own that answers as a test tells it to, and keeps what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A request as it came: the path with its query, the headers by their names in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """An answer. A `Date` among the headers stands in place of the server's own."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


CUT: Answer = Answer(0)
"""The request is read, and the connection ends without an answer."""


@dataclass
class ScriptedHttp:
    """Answers by `script`, one after the other, and by `answer` when that is over."""

    url: str = ""
    script: list[Answer] = field(default_factory=list)
    answer: Callable[[Asked], Answer] = lambda _: Answer(200)
    asked: list[Asked] = field(default_factory=list)

    def next(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return self.script.pop(0) if self.script else self.answer(asked)


@contextmanager
def scripted_http() -> Iterator[ScriptedHttp]:
    """Such a server on a free port of the loopback."""
    scripted = ScriptedHttp()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = scripted.next(Asked(self.command, self.path, headers, body))
            if answer is CUT:
                self.close_connection = True
                return
            kind = "application/json" if answer.status < 400 else "application/problem+json"
            content = json.dumps(answer.body).encode()
            self.send_response_only(answer.status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    scripted.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
