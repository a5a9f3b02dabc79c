"""Reads and writes prediction lines: distributions over the levels of each dimension."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from judge.metrics.dispute import dispute_probability
from judge.metrics.gaps import Floats

from .json_line import RecordError, decode_line, describe_type, parse_name, quote_value, refuse_unknown_fields
from .rubric import RubricDimension, RubricSpec

Status = Literal["ok", "rule", "parse_error", "backend_error"]
STATUSES: tuple[Status, ...] = ("ok", "rule", "parse_error", "backend_error")
FIELDS = frozenset({"id", "judge", "prompt_sha", "status", "readout", "cluster", "dimensions", "message"})
DIMENSION_FIELDS = frozenset({"p", "expected", "sd", "rounded", "p_dispute", "interval", "mass", "ensemble_sd", "rule"})
# Written numbers are rounded; so is their sum.
TOLERANCE = 1e-3
DIGITS = 6
DISPUTE_DISTANCE = 2.0


class NoDistribution(ValueError):
    """Probabilities that are not finite, or all 0."""


@dataclass(frozen=True, slots=True)
class DimensionPrediction:
    """The prediction of one dimension."""

    p: tuple[float, ...]
    """The chance of each level, in the rubric's order."""
    expected: float
    sd: float
    rounded: float
    """The level nearest to the expected value."""
    p_dispute: float
    """The chance that two annotators differ by two points or more."""
    interval: tuple[float, float] | None = None
    """Where the final score lies, as often as the run's calibration says."""
    mass: float | None = None
    """How much of its probability a language model gave to the levels at all."""
    ensemble_sd: float | None = None
    """How far the members of an ensemble are apart in their expected values."""
    rule: str | None = None
    """Which missing side set the value, where no model was asked."""


@dataclass(slots=True)
class SamplePrediction:
    """One judge's prediction of one sample.

    It has no dimensions where the judge failed, and none that do not apply.
    """

    id: str
    judge: str
    prompt_sha: str
    status: Status
    readout: str
    cluster: int | None = None
    dimensions: dict[str, DimensionPrediction] = field(default_factory=dict)
    message: str = ""
    """What went wrong, where something did."""


def prediction_from_distribution(
    p: Sequence[float],
    dimension: RubricDimension,
    *,
    mass: float | None = None,
    ensemble_sd: float | None = None,
) -> DimensionPrediction:
    """Return the prediction that follows from a distribution over a dimension's levels.

    The distribution is normalised to add up to one.

    Raises:
        NoDistribution: a chance is not finite, or all are 0.
    """
    return predictions_from_distributions(
        np.asarray([p], dtype=np.float64),
        dimension,
        masses=None if mass is None else [mass],
        ensemble_sds=None if ensemble_sd is None else [ensemble_sd],
    )[0]


def predictions_from_distributions(
    chances: Floats,
    dimension: RubricDimension,
    *,
    masses: Sequence[float | None] | None = None,
    ensemble_sds: Sequence[float | None] | None = None,
    intervals: Sequence[tuple[float, float]] | None = None,
) -> list[DimensionPrediction]:
    """Return the predictions that follow from distributions over a dimension's levels.

    The distributions, a row each, are normalised to add up to one.

    Raises:
        NoDistribution: a chance is not finite, or all are 0.
    """
    levels = np.asarray(dimension.values, dtype=np.float64)
    totals = chances.sum(axis=1, keepdims=True)
    if not (np.isfinite(totals) & (totals != 0)).all():
        raise NoDistribution(f"The chances of the levels of {dimension.key} are not finite, or all of them are 0.")
    shares = chances / totals
    expected = shares @ levels
    variance = (shares * (levels[None, :] - expected[:, None]) ** 2).sum(axis=1)
    nothing: Sequence[None] = [None] * len(shares)
    return [
        DimensionPrediction(tuple(p), mean, sd, nearest_level(mean, dimension.values), apart, interval, mass, spread)
        for p, mean, sd, apart, interval, mass, spread in zip(
            shares.tolist(),
            expected.tolist(),
            np.sqrt(variance).tolist(),
            dispute_probability(shares, levels, DISPUTE_DISTANCE).tolist(),
            intervals or nothing,
            masses or nothing,
            ensemble_sds or nothing,
            strict=True,
        )
    ]


def prediction_at_level(value: float, dimension: RubricDimension, rule: str | None = None) -> DimensionPrediction:
    """Return the prediction that is certain of one level.

    It is a rule's, or that of a judge that gave a number alone.
    """
    p = tuple(float(level == value) for level in dimension.values)
    return DimensionPrediction(p, value, 0.0, value, 0.0, rule=rule)


def nearest_level(value: float, levels: Sequence[float]) -> float:
    """Return the level nearest to a value.

    Of two at the same distance it is the upper one.
    """
    return min(levels, key=lambda level: (round(abs(level - value), 9), -level))


def format_prediction(prediction: SamplePrediction) -> str:
    """Return a prediction as a line without its end.

    Raises:
        ValueError: a number is not finite; no reader would take the line.
    """
    line: dict[str, Any] = {
        "id": prediction.id,
        "judge": prediction.judge,
        "prompt_sha": prediction.prompt_sha,
        "status": prediction.status,
        "readout": prediction.readout,
        "cluster": prediction.cluster,
        "dimensions": prediction_data(prediction),
    }
    if prediction.message:
        line["message"] = prediction.message
    return json.dumps(line, ensure_ascii=False, allow_nan=False)


def prediction_data(prediction: SamplePrediction) -> dict[str, Any]:
    """Return the ``dimensions`` of a prediction's line."""
    return {key: _dimension_data(dimension_prediction) for key, dimension_prediction in prediction.dimensions.items()}


def parse_prediction_line(raw: bytes, rubric: RubricSpec) -> SamplePrediction:
    """Return the prediction on a line of a predictions file.

    Raises:
        RecordError: naming the first field that cannot be taken.
    """
    return parse_prediction(decode_line(raw), rubric)


def parse_prediction(data: Mapping[str, Any], rubric: RubricSpec) -> SamplePrediction:
    """Return the prediction of a line's object, checked and completed.

    What follows from ``p`` is computed where it is left out.

    A dimension needs ``p``, or where a judge gave no more than a number, ``rounded``.
    """
    refuse_unknown_fields(data, FIELDS)
    status = data.get("status", "ok")
    if status not in STATUSES:
        raise RecordError("status", f"is {quote_value(status)}; write one of {', '.join(STATUSES)}.")
    entries = data.get("dimensions") or {}
    if not isinstance(entries, dict):
        raise RecordError("dimensions", f"is {describe_type(entries)}; write an object from dimension to prediction.")
    dimensions = {dimension.key: dimension for dimension in rubric.dimensions}
    for key in entries:
        if key not in dimensions:
            raise RecordError(f"dimensions.{key}"[:200], f"is no dimension; they are {', '.join(dimensions)}.")
    if status == "ok" and not entries:
        raise RecordError("dimensions", 'has no entry; a line without any needs another status, as "parse_error".')
    cluster = data.get("cluster")
    if cluster is not None and (type(cluster) is not int or not 0 <= cluster < 1_000_000):
        raise RecordError("cluster", f"is {quote_value(cluster)}; write a whole number from 0 on, or null.")
    return SamplePrediction(
        id=parse_name(data, "id", 200),
        judge=_parse_text(data, "judge", 120),
        prompt_sha=_parse_text(data, "prompt_sha", 64),
        status=status,
        readout=_parse_text(data, "readout", 40),
        cluster=cluster,
        dimensions={
            key: _parse_dimension(entries[key], dimension)
            for key, dimension in dimensions.items()
            if entries.get(key) is not None
        },
        message=_parse_text(data, "message", 2_000),
    )


def _dimension_data(prediction: DimensionPrediction) -> dict[str, Any]:
    data: dict[str, Any] = {
        "p": [_round(chance) for chance in prediction.p],
        "expected": _round(prediction.expected),
        "sd": _round(prediction.sd),
        "rounded": int(prediction.rounded) if prediction.rounded.is_integer() else prediction.rounded,
        "p_dispute": _round(prediction.p_dispute),
        "interval": None if prediction.interval is None else [_round(end) for end in prediction.interval],
        "mass": _round(prediction.mass),
        "ensemble_sd": _round(prediction.ensemble_sd),
    }
    if prediction.rule is not None:
        data["rule"] = prediction.rule
    return data


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def _parse_dimension(data: Any, dimension: RubricDimension) -> DimensionPrediction:
    path = f"dimensions.{dimension.key}"
    if not isinstance(data, dict):
        raise RecordError(path, f"is {describe_type(data)}; write an object with p, the chance of each level.")
    refuse_unknown_fields(data, DIMENSION_FIELDS, path)
    low, high = dimension.values[0], dimension.values[-1]
    rule = data.get("rule")
    if rule is not None and not isinstance(rule, str):
        raise RecordError(f"{path}.rule", f"is {describe_type(rule)}; write a text or leave it out.")
    if data.get("p") is None:
        rounded = data.get("rounded")
        if isinstance(rounded, bool) or rounded not in dimension.values:
            raise RecordError(f"{path}.p", "is missing; write the chance of each level, or a level as rounded.")
        return prediction_at_level(float(rounded), dimension, rule)
    derived = prediction_from_distribution(_parse_chances(data["p"], dimension, path), dimension)
    values = {
        name: _parse_number(data, name, path, least, most)
        for name, least, most in (
            ("expected", low, high),
            ("sd", 0.0, high - low),
            ("p_dispute", 0.0, 1.0),
            ("mass", 0.0, 1.0),
            ("ensemble_sd", 0.0, high - low),
        )
    }
    rounded = data.get("rounded", derived.rounded)
    if isinstance(rounded, bool) or rounded not in dimension.values:
        raise RecordError(f"{path}.rounded", f"is {quote_value(rounded)}, which is none of the levels.")
    expected, sd, p_dispute = values["expected"], values["sd"], values["p_dispute"]
    return DimensionPrediction(
        p=derived.p,
        expected=derived.expected if expected is None else expected,
        sd=derived.sd if sd is None else sd,
        rounded=float(rounded),
        p_dispute=derived.p_dispute if p_dispute is None else p_dispute,
        interval=_parse_interval(data.get("interval"), path, low, high),
        mass=values["mass"],
        ensemble_sd=values["ensemble_sd"],
        rule=rule,
    )


def _parse_chances(chances: Any, dimension: RubricDimension, path: str) -> list[float]:
    size = len(dimension.levels)
    if not isinstance(chances, list) or len(chances) != size:
        raise RecordError(f"{path}.p", f"must be a list of {size} chances, one for each level.")
    for chance in chances:
        if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
            raise RecordError(f"{path}.p", f"holds {quote_value(chance)}; a chance lies between 0 and 1.")
    if abs(sum(chances) - 1) > TOLERANCE * size:
        raise RecordError(f"{path}.p", f"adds up to {sum(chances):.4g}; chances add up to 1.")
    return chances


def _parse_interval(bounds: Any, path: str, low: float, high: float) -> tuple[float, float] | None:
    if bounds is None:
        return None
    are_numbers = isinstance(bounds, list) and all(
        isinstance(end, int | float) and type(end) is not bool for end in bounds
    )
    if not are_numbers or len(bounds) != 2 or not low - TOLERANCE <= bounds[0] <= bounds[1] <= high + TOLERANCE:
        raise RecordError(f"{path}.interval", f"must be [low, high] within {low:g} and {high:g}, or null.")
    return float(bounds[0]), float(bounds[1])


def _parse_number(data: Mapping[str, Any], name: str, path: str, low: float, high: float) -> float | None:
    value = data.get(name)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low - TOLERANCE <= value <= high + TOLERANCE:
        raise RecordError(f"{path}.{name}", f"is {quote_value(value)}; it lies between {low:g} and {high:g}.")
    return float(value)


def _parse_text(data: Mapping[str, Any], name: str, longest: int) -> str:
    value = data.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise RecordError(name, f"is {describe_type(value)}; write a text of at most {longest} characters.")
    return value
