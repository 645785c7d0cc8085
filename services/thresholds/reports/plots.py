"""Plots as SVG pictures that need no font: readable in print without colours, and by readers who see few of them.

Every colour goes with a pattern or a label. Letters are drawn as shapes, so that a page and a PDF show the same everywhere.
"""

import io
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from services.thresholds.reports.blocks import Bars, Columns, Differences, Figure, Plot, Share, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

WIDTH: Final = 4.9
"""Inches. Narrow, so that letters of this size can still be read when a telephone makes the picture small."""
LETTERS: Final = 9.5

INK: Final = "#1d2733"
SOFT: Final = "#4a5666"
LINE: Final = "#d5dce4"

LOOK: Final[Mapping[Style, tuple[str, str]]] = {
    "green": ("#1e7b4a", ""),
    "yellow": ("#f0c53c", "---"),
    "orange": ("#d2691e", "///"),
    "red": ("#b3261e", "xxx"),
    "together": ("#aab6c3", "\\\\\\"),
    "unjustified": ("#123c5a", ""),
    "justified": ("#9fc0da", "///"),
    "best": ("#123c5a", ""),
    "good": ("#5b8db5", ""),
    "poor": ("#b9d2e5", "---"),
    "worst": ("#f1f5f8", "///"),
    "plain": ("#2c6690", ""),
}
"""Colour and pattern of each style."""
_ROOM: Final = 10
"""Per cent of the bar that a number in it takes."""
_PLACES: Final = 5
"""Room for as many columns at least: one alone would be a wall."""
DARK: Final = ("#1e7b4a", "#b3261e", "#123c5a", "#2c6690", "#5b8db5", "#d2691e")

_DRAWING: Final = threading.Lock()
"""The library keeps letters and settings for all its pictures together: draw one picture at a time."""


def draw(figure: Figure) -> bytes:
    """The plot as an SVG picture. Takes some hundredths of a second: call it in a thread."""
    # Loading the library takes a while, and most processes never draw anything.
    from matplotlib import rc_context  # noqa: PLC0415

    # The salt makes the names inside a picture the same each time.
    with _DRAWING, rc_context({"svg.hashsalt": figure.name}):
        return _drawn(figure.plot)


def _drawn(plot: Plot) -> bytes:
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure as Canvas  # noqa: PLC0415

    canvas = Canvas(figsize=(WIDTH, _height(plot)), layout="constrained")
    FigureCanvasSVG(canvas)
    axes = canvas.subplots()
    match plot:
        case Bars():
            _bars(canvas, axes, plot)
        case Share():
            _share(canvas, axes, plot)
        case Columns():
            _columns(canvas, axes, plot)
        case Differences():
            _differences(axes, plot)
    for text in canvas.findobj(lambda artist: hasattr(artist, "set_parse_math")):
        # A dollar sign in a label is a dollar sign.
        text.set_parse_math(False)  # type: ignore[attr-defined]
    out = io.BytesIO()
    canvas.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return out.getvalue()


def _height(plot: Plot) -> float:
    match plot:
        case Bars():
            return 0.3 + 0.3 * len(plot.legend[:1]) + 0.34 * len(plot.bars)
        case Share():
            return 1.5 + 0.12 * len(plot.parts)
        case Differences():
            return 0.9 + 0.42 * len(plot.rows)
    return 2.7 if len(plot.series) > 1 else 2.0


def _bars(canvas: "Canvas", axes: "Axes", plot: Bars) -> None:
    # By place: two bars may have the same label.
    places = range(len(plot.bars))
    drawn = axes.barh(places, [bar.value or 0 for bar in plot.bars], height=0.68)
    axes.set_yticks(places, [bar.label for bar in plot.bars])
    for patch, bar in zip(drawn, plot.bars, strict=True):
        _dress(patch, bar.style)
    axes.bar_label(drawn, [bar.text for bar in plot.bars], padding=4, fontsize=LETTERS, color=INK)
    axes.invert_yaxis()
    axes.margins(x=0.22)
    axes.set_xlim(left=0, right=None if any(bar.value for bar in plot.bars) else 1)
    _bare(axes, "left")
    axes.set_xticks([])
    if plot.legend:
        # Bars of nothing, that stand only for what their look means.
        for label, style in plot.legend:
            _dress(axes.barh([0], [0], label=label).patches[0], style)
        _legend(canvas, len(plot.legend))


def _share(canvas: "Canvas", axes: "Axes", plot: Share) -> None:
    start = 0.0
    for bar in plot.parts:
        width = bar.value or 0.0
        (patch,) = axes.barh([0], [width], left=start, height=0.6, label=f"{bar.label}: {bar.text}")
        _dress(patch, bar.style)
        # Beside the line, not under it.
        end = plot.target if plot.target is not None and start < plot.target < start + width else start + width
        if end - start >= _ROOM:
            _within(axes, (start + end) / 2, 0, f"{width:.1f}%", bar.style)
        start += width
    if plot.target is not None:
        axes.plot([plot.target] * 2, [-0.42, 0.5], color=INK, linewidth=2.2, solid_capstyle="butt")
        axes.annotate(
            f"Target {plot.target:.0f}%", (plot.target, 0.52), ha="center", va="bottom", fontsize=LETTERS, color=INK, weight="bold"
        )
    axes.set_ylim(-0.45, 0.85)
    axes.set_xlim(0, 100)
    axes.set_xticks(range(0, 101, 20), [f"{tick}%" for tick in range(0, 101, 20)])
    axes.set_yticks([])
    _bare(axes, "bottom")
    _legend(canvas, 2)


def _columns(canvas: "Canvas", axes: "Axes", plot: Columns) -> None:
    places = range(len(plot.places))
    each = 0.8 if plot.stacked else 0.8 / len(plot.series)
    floor = [0.0] * len(plot.places)
    for number, series in enumerate(plot.series):
        at = [place if plot.stacked else place - 0.4 + each * (number + 0.5) for place in places]
        heights = [value or 0.0 for value in series.values]
        drawn = axes.bar(at, heights, each, bottom=floor if plot.stacked else None, label=series.label)
        for patch in drawn:
            _dress(patch, series.style)
        if plot.numbered:
            texts = ["" if value is None else f"{value:.1f}" for value in series.values]
            axes.bar_label(drawn, texts, padding=2, fontsize=LETTERS - 1, color=INK)
        if plot.stacked:
            floor = [below + height for below, height in zip(floor, heights, strict=True)]
    axes.set_xticks(list(places), list(plot.places))
    axes.set_xlim(-0.6, max(len(plot.places), _PLACES) - 0.4)
    axes.set_xlabel(plot.along, fontsize=LETTERS, color=SOFT)
    axes.set_ylabel(plot.axis, fontsize=LETTERS, color=SOFT)
    if not any(value for series in plot.series for value in series.values):
        axes.set_ylim(0, 1)
    axes.locator_params(axis="y", nbins=6, integer=not plot.numbered)
    axes.grid(axis="y", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    _bare(axes, "bottom")
    if len(plot.series) > 1:
        _legend(canvas, 3 if len(plot.series) == 3 else 2)


def _differences(axes: "Axes", plot: Differences) -> None:
    axes.axvline(0, color=INK, linewidth=1.2)
    for place, row in enumerate(plot.rows):
        if row.interval is not None:
            axes.plot(row.interval, [place, place], color="#2c6690", linewidth=2.4, marker="|", markersize=9, markeredgewidth=2)
        axes.plot([row.value], [place], marker="o", markersize=7, color="#123c5a" if row.interval else "white", markeredgecolor="#123c5a")
    axes.set_yticks(range(len(plot.rows)), [row.label for row in plot.rows])
    axes.set_ylim(len(plot.rows) - 0.4, -0.6)
    reach = max((abs(end) for row in plot.rows for end in (row.value, *(row.interval or ()))), default=1.0) * 1.15
    axes.set_xlim(-max(reach, 1.0), max(reach, 1.0))
    axes.set_xlabel(f"← {plot.below}    {plot.above} →", fontsize=LETTERS - 0.5, color=SOFT)
    axes.grid(axis="x", color=LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    _bare(axes, "bottom")


def _dress(patch: Any, style: Style) -> None:
    colour, pattern = LOOK[style]
    patch.set(facecolor=colour, edgecolor=INK, linewidth=0.6)
    if pattern:
        patch.set(hatch=pattern, hatch_linewidth=0.6)


def _within(axes: "Axes", x: float, y: float, text: str, style: Style) -> None:
    colour, pattern = LOOK[style]
    box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none"} if pattern else None
    letters = "white" if colour in DARK and not pattern else INK
    axes.text(x, y, text, ha="center", va="center", fontsize=LETTERS, color=letters, bbox=box)


def _bare(axes: "Axes", kept: str) -> None:
    for side, spine in axes.spines.items():
        spine.set_visible(side == kept)
        spine.set_color(SOFT)
    axes.tick_params(length=0, labelsize=LETTERS, labelcolor=INK)


def _legend(canvas: "Canvas", columns: int) -> None:
    canvas.legend(
        loc="outside lower left", ncols=columns, frameon=False, fontsize=LETTERS, labelcolor=INK, handlelength=1.8, handleheight=1.1
    )
