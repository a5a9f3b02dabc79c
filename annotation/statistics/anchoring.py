"""PURE. Anchoring: levels moved towards a judge's value per level apart, from 0 to 1.

*Delayed.* The own value was locked before the judge's was shown, so what each would have said is known: the pull is the
slope through the origin of (final - own first) on (shown - own first), and nothing has to be corrected.

*Prefilled.* What somebody would have said by themselves is not known; the mean of the blind values that others gave
the same sample stands in for it. Be u the unknown own value, m the one shown and b the mean of n blind values of the
sample. The pull p moves the own value: h = u + p (m - u). With x = m - b and y = h - b that is
y = p x + (1 - p) (u - b). The noise of b stands on both sides, so the plain slope of y on x is above zero without any
pull:

    cov(x, y) = p var(x) + (1 - p) cov(m - b, u - b)

Where the judge errs independently of who scores, and who scores a sample blind and who with the judge is drawn by
chance, cov(m - b, u - b) = var(b) - cov(u, b) = v, with v = s² / n and s² half the mean squared difference of two blind
values of one sample. Pairs, as two values also differ by the severity of who gave them, and of few annotators the one
in the blind slot is never the other one: half the squared difference of a pair has just the covariance of u and b taken
off. So

    p = (cov(x, y) - mean v) / (var(x) - mean v)

The denominator is how far the judge lies from people beyond their own noise. Where that is nothing, a pull cannot be
told from agreement, and there is no figure.

Intervals draw questions, with everything that belongs to them: 95 %, percentiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from judge.metrics import resampling

from . import undefined_reasons as undefined

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Arm = Literal["delayed", "prefilled"]

FEWEST_SAMPLES = 10
# An interval that reaches further, in levels per level, says nothing.
FURTHEST = 5.0
# How far the judge has to be off beyond the noise of people, as a share of how far it is off at all.
NEARLY_NOTHING = 0.02
_NEARLY = 1e-9
_UNBOUNDED = 1e9


@dataclass(frozen=True, slots=True)
class AnchoringEffect:
    """The anchoring of one arm on one dimension, or on all together."""

    value: float | None
    interval: resampling.ConfidenceInterval | None
    slope: float | None
    """In the prefilled arm the plain one, which noise alone lifts above zero."""
    values: int
    """Suggested values that it rests on."""
    samples: int
    undefined: str | None


@dataclass(frozen=True, slots=True)
class AnchoringTerms:
    """The sums that anchoring on one dimension is computed from, a row per suggestion or sample."""

    arm: Arm
    sums: Floats
    question: Ints
    suggested: int
    values: int
    """Of those that were suggested, the ones with something to be held against."""
    samples: int
    questions: int
    """Of the suggested values."""
    pairs: int
    """In the prefilled arm: blind values beyond the first of their sample, which the noise is known from."""


class _Moments(NamedTuple):
    """Numerators and denominators of anchoring and of the plain slope, one per draw."""

    above: Floats
    below: Floats
    plain_above: Floats
    plain_below: Floats


def prefilled_terms(
    sample: Ints, shown: Floats, final: Floats, blind_sample: Ints, blind: Floats, question_of: Ints
) -> AnchoringTerms:
    """Return the sums for anchoring by prefilled values on one dimension.

    ``sample``, ``shown`` and ``final`` are parallel, as are ``blind_sample`` and ``blind``; ``question_of`` is by the
    number of the sample. Suggested values of samples that nobody has scored blind are left out.
    """
    size = len(question_of)
    n = np.bincount(blind_sample, minlength=size)
    mean = np.bincount(blind_sample, blind, size) / np.maximum(n, 1)
    there = n[sample] > 0
    at = sample[there]
    x, y = shown[there] - mean[at], final[there] - mean[at]
    several = np.flatnonzero(n >= 2)
    squares = np.bincount(blind_sample, (blind - mean[blind_sample]) ** 2, size)[several]
    sums = np.zeros((len(at) + len(several), 8))
    sums[: len(at), :6] = np.stack([np.ones(len(at)), x, y, x * y, x * x, 1 / np.maximum(n[at], 1)], axis=1)
    sums[len(at) :, 6], sums[len(at) :, 7] = squares, n[several] - 1
    question = question_of[at]
    return AnchoringTerms(
        "prefilled",
        sums,
        np.concatenate([question, question_of[several]]),
        suggested=len(sample),
        values=len(at),
        samples=len(np.unique(at)),
        questions=len(np.unique(question)),
        pairs=int((n[several] - 1).sum()),
    )


def delayed_terms(sample: Ints, shown: Floats, first: Floats, final: Floats, question_of: Ints) -> AnchoringTerms:
    """Return the sums for anchoring by values shown after the own one is locked."""
    x, y = shown - first, final - first
    question = question_of[sample]
    return AnchoringTerms(
        "delayed",
        np.stack([x * y, x * x], axis=1),
        question,
        suggested=len(sample),
        values=len(sample),
        samples=len(np.unique(sample)),
        questions=len(np.unique(question)),
        pairs=0,
    )


def estimate_anchoring(terms: Sequence[AnchoringTerms], *, draws: int = resampling.DRAWS) -> list[AnchoringEffect]:
    """Return the anchoring per arm and dimension, then over all dimensions of the arm.

    All come from the same draws of questions. Over all dimensions each weighs as much as its judge's values vary.
    """
    if not terms:
        return []
    questions, place = np.unique(np.concatenate([one.question for one in terms]), return_inverse=True)
    sums: list[npt.NDArray[Any]] = []
    start = 0
    for one in terms:
        rows = place[start : start + len(one.question)]
        sums += [np.bincount(rows, column, len(questions)) for column in one.sums.T]
        start += len(one.question)
    per_question = np.stack(sums, axis=1)
    drawn = resampling.draw_sums(per_question, draws=draws)
    found: list[AnchoringEffect] = []
    column = 0
    for _arm, group in groupby(terms, key=lambda one: one.arm):
        of = []
        for one in group:
            columns = slice(column, column + one.sums.shape[1])
            column = columns.stop
            whole = _sum_moments(one.arm, per_question[:, columns].sum(axis=0, keepdims=True))
            of.append((one, whole, None if drawn is None else _sum_moments(one.arm, drawn[:, columns])))
        found += [_estimate_effect([one]) for one in of]
        found.append(_estimate_effect(of))
    return found


def _sum_moments(arm: Arm, sums: Floats) -> _Moments:
    if arm == "delayed":
        xy, xx = sums.T
        return _Moments(xy, xx, xy, xx)
    n, x, y, xy, xx, parts, squares, freedom = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        covariance, variance = xy - x * y / n, xx - x * x / n
        noise = parts * squares / freedom
    return _Moments(covariance - noise, variance - noise, covariance, variance)


def _estimate_effect(of: Sequence[tuple[AnchoringTerms, _Moments, _Moments | None]]) -> AnchoringEffect:
    """Return the anchoring over the given dimensions together."""
    reason = _why_not([terms for terms, _, _ in of])
    of = [one for one in of if one[0].values]
    if not of:
        return AnchoringEffect(None, None, None, 0, 0, reason)
    values, samples = sum(terms.values for terms, _, _ in of), max(terms.samples for terms, _, _ in of)
    known = _add_moments([moments for _, moments, _ in of])
    slope = _slopes(known.plain_above, known.plain_below)[0]
    plain = None if np.isnan(slope) else float(slope)
    if reason is None and not known.below[0] > NEARLY_NOTHING * known.plain_below[0]:
        reason = undefined.NEVER_APART if of[0][0].arm == "delayed" else undefined.WITHIN_NOISE
    if reason is not None:
        return AnchoringEffect(None, None, plain, values, samples, reason)
    drawn = _add_moments([moments for _, _, moments in of if moments is not None])
    interval = resampling.percentile_interval(_slopes(drawn.above, drawn.below))
    if interval is None or interval.low < -FURTHEST or interval.high > FURTHEST:
        return AnchoringEffect(None, None, plain, values, samples, undefined.WITHIN_NOISE)
    return AnchoringEffect(float(known.above[0] / known.below[0]), interval, plain, values, samples, None)


def _why_not(terms: Sequence[AnchoringTerms]) -> str | None:
    if not any(one.suggested for one in terms):
        return undefined.NOTHING_SUGGESTED
    samples = max(one.samples for one in terms)
    if not samples:
        return undefined.NO_BLIND_BESIDE
    if samples < FEWEST_SAMPLES or max(one.questions for one in terms) < resampling.FEWEST_QUESTIONS:
        return undefined.FEW_SUGGESTED
    if terms[0].arm == "prefilled" and max(one.pairs for one in terms) < FEWEST_SAMPLES:
        return undefined.NO_NOISE
    return None


def _add_moments(moments: Sequence[_Moments]) -> _Moments:
    above, below, plain_above, plain_below = (sum(parts) for parts in zip(*moments, strict=True))
    return _Moments(above, below, plain_above, plain_below)


def _slopes(above: Floats, below: Floats) -> Floats:
    """Return the slope of each draw; it is unbounded where the judge differs by no more than noise."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio: Floats = np.where(below > _NEARLY, above / below, np.copysign(_UNBOUNDED, above))
    return np.where(np.isnan(below), np.nan, ratio)
