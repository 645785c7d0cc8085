"""`star lag`: how far the services are behind."""

from pathlib import Path

import click
import uvloop

from deploy.cli.options import data_option, json_option, settings_of
from deploy.cli.output import keep_logs_out, print_json, print_table
from shared.bus.factory import create_bus
from shared.bus.lag import GroupLag
from shared.settings import Settings


@click.command()
@data_option
@json_option
def lag(data: Path, as_json: bool) -> None:
    """Shows how far each consumer group is behind.

    Lists how many records a group has still to read at each partition, and how many seconds the oldest of them has waited. A group is one
    reader of the bus, as in thresholds.marks. A group that has never read anything is not in the list.
    """
    keep_logs_out()
    lags = uvloop.run(_lags(settings_of(data)))
    if as_json:
        print_json({"groups": [_item(group_lag) for group_lag in lags]})
    else:
        print_table("Lag", ("group", "topic", "partition", "records", "seconds"), [list(_item(group_lag).values()) for group_lag in lags])


def _item(group_lag: GroupLag) -> dict[str, str | int | float]:
    return {
        "group": group_lag.group,
        "topic": group_lag.topic,
        "partition": group_lag.partition,
        "records": group_lag.records,
        "seconds": round(group_lag.seconds, 1),
    }


async def _lags(settings: Settings) -> list[GroupLag]:
    bus = create_bus(settings)
    try:
        return await bus.lags()
    finally:
        await bus.close()
