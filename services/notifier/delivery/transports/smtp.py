"""Letters by e-mail: SMTP, over connections that are kept while there is more to send."""

import asyncio
import time
from datetime import timedelta
from typing import Final

import aiosmtplib

from services.notifier.delivery.transports.email_message import as_email
from services.notifier.delivery.transports.interface import Parcel
from services.notifier.delivery.transports.outcomes import Away, NoSuchAddress, Ours, Refused, Unwanted
from services.notifier.delivery.transports.rate import Pace
from services.notifier.delivery.transports.smtp_pool import Connection, PoolLimits, SmtpPool
from services.notifier.delivery.transports.smtp_url import SmtpServer
from services.notifier.delivery.transports.verdicts import Stage, detail, enhanced_code, judge
from shared.tls import is_certificate_fault
from shared.worklist.tasks import Done, Outcome

SIGN_IN_PAUSE: Final = 60.0
"""Seconds in which nobody signs in again after it failed: mail servers lock accounts for less."""

REUSE_PATIENCE: Final = 10.0
"""Seconds that a connection which has rested may take to show that it is alive. Then it is left for a fresh one."""

LOST: Final = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, OSError)
CLOSING: Final = 421
CERTIFICATE: Final = "the mail server's certificate is another's, expired or not trusted"


class StaleError(Exception):
    """A connection that had rested was dead, and nothing of the letter was given to it."""


class SmtpTransport:
    """Sends to one mail server. A connection serves one letter at a time."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        mail_from: str,
        timeout: timedelta,
        limits: PoolLimits | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._mail_from = mail_from
        self._timeout = timeout.total_seconds()
        self._pool = SmtpPool(server, limits or PoolLimits(), self._timeout)
        self._pace = pace or Pace(None)
        self._no_sign_in_until = 0.0

    async def send(self, parcel: Parcel) -> Outcome:
        """One attempt, its connection included."""
        try:
            content = as_email(parcel, self._mail_from)
        except ValueError:
            return Unwanted("the letter can't be written as an e-mail")
        if (later := await self._pace.turn()) is not None:
            return later
        if time.monotonic() < self._no_sign_in_until:
            return Ours("signing in to the mail server failed a moment ago")
        try:
            async with asyncio.timeout(self._timeout):
                return await self._attempt(parcel, content)
        except aiosmtplib.SMTPAuthenticationError as error:
            self._no_sign_in_until = time.monotonic() + SIGN_IN_PAUSE
            return Ours(f"signing in to the mail server: {error.code}")
        except aiosmtplib.SMTPNotSupported:
            return Ours("the mail server does not offer what the settings ask for")
        except aiosmtplib.SMTPResponseException as error:
            reason = f"connecting to the mail server: {error.code}"
            return Ours(reason) if error.code >= 500 else Away(reason)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            if is_certificate_fault(error):
                return Ours(CERTIFICATE)
            return Away(f"the mail server is away: {type(error).__name__}")

    async def close(self) -> None:
        """Says goodbye on the connections that rest."""
        await self._pool.close()

    async def _attempt(self, parcel: Parcel, content: bytes) -> Outcome:
        connection = await self._pool.acquire()
        try:
            outcome = await self._transact(connection, parcel, content)
        except StaleError:
            # Nobody's fault, so the same attempt goes on.
            connection = await self._pool.replace(connection)
            try:
                outcome = await self._transact(connection, parcel, content)
            except BaseException:
                self._pool.release(connection, usable=False)
                raise
        except BaseException:
            # Unknown where it stands, so never used again.
            self._pool.release(connection, usable=False)
            raise
        self._pool.release(connection, usable=True)
        return outcome

    async def _transact(self, connection: Connection, parcel: Parcel, content: bytes) -> Outcome:
        client = connection.client
        utf8 = not parcel.recipient.isascii()
        if utf8 and not client.supports_extension("smtputf8"):
            return Unwanted("the mail server takes no addresses outside ASCII")
        stage: Stage = "MAIL"
        try:
            await self._begin(connection, parcel, utf8=utf8)
            connection.soiled = True
            stage = "RCPT"
            options = ["NOTIFY=FAILURE,DELAY"] if client.supports_extension("dsn") else []
            await client.rcpt(parcel.recipient, options=options, encoding="utf-8" if utf8 else "ascii")
            stage = "DATA"
            await client.data(content)
        except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as error:
            if stage == "DATA" and 200 <= error.code < 300:
                connection.soiled = False
                return Done()
            return _outcome(stage, error)
        except LOST as error:
            if stage == "RCPT" and connection.is_reused:
                raise StaleError from error
            raise
        connection.soiled = False
        return Done()

    async def _begin(self, connection: Connection, parcel: Parcel, *, utf8: bool) -> None:
        """The first command, which tells of a connection that has rested whether the server is still there."""
        client = connection.client
        options = ["SMTPUTF8"] if utf8 else []
        if client.supports_extension("dsn"):
            # The server repeats the id in what it has to report of this letter.
            options += ["RET=HDRS", f"ENVID={parcel.id}"]
        patience = min(REUSE_PATIENCE, self._timeout / 2) if connection.is_reused else self._timeout
        try:
            if connection.soiled:
                await client.rset(timeout=patience)
            await client.mail(self._mail_from, options=options, encoding="utf-8" if utf8 else "ascii", timeout=patience)
        except aiosmtplib.SMTPSenderRefused as error:
            if connection.is_reused and error.code == CLOSING:
                raise StaleError from error
            raise
        except (aiosmtplib.SMTPResponseException, *LOST) as error:
            if connection.is_reused:
                raise StaleError from error
            raise


def _outcome(stage: Stage, error: aiosmtplib.SMTPResponseException) -> Outcome:
    enhanced = enhanced_code(error.message)
    reason = detail(stage, error.code, enhanced)
    outcome = judge(stage, error.code, enhanced)
    # Of a refusal by policy the code is not kept: it says nothing of the address.
    return outcome(reason, code=enhanced or str(error.code)) if issubclass(outcome, NoSuchAddress | Refused) else outcome(reason)
