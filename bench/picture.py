"""The results as a picture."""

from pathlib import Path
from statistics import median

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.results import COLD_SIDES, WARM_SIDES, Results, per_cpu_second
from bench.sides import IN_FLIGHT, Side

COLOURS = ("#0a6ebd", "#c9572c", "#e0a458", "#8a8f98")


def draw(results: Results, file: Path) -> None:
    """Draw the cold start beside the creates per CPU second, into an SVG file."""
    mpl.rcParams.update({"svg.hashsalt": "bench", "font.size": 9})
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 2))
    _cold(left, results)
    _warm(right, results)
    figure.legend(loc="outside lower center", ncols=len(WARM_SIDES), frameon=False)
    figure.savefig(file, metadata={"Date": None})


def _cold(axes: Axes, results: Results) -> None:
    for side in COLD_SIDES:
        bars = axes.bar(side.name, median(each["wall"] for each in results.cold[side]), color=_colour(side))
        axes.bar_label(bars, fmt="%.2f")
    axes.set(title="Seconds from a new process to the first 201", xticks=[])
    axes.spines[["top", "right"]].set_visible(False)


def _warm(axes: Axes, results: Results) -> None:
    width = 0.8 / len(WARM_SIDES)
    for number, side in enumerate(WARM_SIDES):
        heights = [
            median(per_cpu_second(each[place]) for each in results.warm[side]) for place in range(len(IN_FLIGHT))
        ]
        places = [place + number * width for place in range(len(IN_FLIGHT))]
        bars = axes.bar(places, heights, width, label=side.name, color=_colour(side))
        axes.bar_label(bars, fmt="%.0f")
    middles = [place + width * (len(WARM_SIDES) - 1) / 2 for place in range(len(IN_FLIGHT))]
    axes.set_xticks(middles, [f"{each} in flight" for each in IN_FLIGHT])
    axes.set_title("Creates per CPU second")
    axes.spines[["top", "right"]].set_visible(False)


def _colour(side: Side) -> str:
    return COLOURS[WARM_SIDES.index(side)]
