"""A partner's receiver with tempers, which keeps the id of each event that it took."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANGS_FOR = 20.0


@dataclass
class Receiver:
    """`temper` is `well`, `fails` or `hangs`."""

    url: str = ""
    temper: str = "well"
    taken: Counter[str] = field(default_factory=Counter)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that runs."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            if receiver.temper == "hangs":
                time.sleep(HANGS_FOR)
            well = receiver.temper == "well"
            if well:
                receiver.taken[self.headers["webhook-id"]] += 1
            self.send_response(204 if well else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/star"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
