"""PURE. Each annotator's answers to suggestions, and which look like rubber stamping.

Somebody who accepts nearly everything may simply agree with the judge. So a rubber stamp is only called what is all of
this: many values, nearly none of them changed, far more of them than the judge meets blind, and fast beside their own
blind work. It is a reason to ask, not a verdict.
"""

from typing import Any

import pandas as pd
from scipy.stats import binom

from .judge_influence import ARMS, BLIND_ARM, InfluenceData, equal_levels, share_of_true
from .mean_intervals import median_of_known

FEWEST_VALUES = 20
NEARLY_ALL = 0.95
BY_CHANCE = 0.01
FAST = 0.5
# Fewer own blind values, or blind times, say less about somebody than everybody's do.
FEWEST_BLIND_VALUES = 20
FEWEST_BLIND_TIMES = 5


def annotator_rows(data: InfluenceData) -> list[dict[str, Any]]:
    """Return a row per arm and annotator, by annotator's number, beside their blind scores.

    ``coincidence`` is how often their own blind values are what the judge would have shown; of somebody with too few of
    them it is everybody's, on the dimensions that they were shown. ``blind_seconds`` likewise.
    """
    blind = data.comparable
    blind = blind.assign(coincides=equal_levels(blind["value"], blind["shown"]))
    of_dimension = blind.groupby("dimension")["coincides"].mean()
    of_annotator = blind.groupby("annotator")["coincides"].agg(["size", "mean"])
    of_annotator = of_annotator.loc[of_annotator["size"] >= FEWEST_BLIND_VALUES, "mean"]
    seconds = data.times.groupby(["arm", "annotator"])["seconds"].agg(["count", "median"])
    blind_seconds = median_of_known(data.times.loc[data.times["arm"] == BLIND_ARM, "seconds"])
    own_seconds = seconds.loc[seconds["count"] > 0, "median"].to_dict()
    blind_times = seconds["count"].to_dict()
    rows = []
    for (position, annotator), values in data.suggested.groupby(["arm", "annotator"]):
        accepted = equal_levels(values["final"], values["shown"])
        enough_values = annotator in of_annotator.index
        coincidence = of_annotator[annotator] if enough_values else values["dimension"].map(of_dimension).mean()
        enough_times = blind_times.get((BLIND_ARM, annotator), 0) >= FEWEST_BLIND_TIMES
        row = {
            "annotator": annotator,
            "arm": ARMS[position],
            "values": len(values),
            "samples": values["sample"].nunique(),
            "changed": int((~accepted).sum()),
            "acceptance": share_of_true(accepted),
            "coincidence": None if pd.isna(coincidence) else float(coincidence),
            "coincidence_of_all": not enough_values,
            "seconds": own_seconds.get((position, annotator)),
            "blind_seconds": own_seconds[BLIND_ARM, annotator] if enough_times else blind_seconds,
            "blind_seconds_of_all": not enough_times,
        }
        rows.append(row | {"rubber_stamp": row["arm"] == "prefilled" and is_rubber_stamp(row)})
    return rows


def is_rubber_stamp(row: dict[str, Any]) -> bool:
    """Whether an annotator's prefilled answers look unread."""
    values, coincidence = row["values"], row["coincidence"]
    seconds, usual = row["seconds"], row["blind_seconds"]
    if values < FEWEST_VALUES or row["acceptance"] < NEARLY_ALL:
        return False
    if coincidence is None or seconds is None or usual is None:
        return False
    # The probability of at least as many kept values by coincidence alone.
    by_coincidence = float(binom.sf(values - row["changed"] - 1, values, coincidence))
    return bool(seconds < FAST * usual and by_coincidence < BY_CHANCE)
