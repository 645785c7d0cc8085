"""A real mail server that lets in whoever knows one of its passwords, and can change them while it runs."""

import asyncio
from email import message_from_bytes
from email.utils import parseaddr

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER = "star"


class GuardedMail:
    """Listens on a free port of this machine while the context lasts. `letters` are (recipient, Message-ID, password), in order."""

    def __init__(self, *passwords: str) -> None:
        self.passwords = set(passwords)
        self.letters: list[tuple[str, str, str]] = []
        self.refused = 0

    async def __aenter__(self) -> "GuardedMail":
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def url(self, password: str) -> str:
        """`smtp://USER:PASSWORD@127.0.0.1:PORT`."""
        return f"smtp://{USER}:{password}@127.0.0.1:{self._port}"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keeps a letter, with the password by which its sender came in."""
        letter = message_from_bytes(envelope.original_content or b"")
        self.letters.append((parseaddr(str(envelope.rcpt_tos[0]))[1], str(letter["Message-ID"]), str(session.auth_data)))
        return "250 2.0.0 kept"

    def _protocol(self) -> SMTP:
        return SMTP(self, authenticator=self._let_in, auth_required=True, auth_require_tls=False, hostname="guarded.invalid")

    def _let_in(self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword) -> AuthResult:
        password = data.password.decode()
        if data.login.decode() != USER or password not in self.passwords:
            self.refused += 1
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=password)
