"""How do the sides compare, at a glance? Shares of several things as a bar chart, in SVG.

The same figures give the same file. It has a background of its own, so that it can be read on a
light page and on a dark one.
"""

import io
from collections.abc import Mapping
from typing import Any, Final

from benchmarks.section import Spread

__all__ = ["bars"]

COLOURS: Final = ("#8a8f98", "#c9a227", "#1f6feb", "#2da44e", "#8250df")
"""Told apart in print too: each is of another lightness than its neighbours."""

BACKGROUND: Final = "#ffffff"
INK: Final = "#24292f"
FAINT: Final = "#d0d7de"


def bars(title: str, shares: Mapping[str, Mapping[str, Spread]]) -> str:
    """Draw shares as SVG.

    Args:
        title: what is shown, with the unit.
        shares: for each side the share of each thing; the bar is the median, the line across it
            reaches from the least to the most.
    """
    # matplotlib comes with the extra `bench` alone, and takes a second to import.
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    things = list(next(iter(shares.values())))
    width = 0.8 / len(shares)
    look: Any = {"svg.hashsalt": "corscope", "svg.fonttype": "none", "text.color": INK}
    look |= {"axes.edgecolor": FAINT, "xtick.color": INK, "ytick.color": INK, "font.size": "10"}
    with mpl.rc_context(look):
        figure = Figure(figsize=(9, 1.2 + 0.8 * len(things)), facecolor=BACKGROUND)
        axes = figure.add_subplot(facecolor=BACKGROUND)
        for number, ((side, of), colour) in enumerate(zip(shares.items(), COLOURS, strict=False)):
            places = [place + width * (number + 0.5) - 0.4 for place in range(len(things))]
            medians = [of[thing].median for thing in things]
            reach = (
                [of[thing].median - of[thing].least for thing in things],
                [of[thing].most - of[thing].median for thing in things],
            )
            axes.barh(
                places, medians, width * 0.85, xerr=reach, color=colour, ecolor=INK, label=side
            )
        axes.axvline(1, color=INK, linewidth=1, linestyle="--")
        axes.set_yticks(range(len(things)), things)
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.set_title(title, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside lower center", ncols=3, frameon=False)
        figure.set_layout_engine("constrained")
        drawn = io.StringIO()
        FigureCanvasSVG(figure).print_svg(drawn, metadata={"Date": None})
    return drawn.getvalue()
