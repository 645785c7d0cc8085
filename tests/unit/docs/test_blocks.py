"""The blocks of the pages are of known kinds. Those of commands are run by tests, but for the few that stand here with their reasons."""

import ast
import json
import re
import shlex
import subprocess
import tomllib
from collections import Counter

import click
import pytest
import yaml

from deploy.cli.environment import known_variables
from deploy.cli.main import main
from tests.support.pages import ROOT, Block, blocks, paths

EVERY = [block for path in paths() for block in blocks(path)]
REMARK = re.compile(r"not run: .+|run by tests/\S+|saved as \S+|runs on|answers [45]\d\d|ends with \d+|")
NOT_RUN = Counter(
    {
        "the tests have started the first so, and are started by the second": 1,
        "the tests have started it so": 2,
        "needs root and systemd": 2,
        "needs a container engine": 1,
        "needs a cluster of Kubernetes": 2,
        "needs Kafka and PostgreSQL on hosts of their own": 1,
        "needs PostgreSQL on a host of its own": 1,
        "takes minutes, and the whole machine": 2,
        "needs a collector of traces": 1,
    }
)
"""The reasons why blocks of commands are not run, each with their number. A new one is a thing to talk about in a review."""


def _id(block: Block) -> str:
    return block.place


def of(language: str) -> list[Block]:
    return [block for block in EVERY if block.language == language]


def test_each_block_says_its_language_and_a_remark_that_the_tests_know() -> None:
    known = {"sh", "text", "ini", "json", "yaml", "toml", "properties", "python", "ts", "sql", "java", "floors"}
    assert {block.place: block.language for block in EVERY if block.language not in known} == {}
    # A comment of another purpose may stand above a block that is no command.
    assert {block.place: block.remark for block in of("sh") if not REMARK.fullmatch(block.remark)} == {}


def test_few_blocks_of_commands_are_not_run_and_each_for_a_reason_that_was_looked_at() -> None:
    assert Counter(block.not_run for block in of("sh") if block.not_run) == NOT_RUN


@pytest.mark.parametrize("block", [block for block in of("sh") if block.run_elsewhere], ids=_id)
def test_the_test_that_runs_a_block_names_its_page(block: Block) -> None:
    named = block.page.removeprefix("docs/").removesuffix("/README.md")
    text = (ROOT / block.run_elsewhere).read_text(encoding="utf-8")
    assert all(part in text for part in named.split("/")[-1:])


@pytest.mark.parametrize("block", [block for block in of("sh") if block.not_run], ids=_id)
def test_a_block_that_is_not_run_is_one_of_the_shell_with_commands_and_targets_that_exist(block: Block) -> None:
    subprocess.run(["bash", "-n"], input=block.text, text=True, check=True, capture_output=True)
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words and ("=" in words[0] or words[0] in {"sudo", "export"}):
            words = words[1:]
        if words[:1] == ["make"]:
            assert words[1] in targets, line
        if words[:1] == ["star"]:
            _understood([word for word in words[1:] if word != "&"])


@pytest.mark.parametrize("block", of("json"), ids=_id)
def test_a_block_of_json_is_json(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", of("yaml"), ids=_id)
def test_a_block_of_yaml_is_yaml(block: Block) -> None:
    assert yaml.safe_load(block.text)


@pytest.mark.parametrize("block", of("toml"), ids=_id)
def test_a_block_of_toml_is_toml(block: Block) -> None:
    assert tomllib.loads(block.text)


@pytest.mark.parametrize("block", of("python"), ids=_id)
def test_a_block_of_python_is_python(block: Block) -> None:
    ast.parse(block.text)


@pytest.mark.parametrize("block", of("ini"), ids=_id)
def test_a_block_of_settings_has_settings_that_exist(block: Block) -> None:
    assert {line.partition("=")[0] for line in block.text.splitlines()} <= known_variables()


def _understood(arguments: list[str]) -> None:
    """Lets click read a command line without running it; raises what the command would print."""
    command: click.Command = main
    context = click.Context(command, info_name="star")
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    command.make_parser(context).parse_args(list(arguments))
