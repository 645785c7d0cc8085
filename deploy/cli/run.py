"""`star run`: everything from nothing, in one process."""

import asyncio
import socket
import sys
from pathlib import Path

import click
import uvloop

from deploy.cli.logs import log_of_run
from deploy.cli.options import configured, data_option
from deploy.cli.tracing import begin_traces
from deploy.embedded.data_folder import DataFolderInUseError
from shared.attendance.codes import CodeTable
from shared.service_manager import serving
from shared.settings import Settings
from shared.supervisor import stop_on_signals


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=configured("port", 8000), envvar="STAR_PORT", show_default="8000")
@click.option("--host", default=None, help="This machine's address that others may reach, as 192.168.1.5. By default nobody else does.")
@data_option
@click.option("--demo/--no-demo", default=True, help="Play a made-up school's term through the API first.", show_default=True)
def run(port: int, host: str | None, data: Path, demo: bool) -> None:
    """Starts everything in one process, on one port.

    All services run with a database, a mail catcher and a Ministry of their own. Prints `ready http://127.0.0.1:PORT` once they serve, and
    serves until it is stopped. Logs to DATA/star.log, and warnings to standard error. If STAR_LOG_FORMAT is set (json or console), the
    whole log goes to standard error.
    """
    settings = Settings(data=data.resolve(), port=port)
    if host is not None:
        settings = settings.model_copy(update={"host": host})
    # Before a database is started for nothing.
    CodeTable.load(settings.attendance_codes)
    _require_free(settings.host, port)
    log_file = log_of_run(settings.data, settings.log_format, chosen="log_format" in settings.model_fields_set)
    begin_traces()
    if log_file is not None:
        click.echo(f"starting; the log is in {log_file}", err=True)
    try:
        uvloop.run(_run(settings, demo=demo))
    except DataFolderInUseError as error:
        raise click.ClickException(str(error)) from error


def _require_free(host: str, port: int) -> None:
    """Says so at once when the port is taken, before a database is started for nothing."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As the server will: a port that was in use a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(f"port {port} can't be used ({error.strerror}): choose another with --port") from error


async def _run(settings: Settings, *, demo: bool) -> None:
    # All services at once: seconds, which no other command should take.
    from deploy.embedded.process import run as run_process  # noqa: PLC0415

    stop = asyncio.Event()
    stop_on_signals(stop)

    async def ready(base_url: str) -> None:
        click.echo(f"ready {base_url}")
        sys.stdout.flush()
        await serving()
        if demo:
            from deploy.demo.play import play  # noqa: PLC0415 - its libraries are not needed to serve

            await play(base_url, settings.data)

    await run_process(settings, ready=ready, stop=stop)
