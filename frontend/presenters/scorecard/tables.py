"""The tables of a scorecard: metrics by dimension, and by generator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from frontend.presenters.annotator_remarks import format_two_decimals
from frontend.presenters.vocabulary import format_number

from .text import BASELINES, format_interval, format_percent

UNDEFINED = "–"
# More generators than this are in the run's own files.
GENERATORS_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class MetricCells:
    """RMSE or A@1 of the baselines, the judge with its interval, and one annotator."""

    baselines: list[str]
    judge: str
    interval: str
    human: str


@dataclass(frozen=True, slots=True)
class ScorecardRow:
    """One dimension's metrics."""

    key: str
    name: str
    samples: str
    rmse: MetricCells
    a1: MetricCells
    rounded: str
    kappa: str
    srcc: str
    plcc: str
    krcc: str
    with_rules: "MetricsWithRules | None"


@dataclass(frozen=True, slots=True)
class MetricsWithRules:
    """The judge's metrics including the values that missing sides decide.

    No judge can get those wrong.
    """

    label: str
    samples: str
    rmse: str
    rmse_interval: str
    a1: str
    a1_interval: str
    rounded: str
    kappa: str
    srcc: str
    plcc: str
    krcc: str


@dataclass(frozen=True, slots=True)
class MetricsTable:
    """All dimensions; ``baselines`` are the short names of the columns that there are."""

    baselines: list[str]
    rows: list[ScorecardRow]
    kappa: bool
    """Whether it is defined: people's means are no levels."""

    @property
    def columns_per_metric(self) -> int:
        """Return how many columns stand under RMSE, and as many under A@1."""
        return len(self.baselines) + 3

    @property
    def any_rules(self) -> bool:
        return any(row.with_rules for row in self.rows)


@dataclass(frozen=True, slots=True)
class GeneratorScoreRow:
    """One generator on one dimension."""

    name: str
    samples: str
    rmse: str
    a1: str
    human: tuple[str, str]
    """Mean and population variance of people's scores, and below of the judge's rounded ones."""
    judge: tuple[str, str]
    gaps: list[str]
    """In per cent of its samples how many are off by each distance of the block's."""


@dataclass(frozen=True, slots=True)
class GeneratorBlock:
    """One dimension's generators by name."""

    key: str
    name: str
    gaps: list[str]
    """Distances between the rounded score and the final one, the same in all blocks; none against means."""
    rows: list[GeneratorScoreRow]

    @property
    def column_count(self) -> int:
        """How many columns a row has."""
        return 6 + len(self.gaps)


def metrics_table(card: Mapping[str, Any]) -> MetricsTable:
    """Return the metrics of every dimension."""
    dimensions = card["dimensions"]
    present = {baseline["baseline"] for dimension in dimensions for baseline in dimension.get("baselines") or []}
    names = [name for name in BASELINES if name in present]
    short = {"constant": _("const."), "generator": _("gen."), "features": _("feat.")}
    return MetricsTable(
        [short[name] for name in names],
        [_scorecard_row(dimension, names) for dimension in dimensions],
        card["target"] == "final",
    )


def _scorecard_row(dimension: Mapping[str, Any], names: list[str]) -> ScorecardRow:
    metrics = dimension["asked"]
    return ScorecardRow(
        key=dimension["key"],
        name=dimension["name"],
        samples=format_number(metrics["samples"]),
        rmse=_metric_cells(dimension, names, "rmse", "rmse"),
        a1=_metric_cells(dimension, names, "a1", "within_one"),
        rounded=format_two_decimals(metrics.get("rmse_rounded")),
        kappa=format_two_decimals(metrics.get("kappa")),
        srcc=format_two_decimals(metrics.get("srcc")),
        plcc=format_two_decimals(metrics.get("plcc")),
        krcc=format_two_decimals(metrics.get("krcc")),
        with_rules=_metrics_with_rules(dimension),
    )


def _metric_cells(dimension: Mapping[str, Any], names: list[str], metric: str, ceiling_metric: str) -> MetricCells:
    by_name = {baseline["baseline"]: baseline for baseline in dimension.get("baselines") or []}
    return MetricCells(
        [format_two_decimals(by_name.get(name, {}).get(metric)) for name in names],
        format_two_decimals(dimension["asked"].get(metric)),
        format_interval(dimension["asked"].get(f"{metric}_interval")) or UNDEFINED,
        format_two_decimals((dimension.get("ceiling") or {}).get(ceiling_metric)),
    )


def _metrics_with_rules(dimension: Mapping[str, Any]) -> MetricsWithRules | None:
    metrics = dimension.get("with_rules")
    if not metrics or not dimension.get("by_rule"):
        return None
    return MetricsWithRules(
        label=_("with %(n)s set by rule") % {"n": format_number(dimension["by_rule"])},
        samples=format_number(metrics["samples"]),
        rmse=format_two_decimals(metrics.get("rmse")),
        rmse_interval=format_interval(metrics.get("rmse_interval")) or UNDEFINED,
        a1=format_two_decimals(metrics.get("a1")),
        a1_interval=format_interval(metrics.get("a1_interval")) or UNDEFINED,
        rounded=format_two_decimals(metrics.get("rmse_rounded")),
        kappa=format_two_decimals(metrics.get("kappa")),
        srcc=format_two_decimals(metrics.get("srcc")),
        plcc=format_two_decimals(metrics.get("plcc")),
        krcc=format_two_decimals(metrics.get("krcc")),
    )


def generator_blocks(card: Mapping[str, Any]) -> list[GeneratorBlock]:
    """Return each dimension's generators; nothing where the release does not name them."""
    with_generators = [dimension for dimension in card["dimensions"] if dimension.get("generators")]
    gaps = sorted(
        {gap for dimension in with_generators for row in dimension["generators"] for gap in row.get("gaps") or ()},
        key=float,
    )
    return [
        GeneratorBlock(
            dimension["key"],
            dimension["name"],
            gaps,
            [_generator_row(row, gaps) for row in dimension["generators"][:GENERATORS_AT_MOST]],
        )
        for dimension in with_generators
    ]


def _generator_row(row: Mapping[str, Any], gaps: Sequence[str]) -> GeneratorScoreRow:
    shares = row.get("gaps") or {}
    return GeneratorScoreRow(
        name=row["generator"] or _("(none)"),
        samples=format_number(row["samples"]),
        rmse=format_two_decimals(row.get("rmse")),
        a1=format_two_decimals(row.get("a1")),
        human=_mean_and_variance(row.get("human")),
        judge=_mean_and_variance(row.get("judge")),
        gaps=[format_percent(shares[gap]) if gap in shares else "" for gap in gaps],
    )


def _mean_and_variance(moments: Mapping[str, float] | None) -> tuple[str, str]:
    return (
        (format_two_decimals(moments["mean"]), format_two_decimals(moments["variance"])) if moments else (UNDEFINED, "")
    )
