"""An OIDC issuer on this machine: its discovery document, its keys, and tokens signed with them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key


def new_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


class Issuer:
    """`keys` are published under their ids; `broken` is answered in place of everything."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: dict[str, RSAPrivateKey] = {"first": new_key()}
        self.broken: tuple[int, bytes] | None = None
        self.asked: list[str] = []

    def token(self, claims: dict[str, Any], key_id: str = "first", key: RSAPrivateKey | None = None) -> str:
        return jwt.encode({"iss": self.url, **claims}, key or self.keys[key_id], algorithm="RS256", headers={"kid": key_id})

    def answer(self, path: str) -> tuple[int, bytes]:
        self.asked.append(path)
        if self.broken is not None:
            return self.broken
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys"}).encode()
        if path == "/keys":
            algorithm = jwt.algorithms.RSAAlgorithm
            keys = [{**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"} for kid, key in self.keys.items()]
            return 200, json.dumps({"keys": keys}).encode()
        return 404, b""


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = issuer.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
