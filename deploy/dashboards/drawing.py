"""Dashboards as Grafana reads them."""

from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders import dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode

from deploy.dashboards.board import Board, Panel, Query

FOLDER: Final = Path(__file__).parent
SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${source}")
WIDTH: Final = 24
HEIGHT: Final = 8
LOW: Final = 4


def text_of(board: Board) -> str:
    """The dashboard's JSON."""
    drawn = (
        dashboard.Dashboard(board.title)
        .uid(f"star-{board.name}")
        .tags(["star"])
        .refresh("30s")
        .time("now-6h", "now")
        .timezone("browser")
        .with_variable(dashboard.DatasourceVariable("source").label("Prometheus").type("prometheus"))
    )
    if board.services:
        # A pattern: some labels have moe_sync, as the schema is called, some moe-sync.
        services = dashboard.CustomVariable("service").label("Service").values("ingest,thresholds,notifier,moe.sync,console")
        drawn = drawn.with_variable(services)
    for row in board.rows:
        drawn = drawn.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            drawn = drawn.with_panel(_panel(panel, WIDTH // len(row.panels)))
    return JSONEncoder(sort_keys=True, indent=2).encode(drawn.build()) + "\n"


def _panel(panel: Panel, width: int) -> stat.Panel | timeseries.Panel:
    drawn = _number(panel) if panel.now else _graph(panel)
    drawn = drawn.title(panel.title).description(panel.meaning).unit(panel.unit).datasource(SOURCE).span(width)
    drawn = drawn.height(LOW if panel.now else HEIGHT)
    if panel.alarm is not None:
        steps = [Threshold(value=None, color="green"), Threshold(value=panel.alarm, color="red")]
        drawn = drawn.thresholds(dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
    for query in panel.queries:
        drawn = drawn.with_target(_target(query, now=panel.now))
    return drawn


def _number(panel: Panel) -> stat.Panel:
    return stat.Panel().reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))


def _graph(panel: Panel) -> timeseries.Panel:
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(show_legend=True)
    return timeseries.Panel().legend(legend).min(0)


def _target(query: Query, *, now: bool) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expression).legend_format(query.legend or "__auto")
    return target.instant() if now else target.range()
