"""Bytewax: state by student in memory with snapshots in SQLite, at least once."""

import json
from datetime import timedelta
from pathlib import Path

import bytewax.operators as op
import rule
from bytewax.connectors.kafka import KafkaSinkMessage
from bytewax.connectors.kafka import operators as kafka
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main


def marks(message):
    """The marks of a roll, each with its student's key."""
    roll = json.loads(message.value)
    return [(f"{roll['school']}/{mark['student']}", mark) for mark in roll["marks"]]


def count(student, mark):
    """The student's new state, and the level if it is another one."""
    student = student or rule.fresh()
    level = rule.apply(student, mark)
    return student, level


def crossing(keyed):
    """A crossing as it goes out; none where the level stayed."""
    key, level = keyed
    if level is None:
        return None
    school, student = key.split("/")
    return KafkaSinkMessage(school.encode(), json.dumps({"school": school, "student": student, "level": level}).encode())


flow = Dataflow("rolls")
read = kafka.input("read", flow, brokers=[rule.BOOTSTRAP], topics=[rule.INPUT])
keyed = op.flat_map("marks", read.oks, marks)
levels = op.stateful_map("count", keyed, count)
kafka.output("write", op.filter_map("crossings", levels, crossing), brokers=[rule.BOOTSTRAP], topic=rule.OUTPUT)


def main():
    """Runs two workers in one process, with a snapshot a second, until it is ended."""
    Path(rule.FOLDER).mkdir(parents=True, exist_ok=True)
    init_db_dir(Path(rule.FOLDER), 2)
    cli_main(
        flow,
        workers_per_process=2,
        epoch_interval=timedelta(seconds=1),
        recovery_config=RecoveryConfig(Path(rule.FOLDER), backup_interval=timedelta(0)),
    )


if __name__ == "__main__":
    main()
