"""Learns again from labels as they arrive: ``python -m judge relearn``.

A replay of a study uses it.

Samples are measured once. Then each line of standard input names a dimension and what is known of it, and each line of
standard output says what is expected of every sample, by models that had not seen its question::

    {"samples": 400, "clusters": 12}                                               once, when it is ready
    {"dimension": "TCC", "known": {"sample": [0, 0, 1, 2, 0, 0]}}                  ratings per level
    {"dimension": "TCC", "samples": 40, "predictions": {"sample": {"p": [...], "expected": 3.1, "ensemble_sd": 0.4,
     "p_dispute": 0.2, "cluster": 3}}}                                             or {"error": "..."}

Nothing is kept. The models are the forests of the backend ``embedded``: small ones, which learn in a second or so.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .backends.embedded.candidates import CANDIDATES, Model, Size
from .backends.embedded.feature_views import fit_views
from .backends.embedded.model_selection import fit_model, split_folds
from .backends.embedded.targets import distributions, expected_value, shares_above_levels
from .context import JudgeContext
from .features.extractor import open_feature_extractor
from .formats.prediction_line import DISPUTE_DISTANCE
from .formats.release_line import question_of_record
from .formats.rubric import RubricDimension, RubricSpec
from .formats.sample_line import SampleRecord
from .metrics.dispute import dispute_probability
from .metrics.gaps import Floats
from .missing_side_rules import asked_keys

TREES = 40
FOLDS = 4
# With fewer there is nothing to learn.
FEWEST = 8
DIGITS = 6

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class IncrementalSession:
    """Measured samples that models learn from again and again."""

    rubric: RubricSpec
    samples: Sequence[SampleRecord]
    question_index: Ints
    features: Floats
    cluster: Ints
    seed: int

    def answer_request(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Learn from a request's labels, and return predictions of all samples.

        Raises:
            ValueError: the request names no dimension, or labels that cannot be.
        """
        dimension = next(
            (candidate for candidate in self.rubric.dimensions if candidate.key == request.get("dimension")), None
        )
        if dimension is None:
            raise ValueError(f"{request.get('dimension')!r} is no dimension of the rubric.")
        rows, labels = self._parse_labels(request.get("known"), dimension)
        answer = {"dimension": dimension.key, "samples": len(rows)}
        parts = split_folds(self.question_index[rows], FOLDS, self.seed) if len(rows) >= FEWEST else []
        if not parts:
            return answer | {"predictions": {}}
        shares, spread = self._predict_out_of_fold(rows, labels, parts, dimension)
        return answer | {"predictions": self._format_predictions(shares, spread, dimension)}

    def _parse_labels(self, entries: Any, dimension: RubricDimension) -> tuple[Ints, Floats]:
        if not isinstance(entries, dict):
            raise ValueError("known must be an object from sample to its ratings per level.")
        row_of = {sample.id: number for number, sample in enumerate(self.samples)}
        rows, shares = [], []
        for name, counts in entries.items():
            ratings = np.asarray(counts, dtype=np.float64)
            if ratings.shape != (len(dimension.levels),) or not (ratings >= 0).all() or not ratings.sum() > 0:
                raise ValueError(f"known.{name} must be {len(dimension.levels)} counts, not all of them 0.")
            # One that could not be measured, as its picture is gone, is left alone.
            if name in row_of:
                rows.append(row_of[name])
                shares.append(ratings / ratings.sum())
        if not rows:
            return np.zeros(0, dtype=np.int64), np.zeros((0, len(dimension.levels) - 1))
        return np.array(rows, dtype=np.int64), shares_above_levels(np.stack(shares))

    def _predict_out_of_fold(
        self, rows: Ints, labels: Floats, parts: Sequence[tuple[Ints, Ints]], dimension: RubricDimension
    ) -> tuple[Floats, Floats]:
        """Return out-of-fold shares above the levels, and the spread of trees.

        A question with labels is left to the model that learned from the others; of all other questions, every model
        speaks.
        """
        count = len(self.samples)
        total = np.zeros((count, labels.shape[1]))
        means, squares, trees = np.zeros(count), np.zeros(count), np.zeros(count)
        labelled = np.unique(self.question_index[rows])
        for train, held_out in parts:
            is_unseen = np.isin(self.question_index, self.question_index[rows[held_out]]) | ~np.isin(
                self.question_index, labelled
            )
            unseen_rows = np.flatnonzero(is_unseen)
            model = fit_model(
                CANDIDATES["trees"].build(Size(len(train), TREES, self.seed)), self.features[rows[train]], labels[train]
            )
            for tree_shares in _predict_trees(model, self.features[unseen_rows], labels.shape[1]):
                mean = expected_value(tree_shares, dimension.values)
                total[unseen_rows] += tree_shares
                means[unseen_rows] += mean
                squares[unseen_rows] += mean**2
                trees[unseen_rows] += 1
        variance = squares / trees - (means / trees) ** 2
        return total / trees[:, None], np.sqrt(np.maximum(variance, 0))

    def _format_predictions(self, shares: Floats, spread: Floats, dimension: RubricDimension) -> dict[str, Any]:
        chances = np.abs(distributions(shares))
        levels = np.asarray(dimension.values)
        means, disputes = chances @ levels, dispute_probability(chances, levels, DISPUTE_DISTANCE)
        return {
            sample.id: {
                "p": [round(chance, DIGITS) for chance in p],
                "expected": round(mean, DIGITS),
                "ensemble_sd": round(sd, DIGITS),
                "p_dispute": round(dispute, DIGITS),
                "cluster": cluster,
            }
            for sample, p, mean, sd, dispute, cluster in zip(
                self.samples,
                chances.tolist(),
                means.tolist(),
                spread.tolist(),
                disputes.tolist(),
                self.cluster.tolist(),
                strict=True,
            )
            if dimension.key in asked_keys(sample, self.rubric)
        }


def start_session(
    samples: Iterable[SampleRecord], rubric: RubricSpec, context: JudgeContext, seed: int
) -> IncrementalSession:
    """Return a session of measured samples.

    Samples that cannot be measured are reported and left out.

    Raises:
        RuntimeError: none could be measured.
    """
    records = list(samples)
    progress = context.progress
    progress.step("Measuring samples", len(records))
    usable: list[SampleRecord] = []
    vectors: list[Floats] = []
    with open_feature_extractor(context) as extractor:
        for number, (sample, features) in enumerate(zip(records, extractor.extract(records), strict=True), 1):
            if features.vector is None:
                progress.note(f"{sample.id} is left out: {features.problem}")
            else:
                usable.append(sample)
                vectors.append(features.vector)
            progress.done(number)
    if not usable:
        raise RuntimeError("No sample could be measured; look at the notes above, and whether pictures are there.")
    views = fit_views(np.stack(vectors), seed)
    view_values = views.transform(np.stack(vectors))
    _, question_index = np.unique([question_of_record(sample) for sample in usable], return_inverse=True)
    return IncrementalSession(
        rubric,
        usable,
        question_index.astype(np.int64),
        view_values["features"],
        views.assign_clusters(view_values),
        seed,
    )


def answer_lines(lines: Iterable[str], session: IncrementalSession) -> Iterator[str]:
    """Yield a ready line, then an answer to each request line.

    A request that cannot be answered gets an error.
    """
    yield json.dumps({"samples": len(session.samples), "clusters": len(np.unique(session.cluster))})
    for line in lines:
        if not line.strip():
            continue
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("A request is an object with dimension and known.")
            answer = session.answer_request(request)
        except (ValueError, TypeError) as error:
            answer = {"error": str(error)}
        yield json.dumps(answer, ensure_ascii=False)


def _predict_trees(model: Model, features: Floats, outputs: int) -> Iterator[Floats]:
    narrow = np.ascontiguousarray(features, dtype=np.float32)
    for tree in model.estimators_:
        yield tree.tree_.predict(narrow).reshape(-1, outputs)
