"""`star completion`: commands and options at the touch of the tabulator."""

from pathlib import Path

import click
from click.shell_completion import get_completion_class

from deploy.cli.options import data_option

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@data_option
@click.pass_context
def completion(context: click.Context, shell: str, data: Path) -> None:
    """Prints what a shell needs to complete commands.

    Bash: `star completion bash > ~/.local/share/bash-completion/completions/star`. Zsh: into a file `_star` on the `fpath`. Fish:
    `star completion fish > ~/.config/fish/completions/star.fish`.
    """
    del data
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "star", "_STAR_COMPLETE").source())
