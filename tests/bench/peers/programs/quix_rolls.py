"""Quix Streams: state by school in RocksDB with a changelog, exactly once."""

import rule
from quixstreams import Application


def count(roll, state):
    """The crossings of a roll."""
    crossings = []
    for mark in roll["marks"]:
        student = state.get(mark["student"]) or rule.fresh()
        level = rule.apply(student, mark)
        state.set(mark["student"], student)
        if level is not None:
            crossings.append({"school": roll["school"], "student": mark["student"], "level": level})
    return crossings


def main():
    """Runs until it is ended."""
    app = Application(
        broker_address=rule.BOOTSTRAP,
        consumer_group="quix",
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=1.0,
        state_dir=rule.FOLDER,
        loglevel="WARNING",
    )
    rolls = app.dataframe(app.topic(rule.INPUT, value_deserializer="json"))
    rolls.apply(count, stateful=True, expand=True).to_topic(app.topic(rule.OUTPUT, value_serializer="json"))
    app.run()


if __name__ == "__main__":
    main()
