"""Trains the mixture of every dimension, and skips the steps already done."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from judge import missing_side_rules
from judge.atomic_files import create_file_once, replace_file
from judge.formats.release_line import LabelledSample, question_key
from judge.formats.rubric import RubricDimension, RubricSpec
from judge.metrics.gaps import Floats
from judge.progress import ProgressReporter
from judge.runs import Run

from .candidates import MANY_SAMPLES, Size, View, available_kinds
from .encoded_views import fit_encoded_views
from .encoders.embeddings import EncodedSamples
from .ensemble import load_model, member_rows, save_model, train_member
from .feature_views import FeatureViews, fit_views, select_rows
from .model_selection import (
    MAX_COMPARED_SAMPLES,
    Comparison,
    Ints,
    compare_candidates,
    predict_out_of_fold,
    prediction_folds,
    sample_questions,
    split_folds,
)
from .options import EmbeddedOptions
from .targets import distributions, expected_value, rating_shares, shares_above_levels

OUT_OF_FOLD_STAGE = "foretold.json"
# With fewer there is nothing to compare; the mean of the others is said of each.
MIN_SAMPLES = 12
CURVE_SHARES = (0.125, 0.25, 0.5)
# A learning curve of fewer samples would be one point.
MIN_CURVE_SAMPLES = 60
# Where there is much to learn from, fewer trees say the same.
TREES_OF_MANY_SAMPLES = 100


@dataclass(slots=True)
class TrainingData:
    """Samples with labels, feature vectors and encoder vectors, row by row."""

    samples: list[LabelledSample]
    vectors: Floats
    options: EmbeddedOptions
    seed: int
    encoded: EncodedSamples | None = None


@dataclass(slots=True)
class _DimensionTask:
    """The labelled samples of one dimension and their targets."""

    dimension: RubricDimension
    chosen: Ints
    labels: Floats
    human: Floats
    question: Ints
    views: dict[View, Floats] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.dimension.key


class OutOfFoldShares(NamedTuple):
    """The mixture's out-of-fold predictions of samples."""

    rows: Ints
    shares_above: Floats


def train(run: Run, data: TrainingData, progress: ProgressReporter) -> dict[str, Any]:
    """Train the mixture of every dimension, and return its description."""
    run.model.mkdir(parents=True, exist_ok=True)
    views = _fit_and_store_views(run.model, data)
    view_values = views.transform(data.vectors, data.encoded)
    tasks = [_build_task(data, dimension, run.rubric) for dimension in run.rubric.dimensions]
    tasks = [task for task in tasks if len(task.chosen)]
    for task in tasks:
        task.views = select_rows(view_values, task.chosen)
    compared = _compare_models(run.stages, tasks, data, progress)
    comparisons = [comparison for comparison, _ in compared]
    clusters = views.assign_clusters(view_values).tolist()
    _write_out_of_fold(run.stages / OUT_OF_FOLD_STAGE, data, tasks, [shares for _, shares in compared], clusters)
    if data.options.learning_curve:
        _learning_curve(run, tasks, comparisons, data, progress)
    _train_members(run.model, tasks, comparisons, data, progress)
    return {
        "scaling": views.scaling.as_data(),
        "encoded": views.encoded.as_data() if views.encoded else None,
        "members": data.options.members,
        "dimensions": {
            task.key: asdict(comparison) | {"best": comparison.best, "labelled": len(task.chosen)}
            for task, comparison in zip(tasks, comparisons, strict=True)
        },
    }


def _fit_and_store_views(folder: Path, data: TrainingData) -> FeatureViews:
    fitted = fit_views(data.vectors, data.seed)
    create_file_once(folder / "nearness.skops", lambda path: save_model(fitted.nearness, path))
    create_file_once(folder / "clusters.skops", lambda path: save_model(fitted.clusters, path))
    encoded = None
    if data.encoded is not None:
        components = data.options.components
        encoded = fit_encoded_views(data.vectors, data.encoded, components, data.seed, folder)
    return FeatureViews(
        fitted.scaling, load_model(folder / "nearness.skops"), load_model(folder / "clusters.skops"), encoded
    )


def _build_task(data: TrainingData, dimension: RubricDimension, rubric: RubricSpec) -> _DimensionTask:
    chosen: list[int] = []
    shares: list[Floats] = []
    for row, labelled in enumerate(data.samples):
        if dimension.key in missing_side_rules.locked_keys(labelled.sample, rubric):
            continue
        sample_shares = rating_shares(labelled, dimension, final_only=data.options.labels == "final")
        if sample_shares is not None:
            chosen.append(row)
            shares.append(sample_shares)
    labels = shares_above_levels(np.stack(shares)) if shares else np.zeros((0, len(dimension.levels) - 1))
    question_keys = [question_key(data.samples[row]) for row in chosen]
    _, question = np.unique(question_keys, return_inverse=True) if question_keys else ([], np.zeros(0, dtype=np.int64))
    return _DimensionTask(
        dimension, np.array(chosen, dtype=np.int64), labels, expected_value(labels, dimension.values), question
    )


def _compare_models(
    stages: Path, tasks: list[_DimensionTask], data: TrainingData, progress: ProgressReporter
) -> list[tuple[Comparison, OutOfFoldShares]]:
    kinds = available_kinds(tasks[0].views) if tasks else []
    progress.step("Comparing models", len(tasks) * len(kinds) * data.options.folds)
    done = 0
    results: list[tuple[Comparison, OutOfFoldShares]] = []
    for task in tasks:
        compared = sample_questions(task.question, MAX_COMPARED_SAMPLES, data.seed)
        parts = prediction_folds(task.question, compared, data.options.folds, data.seed)
        if not parts:
            results.append((_constant_comparison(task), OutOfFoldShares(task.chosen[:0], task.labels[:0])))
            continue
        predictions: dict[str, Floats] = {}
        for kind in kinds if len(compared) >= MIN_SAMPLES else ["constant"]:
            path = stages / f"foretold-{task.key}-{kind}.npy"
            if path.exists():
                predictions[kind] = np.load(path)
            else:
                prediction = np.zeros_like(task.labels)
                for held_out, shares in predict_out_of_fold(kind, task.views, task.labels, parts, data.seed):
                    prediction[held_out] = shares
                    done += 1
                    progress.done(done)
                with replace_file(path) as beside, beside.open("wb") as file:
                    np.save(file, prediction)
                predictions[kind] = prediction
        compared_predictions = {kind: prediction[compared] for kind, prediction in predictions.items()}
        comparison = compare_candidates(compared_predictions, task.dimension.values, task.human[compared])
        progress.note(_learning_curve_text(task.key, comparison))
        mixed = sum((weight * predictions[kind] for kind, weight in comparison.weights.items()), start=0 * task.labels)
        results.append((comparison, OutOfFoldShares(task.chosen, mixed)))
    return results


def _write_out_of_fold(
    path: Path, data: TrainingData, tasks: list[_DimensionTask], all_shares: list[OutOfFoldShares], clusters: list[int]
) -> None:
    names = [labelled.sample.id for labelled in data.samples]
    by_dimension = {
        task.key: {
            "ids": [names[row] for row in shares.rows.tolist()],
            "p": distributions(shares.shares_above).tolist(),
        }
        for task, shares in zip(tasks, all_shares, strict=True)
    }
    with replace_file(path) as temporary:
        # Not for people's eyes, and may be large.
        temporary.write_text(
            json.dumps({"clusters": dict(zip(names, clusters, strict=True)), "dimensions": by_dimension})
        )


def _constant_comparison(task: _DimensionTask) -> Comparison:
    error = float(task.human.std())
    return Comparison({"constant": error}, {"constant": 1.0}, error, len(task.human))


def _learning_curve_text(key: str, comparison: Comparison) -> str:
    errors = ", ".join(f"{kind} {error:.3f}" for kind, error in comparison.rmse.items())
    return f"{key}: RMSE on unseen questions {errors}; mixed {comparison.mixed:.3f}"


def _learning_curve(
    run: Run, tasks: list[_DimensionTask], comparisons: list[Comparison], data: TrainingData, progress: ProgressReporter
) -> None:
    """Record the error on unseen questions by number of training samples.

    It is that of the best kind of model.
    """
    stored_curves = run.curve()
    progress.step("Drawing learning curves", len(tasks) * len(CURVE_SHARES) * data.options.folds)
    done = 0
    for task, comparison in zip(tasks, comparisons, strict=True):
        compared = sample_questions(task.question, MAX_COMPARED_SAMPLES, data.seed)
        if len(compared) < MIN_CURVE_SAMPLES or comparison.best == "constant":
            continue
        question = task.question[compared]
        views, labels, human = select_rows(task.views, compared), task.labels[compared], task.human[compared]
        parts = split_folds(question, data.options.folds, data.seed)
        series = f"RMSE {task.key}"
        points = dict(stored_curves.get(series, []))
        for share in CURVE_SHARES:
            size = round(share * np.mean([len(train) for train, _ in parts]))
            done += len(parts)
            if size in points:
                continue
            smaller_parts = [(train[sample_questions(question[train], size, data.seed)], test) for train, test in parts]
            shares_above = np.zeros_like(labels)
            for held_out, predicted in predict_out_of_fold(comparison.best, views, labels, smaller_parts, data.seed):
                shares_above[held_out] = predicted
            error = float(np.sqrt(((expected_value(shares_above, task.dimension.values) - human) ** 2).mean()))
            _add_curve_point(run, progress, series, size, error)
            progress.done(done)
        full = round(float(np.mean([len(train) for train, _ in parts])))
        if full not in points:
            _add_curve_point(run, progress, series, full, comparison.rmse[comparison.best])


def _add_curve_point(run: Run, progress: ProgressReporter, series: str, x: float, y: float) -> None:
    run.add_to_curve(series, x, y)
    progress.curve(series, x, y)


def _train_members(
    folder: Path,
    tasks: list[_DimensionTask],
    comparisons: list[Comparison],
    data: TrainingData,
    progress: ProgressReporter,
) -> None:
    options = data.options
    total = sum(len(comparison.weights) for comparison in comparisons) * options.members
    progress.step("Training members", total)
    done = 0
    for task, comparison in zip(tasks, comparisons, strict=True):
        trees = options.trees if len(task.chosen) < MANY_SAMPLES else min(options.trees, TREES_OF_MANY_SAMPLES)
        for member, chosen in enumerate(member_rows(task.question, options.members, data.seed)):
            views: Mapping[View, Floats] = select_rows(task.views, chosen)
            size = Size(len(chosen), max(1, trees // options.members), data.seed + member)
            for kind in comparison.weights:
                path = folder / f"{task.key}-{kind}-{member}.skops"
                train_member(kind, views, task.labels[chosen], size, path)
                done += 1
                progress.done(done)
