"""Every command can be found, and its first sentence fits beside its name."""

import pytest
from click import Context
from click.testing import CliRunner

from deploy.cli.main import COMMANDS, main


def test_the_list_of_commands_is_read_at_a_glance() -> None:
    done = CliRunner().invoke(main, ["--help"], terminal_width=80)
    lines = done.output.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert [line for line in lines if line.endswith("...")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_takes_a_data_folder(name: str) -> None:
    command = main.get_command(Context(main), name)
    assert command is not None
    leaves = list(getattr(command, "commands", {}).values()) or [command]
    assert [leaf.name for leaf in leaves if "data" not in {parameter.name for parameter in leaf.params}] == []
