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
    of_all = views.transform(data.vectors, data.encoded)
    tasks = [_build_task(data, dimension, run.rubric) for dimension in run.rubric.dimensions]
    tasks = [task for task in tasks if len(task.chosen)]
    for task in tasks:
        task.views = select_rows(of_all, task.chosen)
    compared = _compare_models(run.stages, tasks, data, progress)
    comparisons = [comparison for comparison, _ in compared]
    clusters = views.assign_clusters(of_all).tolist()
    _write_out_of_fold(run.stages / OUT_OF_FOLD_STAGE, data, tasks, [said for _, said in compared], clusters)
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
    made = fit_views(data.vectors, data.seed)
    create_file_once(folder / "nearness.skops", lambda path: save_model(made.nearness, path))
    create_file_once(folder / "clusters.skops", lambda path: save_model(made.clusters, path))
    encoded = None
    if data.encoded is not None:
        components = data.options.components
        encoded = fit_encoded_views(data.vectors, data.encoded, components, data.seed, folder)
    return FeatureViews(
        made.scaling, load_model(folder / "nearness.skops"), load_model(folder / "clusters.skops"), encoded
    )


def _build_task(data: TrainingData, dimension: RubricDimension, rubric: RubricSpec) -> _DimensionTask:
    chosen: list[int] = []
    shares: list[Floats] = []
    for place, one in enumerate(data.samples):
        if dimension.key in missing_side_rules.locked_keys(one.sample, rubric):
            continue
        found = rating_shares(one, dimension, final_only=data.options.labels == "final")
        if found is not None:
            chosen.append(place)
            shares.append(found)
    labels = shares_above_levels(np.stack(shares)) if shares else np.zeros((0, len(dimension.levels) - 1))
    keys = [question_key(data.samples[place]) for place in chosen]
    _, question = np.unique(keys, return_inverse=True) if keys else ([], np.zeros(0, dtype=np.int64))
    return _DimensionTask(
        dimension, np.array(chosen, dtype=np.int64), labels, expected_value(labels, dimension.values), question
    )


def _compare_models(
    stages: Path, tasks: list[_DimensionTask], data: TrainingData, progress: ProgressReporter
) -> list[tuple[Comparison, OutOfFoldShares]]:
    kinds = available_kinds(tasks[0].views) if tasks else []
    progress.step("Comparing models", len(tasks) * len(kinds) * data.options.folds)
    done = 0
    found: list[tuple[Comparison, OutOfFoldShares]] = []
    for task in tasks:
        some = sample_questions(task.question, MAX_COMPARED_SAMPLES, data.seed)
        parts = prediction_folds(task.question, some, data.options.folds, data.seed)
        if not parts:
            found.append((_constant_comparison(task), OutOfFoldShares(task.chosen[:0], task.labels[:0])))
            continue
        guesses: dict[str, Floats] = {}
        for kind in kinds if len(some) >= MIN_SAMPLES else ["constant"]:
            path = stages / f"foretold-{task.key}-{kind}.npy"
            if path.exists():
                guesses[kind] = np.load(path)
            else:
                guess = np.zeros_like(task.labels)
                for asked, said in predict_out_of_fold(kind, task.views, task.labels, parts, data.seed):
                    guess[asked] = said
                    done += 1
                    progress.done(done)
                with replace_file(path) as beside, beside.open("wb") as file:
                    np.save(file, guess)
                guesses[kind] = guess
        of_some = {kind: guess[some] for kind, guess in guesses.items()}
        comparison = compare_candidates(of_some, task.dimension.values, task.human[some])
        progress.note(_learning_curve_text(task.key, comparison))
        mixed = sum((weight * guesses[kind] for kind, weight in comparison.weights.items()), start=0 * task.labels)
        found.append((comparison, OutOfFoldShares(task.chosen, mixed)))
    return found


def _write_out_of_fold(
    path: Path, data: TrainingData, tasks: list[_DimensionTask], unseen: list[OutOfFoldShares], clusters: list[int]
) -> None:
    names = [one.sample.id for one in data.samples]
    said = {
        task.key: {
            "ids": [names[place] for place in one.rows.tolist()],
            "p": distributions(one.shares_above).tolist(),
        }
        for task, one in zip(tasks, unseen, strict=True)
    }
    with replace_file(path) as beside:
        # Not for people's eyes, and may be large.
        beside.write_text(json.dumps({"clusters": dict(zip(names, clusters, strict=True)), "dimensions": said}))


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
    known = run.curve()
    progress.step("Drawing learning curves", len(tasks) * len(CURVE_SHARES) * data.options.folds)
    done = 0
    for task, comparison in zip(tasks, comparisons, strict=True):
        some = sample_questions(task.question, MAX_COMPARED_SAMPLES, data.seed)
        if len(some) < MIN_CURVE_SAMPLES or comparison.best == "constant":
            continue
        question = task.question[some]
        views, labels, human = select_rows(task.views, some), task.labels[some], task.human[some]
        parts = split_folds(question, data.options.folds, data.seed)
        series = f"RMSE {task.key}"
        points = dict(known.get(series, []))
        for share in CURVE_SHARES:
            size = round(share * np.mean([len(train) for train, _ in parts]))
            done += len(parts)
            if size in points:
                continue
            smaller = [(train[sample_questions(question[train], size, data.seed)], test) for train, test in parts]
            said = np.zeros_like(labels)
            for held_out, guess in predict_out_of_fold(comparison.best, views, labels, smaller, data.seed):
                said[held_out] = guess
            error = float(np.sqrt(((expected_value(said, task.dimension.values) - human) ** 2).mean()))
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
            seen: Mapping[View, Floats] = select_rows(task.views, chosen)
            size = Size(len(chosen), max(1, trees // options.members), data.seed + member)
            for kind in comparison.weights:
                path = folder / f"{task.key}-{kind}-{member}.skops"
                train_member(kind, seen, task.labels[chosen], size, path)
                done += 1
                progress.done(done)
