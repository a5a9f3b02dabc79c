"""PURE. Each annotator's answers to suggestions, and which look like rubber stamping.

Somebody who accepts nearly everything may simply agree with the judge. So a rubber stamp is only called what is all of
this: many values, nearly none of them changed, far more of them than the judge meets blind, and fast beside their own
blind work. It is a reason to ask, not a verdict.
"""

import math
from typing import Any

import numpy as np

from .judge_influence import ARMS, InfluenceData, equal_levels, known_median, share_of_true

FEWEST_VALUES = 20
NEARLY_ALL = 0.95
BY_CHANCE = 0.01
FAST = 0.5
# Fewer own blind values, or blind times, say less about somebody than everybody's do.
FEWEST_BLIND_VALUES = 20
FEWEST_BLIND_TIMES = 5


def annotator_rows(data: InfluenceData) -> list[dict[str, Any]]:
    """Return a row per annotator and arm, by annotator's number, beside their blind scores.

    ``coincidence`` is how often their own blind values are what the judge would have shown; of somebody with too few of
    them it is everybody's, on the dimensions that they were shown. ``blind_seconds`` likewise.
    """
    known = data.blind.only(~np.isnan(data.blind.shown))
    hit = equal_levels(known.value, known.shown)
    size = len(data.dimensions)
    total = np.bincount(known.dimension, minlength=size)
    usual = np.bincount(known.dimension, hit, size) / np.maximum(total, 1)
    found = []
    for position, arm in enumerate(ARMS):
        for who in np.unique(data.suggested.annotator[data.suggested.arm == position]).tolist():
            own = data.suggested.only((data.suggested.arm == position) & (data.suggested.annotator == who))
            mine = hit[known.annotator == who]
            theirs = own.dimension[total[own.dimension] > 0]
            coincidence = share_of_true(mine) if len(mine) >= FEWEST_BLIND_VALUES else None
            of_all = coincidence is None
            if of_all and len(theirs):
                coincidence = float(usual[theirs].mean())
            accepted = equal_levels(own.final, own.shown)
            times = data.times.annotator == who
            blind_times = data.times.seconds[times & (data.times.arm == -1)]
            alone = int((~np.isnan(blind_times)).sum()) < FEWEST_BLIND_TIMES
            row = {
                "annotator": who,
                "arm": arm,
                "values": len(own.final),
                "samples": len(np.unique(own.sample)),
                "changed": int((~accepted).sum()),
                "acceptance": share_of_true(accepted),
                "coincidence": coincidence,
                "coincidence_of_all": of_all,
                "seconds": known_median(data.times.seconds[times & (data.times.arm == position)]),
                "blind_seconds": known_median(data.times.seconds[data.times.arm == -1] if alone else blind_times),
                "blind_seconds_of_all": alone,
            }
            found.append(row | {"rubber_stamp": arm == "prefilled" and is_rubber_stamp(row)})
    return found


def is_rubber_stamp(row: dict[str, Any]) -> bool:
    """Whether an annotator's prefilled answers look unread."""
    values, coincidence = row["values"], row["coincidence"]
    seconds, usual = row["seconds"], row["blind_seconds"]
    if values < FEWEST_VALUES or row["acceptance"] < NEARLY_ALL:
        return False
    if coincidence is None or seconds is None or usual is None:
        return False
    return bool(seconds < FAST * usual and binomial_tail(values - row["changed"], values, coincidence) < BY_CHANCE)


def binomial_tail(hits: int, tries: int, chance: float) -> float:
    """Return the binomial probability of ``hits`` or more in ``tries``."""
    if hits <= 0:
        return 1.0
    if hits > tries or chance <= 0:
        return 0.0
    if chance >= 1:
        return 1.0
    whole, yes, no = math.lgamma(tries + 1), math.log(chance), math.log1p(-chance)
    return min(
        1.0,
        math.fsum(
            math.exp(whole - math.lgamma(k + 1) - math.lgamma(tries - k + 1) + k * yes + (tries - k) * no)
            for k in range(hits, tries + 1)
        ),
    )
