"""`python -m deploy.kafka start|stop|status`: Kafka in the background, for development."""

from pathlib import Path

import click

from .broker import KafkaBroker, port_of
from .errors import BrokerError

DEFAULT_PORT = 9092

folder_option = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=Path(".star/kafka"), show_default=True, help="Its folder."
)


@click.group()
def main() -> None:
    """A real Apache Kafka on this machine, one node, without Docker."""


@main.command()
@folder_option
@click.option("--port", type=click.IntRange(1, 65_535), help=f"By default, the port that it had before, or {DEFAULT_PORT}.")
def start(data: Path, port: int | None) -> None:
    """Start it in the background, unless it runs already."""
    broker = KafkaBroker(data, port or port_of(data) or DEFAULT_PORT)
    if port is not None and broker.running and port_of(data) != port:
        # Clients have its address: it moves only if somebody stops it.
        stop_it = f"`python -m deploy.kafka stop --data {data}`"
        raise click.ClickException(f"it runs already, on port {port_of(data)}: stop it first with {stop_it}, or leave --port out")
    try:
        if not broker.running:
            click.echo("starting Kafka (the first time fetches about 43 MB)", err=True)
        broker.start()
    except BrokerError as error:
        raise click.ClickException(str(error)) from error
    click.echo(broker.bootstrap)
    click.echo(f"To stop it: python -m deploy.kafka stop --data {data}  (make kafka-stop for the one of make kafka)", err=True)


@main.command()
@folder_option
def stop(data: Path) -> None:
    """Stop it, if it runs; what it holds is kept."""
    broker = KafkaBroker(data)
    if not broker.running:
        click.echo("Kafka is not running")
        return
    try:
        broker.stop()
    except BrokerError as error:
        raise click.ClickException(str(error)) from error
    click.echo("Kafka stopped")


@main.command()
@folder_option
@click.pass_context
def status(context: click.Context, data: Path) -> None:
    """Say whether it runs, and where; exits 1 when it does not serve."""
    broker = KafkaBroker(data)
    if broker.ready:
        click.echo(f"Kafka serves on {broker.bootstrap}")
        return
    click.echo(f"Kafka runs on {broker.bootstrap} but does not answer; see {broker.log}" if broker.running else "Kafka is not running")
    context.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m deploy.kafka")
