"""The share of samples at each distance between the judge's and the final score.

The judge's score is rounded to a level.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from frontend.charts import responsive_svg as drawing

from .text import format_percent

HEIGHT = 150.0
FLOOR = 128.0
TOP = 18.0
BARS_AT_MOST = 7
WITHIN = 1.0


@dataclass(frozen=True, slots=True)
class GapChart:
    """One dimension's shares: in words, and drawn as a bar for each distance."""

    key: str
    name: str
    summary: str
    drawing: SafeString


@dataclass(frozen=True, slots=True)
class _GapBar:
    name: str
    share: float
    far: bool


def gap_charts(card: Mapping[str, Any]) -> list[GapChart]:
    """Return a chart of each dimension's shares, all on one scale.

    None where people's scores are means and not levels.
    """
    measured = [
        (dimension, {float(gap): share for gap, share in dimension["asked"]["gaps"].items()})
        for dimension in card["dimensions"]
        if dimension["asked"].get("gaps")
    ]
    bars = [_gap_bars(shares) for _one, shares in measured]
    most = max((bar.share for bars_of_dimension in bars for bar in bars_of_dimension), default=0.0)
    return [
        GapChart(
            dimension["key"],
            dimension["name"],
            _gap_text(shares),
            _draw_bars(dimension["key"], bars_of_dimension, most),
        )
        for (dimension, shares), bars_of_dimension in zip(measured, bars, strict=True)
    ]


def _gap_bars(shares: Mapping[float, float]) -> list[_GapBar]:
    """Return a bar for each distance; of many the far ones share the last."""
    order = sorted(shares)
    if len(order) <= BARS_AT_MOST:
        return [_GapBar(f"{gap:g}", shares[gap], gap > WITHIN) for gap in order]
    single, far_gaps = order[: BARS_AT_MOST - 1], order[BARS_AT_MOST - 1 :]
    last = _GapBar(f"{far_gaps[0]:g}+", sum(shares[gap] for gap in far_gaps), far_gaps[0] > WITHIN)
    return [*(_GapBar(f"{gap:g}", shares[gap], gap > WITHIN) for gap in single), last]


def _gap_text(shares: Mapping[float, float]) -> str:
    near = sum(share for gap, share in shares.items() if gap <= WITHIN)
    far = [gap for gap in sorted(shares) if gap > WITHIN]
    if not far:
        return _("within 1: %(near)s %%") % {"near": format_percent(near)}
    return _("within 1: %(near)s %%, %(gap)s or more: %(far)s %%") % {
        "near": format_percent(near),
        "gap": f"{far[0]:g}",
        "far": format_percent(sum(shares[gap] for gap in far)),
    }


def _text_class(bar: _GapBar) -> str:
    if not bar.share:
        return "axis-label"
    return "chart-text-beyond" if bar.far else "chart-text"


def _draw_bars(key: str, bars: list[_GapBar], most: float) -> SafeString:
    step = 1 / len(bars)
    pieces = []
    for number, bar in enumerate(bars):
        tall = (FLOOR - TOP) * bar.share / most if most > 0 else 0.0
        tall = max(1.0, tall) if bar.share > 0 else 0.0
        middle = drawing.format_percent((number + 0.45) * step)
        css_class = "fill-attention" if bar.far else "fill-ink-3"
        pieces.append(
            drawing.draw_bar(
                drawing.format_percent((number + 0.05) * step),
                drawing.format_percent(0.8 * step),
                FLOOR,
                tall,
                css_class,
            )
        )
        words = format_percent(bar.share)
        pieces.append(drawing.draw_text(middle, FLOOR - tall - 5, words, css_class=_text_class(bar)))
        pieces.append(drawing.draw_text(middle, FLOOR + 16, bar.name))
    pieces.append(drawing.draw_line("0", "100%", FLOOR + 0.5, FLOOR + 0.5, "axis-line"))
    shares = ", ".join(
        _("%(gap)s off: %(share)s %%") % {"gap": bar.name, "share": format_percent(bar.share)} for bar in bars
    )
    return drawing.draw_responsive(HEIGHT, pieces, label=f"{key}: {shares}")
