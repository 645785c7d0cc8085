"""Every command can be found, and its first sentence fits beside its name."""

import pytest
from click import Command, Context
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


SERVERS = {"run", "serve", "work", "sandbox", "migrate", "completion"}
"""They print nothing that a program reads, or are to be read as they are."""


def leaves(name: str) -> list[Command]:
    command = main.get_command(Context(main), name)
    assert command is not None
    return list(getattr(command, "commands", {}).values()) or [command]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in SERVERS])
def test_a_command_speaks_to_programs(name: str) -> None:
    # `star token revoke` prints nothing at all.
    silent = {("token", "revoke")}
    without = [leaf.name for leaf in leaves(name) if "as_json" not in {parameter.name for parameter in leaf.params}]
    assert [leaf for leaf in without if (name, leaf) not in silent] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_fits_in_a_hundred_columns(name: str) -> None:
    for leaf in leaves(name):
        words = [name, "--help"] if leaf.name in {name, None} or len(leaves(name)) == 1 else [name, str(leaf.name), "--help"]
        done = CliRunner().invoke(main, words)
        assert done.exit_code == 0, words
        assert [line for line in done.output.splitlines() if len(line) > 100] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands(shell: str) -> None:
    script = CliRunner().invoke(main, ["completion", shell]).output
    assert "_STAR_COMPLETE" in script


def test_a_completion_names_what_begins_so() -> None:
    from click.shell_completion import BashComplete  # noqa: PLC0415

    found = [item.value for item in BashComplete(main, {}, "star", "_STAR_COMPLETE").get_completions([], "do")]
    assert found == ["doctor"]
    options = [item.value for item in BashComplete(main, {}, "star", "_STAR_COMPLETE").get_completions(["lag"], "--")]
    assert "--json" in options
