"""Formats a scorecard as text for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

_BASELINES = {"constant": "constant", "generator": "generator mean", "features": "features by hand"}
_COLUMNS = ("samples", "RMSE", "95 %", "rounded", "A@1", "95 %", "kappa", "SRCC", "PLCC", "KRCC")


def format_scorecard(card: Mapping[str, Any]) -> str:
    """Return the scorecard as lines of text."""
    return "\n".join(_report_lines(card))


def _report_lines(card: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{card['samples']:,} samples of {card['questions']:,} questions, against the "
        f"{'agreed score' if card['target'] == 'final' else 'mean of independent ratings'}"
    )
    yield "Predictions: " + (", ".join(f"{count:,} {name}" for name, count in card["statuses"].items()) or "none")
    if card["not_blind"]:
        yield f"{card['not_blind']:,} samples are left out: a judge may have been seen before they were scored."
    if card["foreign"]:
        yield f"{card['foreign']:,} predictions are of samples that the release does not hold out for testing."
    for dimension in card["dimensions"]:
        yield ""
        yield from _dimension_lines(dimension)


def _dimension_lines(card: Mapping[str, Any]) -> Iterator[str]:
    yield f"{card['key']}  {card['name']}"
    yield _format_row("", _COLUMNS)
    yield _format_row("judge", _metric_cells(card["asked"]))
    if card["by_rule"]:
        yield _format_row(f"with {card['by_rule']:,} by rule", _metric_cells(card["with_rules"]))
    for baseline in card["baselines"]:
        yield _format_row(_BASELINES[baseline["baseline"]], _metric_cells(baseline))
    if ceiling := card["ceiling"]:
        cells = [
            f"{ceiling['ratings']:,}",
            _format_number(ceiling["rmse"]),
            "",
            "",
            _format_number(ceiling["within_one"]),
        ]
        yield _format_row("one person", cells)
    if coverage := card["sureness"]["coverage"]:
        yield f"  90 % intervals hold {coverage:.1%} of the scores and are {card['sureness']['width']:.2f} points wide"
    if card["dispute"]["auroc"] is not None:
        yield f"  knows where people are two points apart: AUROC {card['dispute']['auroc']:.2f}"


def _metric_cells(metrics: Mapping[str, Any]) -> list[str]:
    return [
        f"{metrics['samples']:,}",
        _format_number(metrics["rmse"]),
        _format_interval(metrics["rmse_interval"]),
        _format_number(metrics["rmse_rounded"]),
        _format_number(metrics["a1"]),
        _format_interval(metrics["a1_interval"]),
        *(_format_number(metrics.get(name)) for name in ("kappa", "srcc", "plcc", "krcc")),
    ]


def _format_row(name: str, cells: tuple[str, ...] | list[str]) -> str:
    return f"  {name:<18}" + "".join(f"{cell:>12}" for cell in cells).rstrip()


def _format_number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _format_interval(value: list[float] | None) -> str:
    return "" if value is None else f"{value[0]:.2f}-{value[1]:.2f}"
