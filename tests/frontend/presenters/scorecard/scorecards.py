"""Scorecards for tests: one measured by the judge's own code, and made-up ones."""

import random
import xml.etree.ElementTree as ET

import numpy as np

from judge.evaluation.scorecard import EvaluationData, build_scorecard
from judge.evaluation.worst_misses import compute_surprise
from judge.formats.prediction_line import SamplePrediction, predictions_from_distributions
from judge.formats.rubric import rubric_from_data
from tests.judge.labelled_samples import RUBRIC, labelled


def measured(target="final", *, questions=40, generators=True):
    """Return the measured scorecard of a roughly right judge on two generators."""
    chance = random.Random(3)
    parts = {"train": [], "test": []}
    said = []
    for question in range(questions):
        part = "test" if question % 2 else "train"
        for generator, level in (("heron", 3), ("wren", 2)):
            ratings = [min(5, max(0, level + chance.choice((-1, 0, 0, 2)))) for _ in range(3)]
            name = f"{question}-{generator}"
            text = None if question == 1 else "So."
            shown = generator if generators else ""
            parts[part].append(labelled(name, ratings, part=part, question=f"q{question}", generator=shown, text=text))
            if part == "test":
                said.append(_prediction(name, chance.choice((1, 2, 3, 4))))
    return build_scorecard(EvaluationData(RUBRIC, parts["train"], parts["test"]), said, target)


def _prediction(name, level):
    p = [0.1] * 6
    p[level] = 0.5
    dimensions = {
        one.key: predictions_from_distributions(np.array([p]), one, intervals=[(level - 1.0, level + 1.0)])[0]
        for one in RUBRIC.dimensions
    }
    return SamplePrediction(name, "j1", "sha", "ok", "test", dimensions=dimensions)


def nothing(levels=(0, 1, 2, 3, 4, 5)):
    """Return the scorecard of a judge that has judged nothing."""
    dimension = {"key": "X", "name": "Anything", "needs": ["text"], "levels": list(levels)}
    rubric = rubric_from_data({"key": "r", "title": "R", "dimensions": [dimension]})
    return build_scorecard(EvaluationData(rubric, [], []), [], "final")


def card(*dimensions, target="final", **more):
    """Return a scorecard of dimensions as ``dimension`` makes them."""
    return {
        "version": 1,
        "target": target,
        "samples": 640,
        "questions": 512,
        "statuses": {"ok": 637, "rule": 3},
        "not_blind": 0,
        "foreign": 0,
        "dimensions": list(dimensions),
    } | more


def dimension(key, rmse=0.8, interval=(0.7, 0.9), *, ceiling=0.6, levels=(0, 1, 2, 3, 4, 5), worst=(), **baselines):
    """Return one dimension's figures; a baseline's RMSE is given by its name."""
    asked = {
        "samples": 100,
        "rmse": rmse,
        "rmse_interval": list(interval) if interval else None,
        "rmse_rounded": rmse,
        "a1": 0.9,
        "a1_interval": [0.85, 0.95] if interval else None,
        "kappa": None,
        "srcc": None,
        "plcc": None,
        "krcc": None,
        "gaps": {"0": 0.6, "1": 0.3, "2": 0.1},
        "human": None,
        "judge": None,
    }
    return {
        "key": key,
        "name": f"The {key}",
        "levels": list(levels),
        "asked": asked,
        "with_rules": asked,
        "by_rule": 0,
        "generators": [],
        "baselines": [
            {"baseline": name, "samples": 100, "rmse": value, "a1": 0.8} for name, value in baselines.items()
        ],
        "ceiling": None if ceiling is None else {"rmse": ceiling, "within_one": 0.95, "ratings": 200},
        "sureness": {"samples": 0, "coverage": None, "width": None, "groups": []},
        "dispute": {"samples": 0, "share": None, "auroc": None, "brier": None, "groups": []},
        "worst": list(worst),
    }


def miss(name, human, expected, sd=0.5, interval=None, levels=(0, 1, 2, 3, 4, 5)):
    return {
        "id": name,
        "human": human,
        "expected": expected,
        "rounded": round(expected),
        "sd": sd,
        "surprise": float(compute_surprise(np.array([expected - human]), np.array([sd]), levels)[0]),
        "interval": interval,
    }


def parsed(drawing):
    """Return a drawing as XML; one that is not well-formed fails here."""
    return ET.fromstring(str(drawing))  # noqa: S314 - our own


def share(place):
    """Return a place across in per cent as a number."""
    assert place.endswith("%"), place
    return float(place[:-1])
