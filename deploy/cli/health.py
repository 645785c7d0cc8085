"""`star health`: asks the process of this machine whether it goes forward, for supervisors that have no other way to ask."""

import http.client
import json
from pathlib import Path
from urllib.parse import urlsplit

import click

PATIENCE = 5
"""Seconds for the answer."""


# Without the common options: their modules take longer to import than the answer takes to come.
@click.command()
@click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=Path(".star"), envvar="STAR_DATA", help="The data folder."
)
@click.option(
    "--port", type=click.IntRange(1, 65535), envvar="STAR_PORT", help="By default that of the `star run` on the data folder, or 8000."
)
@click.option("--path", help="/healthz by default; /readyz also asks for what it depends on. `star run` has them below /ingest.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer.")
def health(data: Path, port: int | None, path: str | None, as_json: bool) -> None:
    """Asks the part that serves on this machine's port.

    Prints its word. Ends with 1 where there is no answer, or no yes.
    """
    of_run = data / "address"
    if port is None and of_run.exists():
        port, path = urlsplit(of_run.read_text().strip()).port, path or "/ingest/healthz"
    port = port or 8000
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path or "/healthz")
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise click.ClickException(f"port {port} does not answer ({type(error).__name__})") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise click.ClickException(f"{answer.status} {text}")
    click.echo(text if as_json else json.loads(text)["status"])
