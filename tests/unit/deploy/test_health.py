"""`star health`: a word from the process that serves here, for supervisors that can't ask by HTTP."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli.main import main
from tests.support.ports import free_port


class Part(BaseHTTPRequestHandler):
    """Well at /healthz, stuck at /readyz."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path.endswith("/healthz") else 503)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}' if self.path.endswith("/healthz") else b'{"status": "waiting"}')

    def log_message(self, format: str, *args: object) -> None:
        """No line a request."""


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Part)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def asked(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["health", *words])
    return done.exit_code, done.output.strip()


def test_a_part_that_is_well_says_so(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAR_PORT", raising=False)
    assert asked("--port", str(port)) == (0, "ok")
    assert asked("--port", str(port), "--json") == (0, '{"status": "ok"}')
    monkeypatch.setenv("STAR_PORT", str(port))
    assert asked() == (0, "ok")
    monkeypatch.delenv("STAR_PORT")
    (tmp_path / "address").write_text(f"http://127.0.0.1:{port}")
    assert asked("--data", str(tmp_path)) == (0, "ok")


def test_no_yes_and_no_answer_end_with_one(port: int) -> None:
    assert asked("--port", str(port), "--path", "/readyz") == (1, 'Error: 503 {"status": "waiting"}')
    nobody = free_port()
    assert asked("--port", str(nobody)) == (1, f"Error: port {nobody} does not answer (ConnectionRefusedError)")


def test_a_supervisors_question_costs_no_look_at_all_settings(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAR_NO_SUCH_SETTING", "1")
    assert asked("--port", str(port)) == (0, "ok")
