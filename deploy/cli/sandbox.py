"""`star sandbox`: the mail catcher and the Ministry's stand-in, beside a cluster that is being tried out."""

import asyncio
from pathlib import Path

import click
import uvloop

from deploy.cli.options import data_option
from deploy.sandbox.api import create_sandbox
from deploy.sandbox.erasing import SandboxErasing
from deploy.sandbox.mail import MailCatcher
from deploy.sandbox.ministry_store import MinistryStore
from deploy.services import schema_of
from shared.db.engine import create_engine
from shared.settings import Settings
from shared.supervisor import Loop, stop_on_signals, supervise
from shared.telemetry.logging import configure_logging
from shared.web.server import serve


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8025, show_default=True)
@click.option("--smtp-port", type=click.IntRange(1, 65535), default=2525, show_default=True)
@data_option
def sandbox(port: int, smtp_port: int, data: Path) -> None:
    """Serves a mail catcher and a stand-in for the Ministry.

    Both are for this machine only. Give the services STAR_SMTP_URL=smtp://127.0.0.1:2525 and
    STAR_MINISTRY_URL=http://127.0.0.1:8025/ministry. With the services' STAR_DATABASE_URL, students who are erased go from here, too.
    """
    configure_logging()
    uvloop.run(_run(port, smtp_port, Settings(data=data).of_service("notifier")))


async def _run(port: int, smtp_port: int, settings: Settings) -> None:
    folder = settings.data.resolve() / "sandbox"
    stop = asyncio.Event()
    stop_on_signals(stop)
    mail, ministry = MailCatcher(folder / "mail", port=smtp_port), MinistryStore(folder / "ministry")
    await mail.start()
    app = create_sandbox(mail, ministry)
    loops: dict[str, Loop] = {"http": lambda stop: serve(app, host="127.0.0.1", port=port, stop=stop)}
    engine = create_engine(settings.database_url, schema_of("notifier"), pool_size=1) if settings.database_url else None
    if engine is not None:
        loops["erasing"] = SandboxErasing(engine, mail, ministry).run
    try:
        await supervise(loops, stop)
    finally:
        await mail.stop()
        if engine is not None:
            await engine.dispose()
