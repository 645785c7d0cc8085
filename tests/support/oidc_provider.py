"""A certified OpenID Connect provider as a process of its own, and a person at its pages."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.node import node, packages_or_skip
from tests.support.ports import free_port

FOLDER = Path(__file__).parent / "oidc"
SECRET = "a-secret-of-the-tests"


@dataclass
class OidcProvider:
    """The provider; what is changed in `accounts` and `secrets`, by which it knows the console, holds from the next token on."""

    folder: Path
    console: str
    port: int = field(default_factory=free_port)
    lasts: int = 600
    skew: int = 0
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: tuple[str, ...] = (SECRET,)
    _process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it with a key of its own, which no process before it had."""
        self.write(key=_key())
        packages = packages_or_skip(FOLDER)
        command = [*node(), str(FOLDER / "provider.mjs"), str(packages), str(self.folder / "provider.json")]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == "ready"

    def write(self, **changes: Any) -> None:
        """Writes the configuration, with the accounts as they are now."""
        path = self.folder / "provider.json"
        before = json.loads(path.read_text()) if path.exists() else {}
        config = {
            "issuer": self.issuer,
            "port": self.port,
            "redirects": [f"{self.console}/console/sign-in/callback"],
            "afterwards": [f"{self.console}/console/sign-in?why=signed-out"],
            "skew": self.skew,
            "lasts": self.lasts,
            "accounts": self.accounts,
            "secrets": self.secrets,
        }
        path.write_text(json.dumps({**before, **config, **changes}))

    def stop(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def running_provider(folder: Path, console: str, **settings: Any) -> Iterator[OidcProvider]:
    """A provider that runs, for the console at this address."""
    provider = OidcProvider(folder, console, **settings)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()


async def walk(http: httpx.AsyncClient, url: str, account: str, *, cancels: bool = False) -> httpx.Response:
    """Goes from the console to the provider's pages, signs in and agrees there, and comes back; answers the console's page."""
    answer = await http.get(url, follow_redirects=True)
    for _ in range(4):
        form = re.search(r'(?s)<form[^>]*action="([^"]*/interaction/[^"]*)"', answer.text)
        if form is None:
            return answer
        if cancels:
            (abort,) = re.findall(r'href="([^"]*/abort)"', answer.text)
            return await http.get(urljoin(str(answer.url), unescape(abort)), follow_redirects=True)
        prompt = "consent" if 'value="consent"' in answer.text else "login"
        fields = {"prompt": prompt, **({"login": account, "password": "any"} if prompt == "login" else {})}
        answer = await http.post(urljoin(str(answer.url), unescape(form[1])), data=fields, follow_redirects=True)
    return answer


def _key() -> dict[str, Any]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    numbers: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private))
    # The same key signs and verifies.
    numbers.pop("key_ops")
    return {**numbers, "kid": str(private.public_key().public_numbers().n % 10**12), "use": "sig", "alg": "RS256"}
