"""Builds the rows of the report on annotators, as plain data."""

from collections.abc import Callable, Mapping
from typing import Any

from annotation.statistics.agreement import LevelScale
from annotation.statistics.annotator_bias import AnnotatorBias, measure_bias, noteworthy_words, week_name
from annotation.statistics.annotator_drift import RatedDimension, WeeklyChange, describe_annotators

from .ratings import StudyRatings


def annotator_rows(
    material: StudyRatings, *, names: Mapping[int, str], step: Callable[[str], None] = lambda activity: None
) -> list[dict[str, Any]]:
    """Return a row per annotator and dimension, in the order of the names."""
    seconds, at = (material.scores[name].to_numpy() for name in ("seconds", "at"))
    biases: list[tuple[LevelScale, AnnotatorBias]] = []
    for scale, part in zip(material.scales, material.parts, strict=True):
        step(f"annotators on {scale.key}")
        biases += [
            (scale, bias)
            for bias in measure_bias(
                part.unit,
                part.annotator,
                part.position,
                scale.values,
                seconds=seconds[part.score],
                at=at[part.score],
            )
        ]
    words = noteworthy_words([bias for _, bias in biases])
    rows = [
        {
            "member": names.get(material.members[bias.annotator], "?"),
            "dimension": scale.key,
            "n": bias.n,
            "shared": bias.shared,
            "bias": bias.bias,
            "interval": None if bias.interval is None else list(bias.interval),
            "spread": bias.spread,
            "others_spread": bias.others_spread,
            "exact": bias.exact,
            "within_one": bias.within_one,
            "seconds": bias.seconds,
            "noteworthy": word,
            "undefined": bias.undefined,
            "weeks": [
                {"week": week.week, "n": week.n, "bias": week.bias, "spread": week.spread, "seconds": week.seconds}
                for week in bias.weeks
            ],
        }
        for (scale, bias), word in zip(biases, words, strict=True)
    ]
    return sorted(rows, key=lambda row: str(row["member"]))


def overall_rows(material: StudyRatings, *, names: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return a row per annotator over all dimensions, with what has changed of late, in the order of the names."""
    rated = [
        RatedDimension(part.unit, part.annotator, part.position, part.score, scale.values)
        for scale, part in zip(material.scales, material.parts, strict=True)
    ]
    scores = material.scores
    annotators = describe_annotators(
        rated,
        annotator=scores["annotator"].to_numpy(),
        seconds=scores["seconds"].to_numpy(),
        at=scores["at"].to_numpy(),
    )
    rows = [
        {
            "member": names.get(material.members[annotator.annotator], "?"),
            "n": annotator.n,
            "bias": annotator.bias,
            "interval": None if annotator.interval is None else list(annotator.interval),
            "spread": annotator.spread,
            "seconds": annotator.seconds,
            "bias_change": _describe_change(annotator.bias_change),
            "pace_change": _describe_change(annotator.pace_change),
            "weeks": [
                {
                    "week": week_name(week.week),
                    "n": week.n,
                    "bias": week.bias,
                    "spread": week.spread,
                    "seconds": week.seconds,
                }
                for week in annotator.weeks
            ],
        }
        for annotator in annotators
    ]
    return sorted(rows, key=lambda row: str(row["member"]))


def _describe_change(change: WeeklyChange | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return {
        "before": change.before,
        "after": change.after,
        "since": week_name(change.since),
        "noteworthy": change.noteworthy,
    }
