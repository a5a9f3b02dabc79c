"""A study of made-up annotators as columns: who met a judge on what, and what they made of it."""

import random
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from annotation.simulation.synthetic_annotators import Arm, SyntheticAnnotator, Values, score_sample
from annotation.statistics.judge_influence import ARMS, InfluenceData

LEVELS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
DIMENSIONS = ("TCC", "ICC", "IQ", "ITS")


def annotators(count: int, *, pull: float, seed: int = 1) -> list[SyntheticAnnotator]:
    """Return people of different severity who are all pulled alike."""
    chance = random.Random(seed)
    return [
        SyntheticAnnotator(f"person {number}", severity=chance.gauss(0, 0.5), anchoring=pull) for number in range(count)
    ]


def judged(
    truth: Values, levels: Mapping[str, Sequence[float]], *, sample: str, seed: int, bias: float
) -> dict[str, float]:
    """Return what a made-up judge, generous by ``bias`` levels, shows for a sample: it errs as a person does."""
    judge = SyntheticAnnotator("a judge", severity=-bias, noise=0.8)
    return score_sample(judge, truth, levels, sample=sample, seed=seed).values


def met(
    people: Sequence[SyntheticAnnotator],
    *,
    samples: int = 200,
    k: int = 3,
    suggestions: str = "prefilled",
    blind_share: float = 0.3,
    levels: Sequence[float] = LEVELS,
    dimensions: Sequence[str] = DIMENSIONS,
    seed: int = 1,
) -> InfluenceData:
    """Let people score samples, three of one question: some wholly blind, the others with one of ``k`` slots blind.

    The judge is a third of a level too generous and errs by eight tenths of one.
    """
    chance = random.Random(seed)
    scale = dict.fromkeys(dimensions, levels)
    low, high = levels[0], levels[-1]
    suggested: list[tuple[float, ...]] = []
    blind: list[tuple[float, ...]] = []
    times: list[tuple[float, ...]] = []
    for sample in range(samples):
        name = f"sample {sample}"
        truth = {key: low + (high - low) * chance.uniform(0.1, 0.9) for key in dimensions}
        shown = judged(truth, scale, sample=name, seed=seed, bias=0.3)
        mixed = chance.random() >= blind_share
        way: Arm = "prefilled" if suggestions == "prefilled" or (suggestions == "both" and sample % 2) else "delayed"
        for place, who in enumerate(chance.sample(range(len(people)), k)):
            arm: Arm = way if mixed and place else "blind"
            said = score_sample(
                people[who], truth, scale, sample=name, seed=seed, arm=arm, shown=None if arm == "blind" else shown
            )
            number = -1 if arm == "blind" else ARMS.index(arm)
            times.append((who, number, said.seconds + (said.revision_seconds or 0)))
            for at, key in enumerate(dimensions):
                if arm == "blind":
                    blind.append((sample, who, at, said.values[key], shown[key], shown[key], mixed))
                else:
                    row = (sample, who, at, number, shown[key], shown[key], said.values[key], said.final[key])
                    suggested.append(row)
    return columns(
        suggested, blind, times, question_of=[sample // 3 for sample in range(samples)], dimensions=dimensions
    )


def columns(
    suggested: Sequence[tuple[float, ...]],
    blind: Sequence[tuple[float, ...]],
    times: Sequence[tuple[float, ...]],
    *,
    question_of: Sequence[int],
    dimensions: Sequence[str] = DIMENSIONS,
    unanswered: Sequence[int] = (0, 0),
) -> InfluenceData:
    """Return rows as the columns that figures take; each row has its values in the order of the columns."""
    numbers = ["sample", "annotator", "dimension", "arm"]
    return InfluenceData(
        dimensions=dimensions,
        question_of=np.array(question_of, dtype=np.int64),
        suggested=_table(suggested, [*numbers, "shown", "expected", "first", "final"]),
        blind=_table(blind, [*numbers[:3], "value", "shown", "expected", "beside"]).astype({"beside": bool}),
        times=_table(times, ["annotator", "arm", "seconds"]),
        unanswered=unanswered,
    )


def _table(rows: Sequence[tuple[float, ...]], columns: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns, dtype=float)
    return table.astype({name: int for name in ("sample", "annotator", "dimension", "arm") if name in columns})
