"""A client of the mail catcher, and its letter."""

from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import aiosmtplib
import httpx

from deploy.sandbox.api import create_sandbox
from deploy.sandbox.mail import MailCatcher
from deploy.sandbox.ministry_store import MinistryStore

AROHA, WIREMU = "aroha@example.nz", "wiremu@example.nz"


def letter(to: str = AROHA, subject: str = "Tūpono: five days away", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ōtara School <office@school.example.nz>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = "<crossing-1@star.example.nz>"
    for name, value in headers.items():
        message[name] = value
    message.set_content("Kia ora e te whānau,\n\nTūpono has been away five days.\n")
    message.add_alternative("<p>Kia ora e te whānau,</p><p>Tūpono has been away <b>five</b> days.</p>", subtype="html")
    return message


def port_of(catcher: MailCatcher) -> int:
    port = urlsplit(catcher.url).port
    assert port is not None
    return port


async def send(catcher: MailCatcher, message: EmailMessage, *to: str) -> dict[str, aiosmtplib.SMTPResponse]:
    recipients = list(to) or [AROHA]
    refused, _ = await aiosmtplib.send(message, recipients=recipients, hostname="127.0.0.1", port=port_of(catcher), start_tls=False)
    return refused


def over_http(catcher: MailCatcher) -> httpx.AsyncClient:
    app = create_sandbox(catcher, MinistryStore(Path("unused")))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, root_path="/sandbox"), base_url="http://sandbox.test")
