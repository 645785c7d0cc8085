"""The dashboards are what the code writes, and every query names metrics and labels that there are."""

import json
import re
from collections.abc import Iterator

import pytest

from deploy.dashboards.board import Board
from deploy.dashboards.boards import BOARDS
from deploy.dashboards.drawing import FOLDER, text_of
from deploy.reference.metrics import catalogue, series
from tests.unit.deploy.test_alerts import promtool, rules

OF_PROMETHEUS = {"instance", "job", "le"}


def expressions(board: Board) -> Iterator[str]:
    for row in board.rows:
        for panel in row.panels:
            yield from (query.expression for query in panel.queries)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_the_file_is_what_the_code_writes(board: Board) -> None:
    text = (FOLDER / f"{board.name}.json").read_text(encoding="utf-8")
    assert text == text_of(board), "python -m deploy.dashboards"
    drawn = json.loads(text)
    asked = [target["expr"] for panel in drawn["panels"] for target in panel.get("targets", [])]
    assert sorted(asked) == sorted(expressions(board))
    assert all(panel["datasource"]["uid"] == "${source}" for panel in drawn["panels"] if panel["type"] != "row")


def test_there_is_a_file_for_each_board_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {board.name for board in BOARDS}


def test_every_query_names_metrics_that_there_are() -> None:
    known = series()
    queries = [expression for board in BOARDS for expression in expressions(board)]
    named = {name for query in queries for name in re.findall(r"\b(?:star|process)_\w+", re.sub(r'"[^"]*"', "", query))}
    assert "star_consumer_lag_seconds" in named
    assert named - known == set()


def test_every_label_of_a_query_or_a_rule_is_one_of_its_metric() -> None:
    labels = {name: set(found) | OF_PROMETHEUS for name, _, found, _ in catalogue()}
    queries = [expression for board in BOARDS for expression in expressions(board)] + [rule["expr"] for rule in rules()]
    for query in queries:
        for name, inside in re.findall(r"\b(star_\w+)\{([^}]*)\}", query):
            base = re.sub(r"_(bucket|sum|count)$", "", name) if name not in labels else name
            assert set(re.findall(r"(\w+)[=!~]", re.sub(r'"[^"]*"', "", inside))) <= labels[base], query


def test_every_metric_of_what_waits_is_on_a_board() -> None:
    shown = " ".join(expression for board in BOARDS for expression in expressions(board))
    wanted = ("lag_seconds", "outbox_oldest_seconds", "work_oldest_due_seconds", "dead_letters_waiting", "letters_waiting", "last_success")
    assert [name for name in wanted if name not in shown] == []


def test_prometheus_takes_every_query(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("queries") / "rules.yml"
    queries = [expression.replace("$service", "ingest") for board in BOARDS for expression in expressions(board)]
    recorded = [{"record": f"x:{number}", "expr": query} for number, query in enumerate(queries)]
    file.write_text(json.dumps({"groups": [{"name": "boards", "rules": recorded}]}))
    promtool("check", "rules", file)
