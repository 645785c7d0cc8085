"""Faust: a table by student in RocksDB with a changelog, at least once."""

import faust
import rule

app = faust.App(
    "faust",
    broker=f"kafka://{rule.BOOTSTRAP}",
    store="rocksdb://?driver=rocksdict",
    datadir=rule.FOLDER,
    topic_partitions=8,
    topic_replication_factor=1,
    web_enabled=False,
    consumer_auto_offset_reset="earliest",
    broker_commit_interval=1.0,
    value_serializer="json",
)
rolls = app.topic(rule.INPUT, key_type=bytes, value_type=None, value_serializer="json", partitions=8)
crossings = app.topic(rule.OUTPUT, key_type=bytes, value_serializer="json", partitions=8)
students = app.Table("students", default=rule.fresh, partitions=8, key_type=str, value_type=None)


@app.agent(rolls)
async def count(stream):
    """Counts the rolls as they come."""
    async for roll in stream:
        for mark in roll["marks"]:
            key = f"{roll['school']}/{mark['student']}"
            student = students[key]
            level = rule.apply(student, mark)
            students[key] = student
            if level is not None:
                await crossings.send(
                    key=roll["school"].encode(), value={"school": roll["school"], "student": mark["student"], "level": level}
                )


if __name__ == "__main__":
    app.main()
