"""A judge's scorecard as pages show it: a finding, drawings and tables.

Every part turns measurements of ``judge.evaluation`` into words and SVG; nothing here reads a table or an address.
``scorecard_view`` lays out one scorecard, ``curve_charts`` a training, ``comparison_view`` two judges.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from frontend.presenters.vocabulary import format_number

from . import calibration as calibrations
from . import dot_plot, gaps, tables
from . import worst_misses as misses
from .calibration import CalibrationPanel
from .comparison import ComparisonView, comparison_view
from .dot_plot import DotChart, LegendEntry
from .gaps import GapChart
from .summary import summarize
from .tables import GeneratorBlock, MetricsTable
from .training_curve import CurveChart, curve_charts
from .worst_misses import ShownSample, WorstMiss

__all__ = [
    "ComparisonView",
    "CurveChart",
    "ScorecardView",
    "ShownSample",
    "comparison_view",
    "curve_charts",
    "scorecard_view",
]

STATUS_WORDS = {
    "ok": lazy("judged"),
    "rule": lazy("by rule alone"),
    "parse_error": lazy("not understood"),
    "backend_error": lazy("failed"),
    "missing": lazy("without a prediction"),
}


@dataclass(frozen=True, slots=True)
class ScorecardView:
    """Everything that a page shows of one scorecard.

    ``target`` tells what people's score is, and is part of every id.
    """

    target: str
    finding: str
    evaluated_on: list[str]
    legend: list[LegendEntry]
    charts: list[DotChart]
    table: MetricsTable
    generators: list[GeneratorBlock]
    gaps: list[GapChart]
    calibration: CalibrationPanel
    misses: list[WorstMiss]

    @property
    def empty(self) -> bool:
        """Whether no sample has both a score and a prediction."""
        return not any(chart.rows for chart in self.charts)


def scorecard_view(card: Mapping[str, Any], samples: Mapping[str, ShownSample]) -> ScorecardView:
    """Return the view of a scorecard from ``judge.evaluation.scorecard``.

    ``samples`` says for the ids under ``worst`` what may be shown of them; one that is not in it has no link.
    """
    return ScorecardView(
        target=card["target"],
        finding=summarize(card),
        evaluated_on=_evaluated_on(card),
        legend=dot_plot.chart_legend(card),
        charts=[dot_plot.rmse_chart(card), dot_plot.a1_chart(card)],
        table=tables.metrics_table(card),
        generators=tables.generator_blocks(card),
        gaps=gaps.gap_charts(card),
        calibration=calibrations.calibration_panel(card),
        misses=misses.worst_misses(card, samples),
    )


def _evaluated_on(card: Mapping[str, Any]) -> list[str]:
    """Return what the judge was evaluated on, a few words each."""
    counts = {"samples": format_number(card["samples"]), "questions": format_number(card["questions"])}
    texts = [_("measured on %(samples)s samples of %(questions)s unseen questions") % counts]
    if card["target"] == "final":
        texts.append(_("against the final score, blind labels only"))
    else:
        texts.append(_("against the mean of independent ratings"))
    texts.append(
        ", ".join(f"{format_number(count)} {STATUS_WORDS.get(name, name)}" for name, count in card["statuses"].items())
    )
    if card.get("not_blind"):
        left_out = ngettext(
            "%(n)s sample left out: a judge may have been seen before it was scored",
            "%(n)s samples left out: a judge may have been seen before they were scored",
            card["not_blind"],
        )
        texts.append(left_out % {"n": format_number(card["not_blind"])})
    if card.get("foreign"):
        foreign = ngettext(
            "%(n)s prediction of a sample that is not in the test part",
            "%(n)s predictions of samples that are not in the test part",
            card["foreign"],
        )
        texts.append(foreign % {"n": format_number(card["foreign"])})
    return [words for words in texts if words]
