"""The ensemble of a dimension: members trained on different questions.

Each member learns from some of the questions.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import skops.io

from judge.atomic_files import create_file_once
from judge.metrics.gaps import Floats

from .candidates import CANDIDATES, Model, Size, View
from .model_selection import Ints, fit_model, predict_outputs
from .targets import distributions, expected_value

# Members see so much of the questions, without seeing any twice: a model that is tested on its own training samples
# one by one, as ridge is, would be misled by copies.
QUESTION_SHARE = 0.8
# From the spread of members that leave out a share to that of ones that each drew anew (delete-d jackknife, Shao 1989).
JACKKNIFE_FACTOR = float(np.sqrt(QUESTION_SHARE / (1 - QUESTION_SHARE)))
# The one type in our files that skops does not know to be harmless: arrays of a tree, checked when it is loaded.
TRUSTED_TYPES = {"sklearn.tree._tree.Tree"}


class EnsemblePrediction(NamedTuple):
    """The distributions that an ensemble predicts, and the spread of its members."""

    chances: Floats
    spread: Floats
    """Standard deviation of the members' expected scores."""


@dataclass(frozen=True, slots=True)
class Ensemble:
    """The members of one dimension, and the weights of their kinds."""

    levels: tuple[float, ...]
    weights: Mapping[str, float]
    members: Sequence[Mapping[str, Model]]

    def predict(self, views: Mapping[View, Floats]) -> EnsemblePrediction:
        """Return the mixture's distributions, and how far its members differ."""
        # The libraries let go of the interpreter while they work.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            member_shares = list(pool.map(lambda member: self._predict_member(member, views), self.members))
        means = np.stack([expected_value(shares, self.levels) for shares in member_shares])
        return EnsemblePrediction(distributions(np.mean(member_shares, axis=0)), JACKKNIFE_FACTOR * means.std(axis=0))

    def _predict_member(self, member: Mapping[str, Model], views: Mapping[View, Floats]) -> Floats:
        outputs = len(self.levels) - 1
        mixture = np.zeros((len(views["features"]), outputs))
        for kind, weight in self.weights.items():
            mixture += weight * predict_outputs(member[kind], views[CANDIDATES[kind].view], outputs)
        return mixture


def member_rows(question: Ints, members: int, seed: int) -> list[Ints]:
    """Return the training rows of each member: those of random whole questions."""
    names, question_index = np.unique(question, return_inverse=True)
    rng = np.random.default_rng(seed)
    count = max(1, round(QUESTION_SHARE * len(names)))
    if len(names) < 2 or members < 2:
        return [np.arange(len(question))] * members
    return [np.flatnonzero(np.isin(question_index, rng.permutation(len(names))[:count])) for _ in range(members)]


def train_member(kind: str, views: Mapping[View, Floats], labels: Floats, size: Size, path: Path) -> None:
    """Train one model and write it to a file, unless it exists."""

    def make(temporary: Path) -> None:
        save_model(fit_model(CANDIDATES[kind].build(size), views[CANDIDATES[kind].view], labels), temporary)

    create_file_once(path, make)


def save_model(model: Model, path: Path) -> None:
    """Write a scikit-learn model without pickle."""
    skops.io.dump(model, path)


def load_model(path: Path) -> Model:
    """Return a scikit-learn model from its file.

    Raises:
        ValueError: the file holds something that no judge of ours would have written.
    """
    unknown = set(skops.io.get_untrusted_types(file=path)) - TRUSTED_TYPES
    if unknown:
        raise ValueError(f"{path} holds {', '.join(sorted(unknown))}, which no judge writes; it is not loaded.")
    return skops.io.load(path, trusted=sorted(TRUSTED_TYPES))
