"""`star sandbox`: the mail catcher and the Ministry's stand-in, beside a cluster that is being tried out."""

import asyncio
from pathlib import Path

import click
import uvloop

from deploy.cli.options import data_option
from deploy.sandbox.api import create_sandbox
from deploy.sandbox.mail import MailCatcher
from shared.supervisor import stop_on_signals
from shared.telemetry.logging import configure_logging
from shared.web.server import serve


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8025, show_default=True)
@click.option("--smtp-port", type=click.IntRange(1, 65535), default=2525, show_default=True)
@data_option
def sandbox(port: int, smtp_port: int, data: Path) -> None:
    """Serves a mail catcher and a stand-in for the Ministry.

    Both are for this machine only. Give the services STAR_SMTP_URL=smtp://127.0.0.1:2525 and
    STAR_MINISTRY_URL=http://127.0.0.1:8025/ministry.
    """
    configure_logging()
    uvloop.run(_run(port, smtp_port, data.resolve() / "sandbox"))


async def _run(port: int, smtp_port: int, folder: Path) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    mail = MailCatcher(folder / "mail", port=smtp_port)
    await mail.start()
    try:
        await serve(create_sandbox(mail, folder / "ministry"), host="127.0.0.1", port=port, stop=stop)
    finally:
        await mail.stop()
