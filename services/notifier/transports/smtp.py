"""Letters by e-mail: SMTP over connections that are kept while there is more to send."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Literal

import aiosmtplib
import structlog

from services.notifier.transports.email_message import as_email
from services.notifier.transports.interface import Parcel
from services.notifier.transports.smtp_url import SmtpServer
from shared.worklist.tasks import Done, Failed, Outcome, Retry

log = structlog.get_logger()

Stage = Literal["MAIL", "RCPT", "DATA"]

IDLE: Final = 30.0
"""Seconds after which a connection is not used again: servers hang up on idle clients, many after a minute."""

GOODBYE: Final = 2.0

OURS_TO_MEND: Final = frozenset({500, 501, 502, 503, 504, 530, 534, 535, 538})
"""Permanent answers that are about the set-up and not about the recipient: letters wait until somebody has mended it."""

_ENHANCED: Final = re.compile(r"\s*([245]\.[0-9]{1,3}\.[0-9]{1,3})\b")
_MEANING: Final = MappingProxyType(
    {
        "1.1": "no such mailbox",
        "1.2": "no such domain",
        "1.3": "malformed address",
        "1.10": "the domain takes no mail",
        "2.1": "mailbox disabled",
        "2.2": "mailbox full",
        "3.4": "letter too large",
        "4.4": "no route to the domain",
        "7.1": "refused by policy",
        "7.26": "refused: the sending domain is not authenticated",
    }
)


class SmtpTransport:
    """Sends to one mail server. A connection serves one letter at a time; there are as many as letters are sent at once."""

    def __init__(self, server: SmtpServer, *, mail_from: str, timeout: timedelta) -> None:
        self._server = server
        self._mail_from = mail_from
        self._timeout = timeout.total_seconds()
        self._idle: list[tuple[float, aiosmtplib.SMTP]] = []
        # Read once: it opens the machine's certificate store.
        self._tls = ssl.create_default_context()

    async def send(self, parcel: Parcel) -> Outcome:
        """One attempt, its connection included."""
        content = as_email(parcel, self._mail_from)
        try:
            async with asyncio.timeout(self._timeout), self._connection() as client:
                return await self._transact(client, parcel, content)
        except aiosmtplib.SMTPAuthenticationError as error:
            return Retry(f"signing in to the mail server: {error.code}")
        except aiosmtplib.SMTPNotSupported:
            return Retry("the mail server does not offer what the settings ask for")
        except aiosmtplib.SMTPResponseException as error:
            return Retry(f"connecting to the mail server: {error.code}")
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return Retry(f"the mail server is away: {type(error).__name__}")

    async def close(self) -> None:
        """Says goodbye on the connections that rest."""
        idle, self._idle = self._idle, []
        for _, client in idle:
            await _quit(client)

    async def _transact(self, client: aiosmtplib.SMTP, parcel: Parcel, content: bytes) -> Outcome:
        options: list[str] = []
        encoding = "ascii"
        if not parcel.recipient.isascii():
            await client.ehlo()
            if not client.supports_extension("smtputf8"):
                return Failed("the mail server takes no addresses outside ASCII")
            options, encoding = ["SMTPUTF8"], "utf-8"
        try:
            await client.mail(self._mail_from, options=options, encoding=encoding)
            await client.rcpt(parcel.recipient, encoding=encoding)
            await client.data(content)
        except aiosmtplib.SMTPSenderRefused as error:
            # Whatever the code: the sender is ours, and no recipient is at fault.
            return Retry(_detail("MAIL", error))
        except aiosmtplib.SMTPRecipientRefused as error:
            return _refusal("RCPT", error)
        except aiosmtplib.SMTPDataError as error:
            if 200 <= error.code < 300:
                return Done()
            return _refusal("DATA", error)
        return Done()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
        client = await self._reuse() or await self._connect()
        try:
            yield client
        except BaseException:
            # Unknown where it stands, so never used again.
            client.close()
            raise
        if client.is_connected:
            self._idle.append((asyncio.get_running_loop().time() + IDLE, client))

    async def _reuse(self) -> aiosmtplib.SMTP | None:
        while self._idle:
            until, client = self._idle.pop()
            if not client.is_connected:
                continue
            if until < asyncio.get_running_loop().time():
                client.close()
                continue
            try:
                # Clears what a refused letter left behind, and tells whether the server is still there.
                await client.rset()
            except (aiosmtplib.SMTPException, OSError):
                client.close()
            except BaseException:
                client.close()
                raise
            else:
                return client
        return None

    async def _connect(self) -> aiosmtplib.SMTP:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls={"offered": None, "starttls": True, "tls": False}[server.security],
            tls_context=self._tls,
            timeout=self._timeout,
        )
        await client.connect()
        log.info("smtp.connected", security=server.security)
        return client


def _refusal(stage: Stage, error: aiosmtplib.SMTPResponseException) -> Outcome:
    detail = _detail(stage, error)
    permanent = 500 <= error.code < 600 and error.code not in OURS_TO_MEND
    return Failed(detail) if permanent else Retry(detail)


def _detail(stage: Stage, error: aiosmtplib.SMTPResponseException) -> str:
    """The codes and what they mean. The server's own words stay out: they like to quote the address."""
    found = _ENHANCED.match(error.message)
    if found is None:
        return f"{stage} {error.code}"
    enhanced = found.group(1)
    meaning = _MEANING.get(enhanced.partition(".")[2])
    return f"{stage} {error.code} {enhanced}" + (f" ({meaning})" if meaning else "")


async def _quit(client: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        await client.quit(timeout=GOODBYE)
    client.close()
