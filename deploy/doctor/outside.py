"""The neighbours outside: the mail server and the Ministry's end. We sign in at both as for a letter or an upload, and send nothing."""

import asyncio
import os
from contextlib import suppress
from typing import Final

import aiosmtplib
import httpx

from deploy.doctor.finding import Finding
from services.moe_sync.adapters.https import Tls, https_client
from services.moe_sync.adapters.oauth import NoTokenError, Tokens
from services.moe_sync.adapters.opening import credentials, sftp_server
from services.moe_sync.settings import MoeSyncSettings
from services.notifier.delivery.transports.smtp_pool import PoolLimits, SmtpPool
from services.notifier.delivery.transports.smtp_url import parse_smtp_url
from services.notifier.settings import NotifierSettings

TIMEOUT: Final = 10.0
UNGRANTED: Final = "correct STAR_MINISTRY_TOKEN_URL, _CLIENT_ID and _CLIENT_SECRET, or ask the other side"


async def look_at_mail(settings: NotifierSettings, *, sandbox: bool) -> Finding:
    """Whether the mail server lets us in, as it would for a letter. `sandbox`: `star run` brings one of its own."""
    if not settings.smtp_url:
        if sandbox:
            return Finding("mail", "ok", "letters go to the mail catcher of `star run`, and nowhere else")
        return Finding("mail", "warn", "no mail server is set: letters wait", "set STAR_SMTP_URL")
    server = parse_smtp_url(settings.smtp_url)
    pool = SmtpPool(server, PoolLimits(connections=1), TIMEOUT)
    try:
        connection = await pool.acquire()
        # The session of a letter, up to its recipient.
        await connection.client.mail(settings.mail_from)
        await connection.client.rset()
        pool.release(connection, usable=True)
    except aiosmtplib.SMTPSenderRefused as error:
        detail = f"{server.host}:{server.port} takes no letters from STAR_MAIL_FROM ({error.code})"
        return Finding("mail", "fail", detail, "correct STAR_MAIL_FROM, or have the server take it")
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        # The server's own words can hold an address.
        code = getattr(error, "code", "")
        detail = f"{server.host}:{server.port} does not let us in ({' '.join(filter(None, (type(error).__name__, str(code))))})"
        return Finding("mail", "fail", detail, "correct STAR_SMTP_URL, or start the mail server")
    finally:
        with suppress(OSError, TimeoutError):
            await pool.close()
    return Finding("mail", "ok", f"{server.host}:{server.port} lets us in, and takes letters from our address")


async def look_at_ministry(settings: MoeSyncSettings, *, sandbox: bool) -> Finding:
    """Whether the way that uploads go by default is open."""
    match settings.default_adapter:
        case "https":
            return await _https(settings)
        case "sftp":
            return await _sftp(settings)
    if sandbox and not settings.ministry_folder:
        return Finding("ministry", "ok", "uploads go to the Ministry's stand-in of `star run`, and nowhere else")
    folder = settings.ministry_folder
    if folder is None:
        fix = "set STAR_MINISTRY_URL, STAR_MINISTRY_SFTP_URL or STAR_MINISTRY_FOLDER"
        return Finding("ministry", "warn", "no way to the Ministry is set: uploads are built, and wait to be downloaded", fix)
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return Finding("ministry", "fail", f"{folder} is no folder that this user may write", "create it, or correct STAR_MINISTRY_FOLDER")
    return Finding("ministry", "ok", f"uploads are written to {folder}")


async def _https(settings: MoeSyncSettings) -> Finding:
    host = httpx.URL(settings.ministry_url).host
    fix = "correct STAR_MINISTRY_URL and its certificates, or ask the other side"
    try:
        tls = Tls(settings.ministry_ca, settings.ministry_certificate, settings.ministry_key)
        async with https_client(settings.upload_timeout, tls) as client, asyncio.timeout(TIMEOUT):
            answer = await client.get(settings.ministry_url)
            if settings.ministry_token_url:
                await Tokens(client, credentials(settings)).get()
    except NoTokenError as error:
        return Finding("ministry", "fail", f"{host} answers, and no access token is given ({error.code})", UNGRANTED)
    except (httpx.HTTPError, OSError, TimeoutError) as error:
        return Finding("ministry", "fail", f"{host} can't be reached ({type(error).__name__})", fix)
    if answer.is_server_error:
        return Finding("ministry", "warn", f"{host} answers {answer.status_code}: it has a fault of its own", "ask the other side")
    return Finding("ministry", "ok", f"{host} answers" + (", and an access token is given" if settings.ministry_token_url else ""))


async def _sftp(settings: MoeSyncSettings) -> Finding:
    # Its cryptography takes a while to load.
    import asyncssh  # noqa: PLC0415

    from services.moe_sync.adapters.sftp import connected  # noqa: PLC0415

    fix = "correct STAR_MINISTRY_SFTP_URL, _KEY, _HOST_KEY, _INBOX and _OUTBOX, or ask the other side"
    try:
        server = sftp_server(settings)
        async with asyncio.timeout(TIMEOUT), connected(server) as session:
            missing = [folder for folder in (server.inbox, server.outbox) if not await session.isdir(folder)]
    except (OSError, asyncssh.Error, ValueError, TimeoutError) as error:
        return Finding("ministry", "fail", f"the SFTP server does not let us in ({type(error).__name__})", fix)
    if missing:
        return Finding("ministry", "fail", f"{server.host} has no folder {' and no folder '.join(missing)}", fix)
    return Finding("ministry", "ok", f"{server.host} lets us in by SFTP, and has both folders")
