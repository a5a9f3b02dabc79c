"""Training: what is done in which order, and what a run that was cut short finds done already."""

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

from .candidates import MANY, Size, View, available_kinds
from .encoded_views import encoded_views_of
from .encoders.embeddings import Encoded
from .ensemble import load, member_rows, save, train_member
from .feature_views import Views, rows, views_of
from .model_selection import (
    MOST_COMPARED,
    Comparison,
    Ints,
    compare_candidates,
    folds,
    predict_out_of_fold,
    prediction_folds,
    some_questions,
)
from .options import EmbeddedOptions
from .targets import distributions, expected_value, shares_above_levels, shares_of

FORETOLD = "foretold.json"
# With fewer there is nothing to compare; the mean of the others is said of each.
FEWEST = 12
CURVE_SHARES = (0.125, 0.25, 0.5)
# A learning curve of fewer samples would be one point.
FEWEST_FOR_A_CURVE = 60
# Where there is much to learn from, fewer trees say the same.
FEWER_TREES = 100


@dataclass(slots=True)
class Learning:
    """Samples with their labels, vectors, and what encoders say of them where there are any, row by row."""

    samples: list[LabelledSample]
    vectors: Floats
    options: EmbeddedOptions
    seed: int
    encoded: Encoded | None = None


@dataclass(slots=True)
class _Subject:
    """One dimension: which samples have a label on it, and what there is to learn."""

    dimension: RubricDimension
    chosen: Ints
    labels: Floats
    human: Floats
    question: Ints
    views: dict[View, Floats] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.dimension.key


class Unseen(NamedTuple):
    """What the mixture said of samples whose questions its models had not seen."""

    places: Ints
    shares_above: Floats


def train(run: Run, learning: Learning, progress: ProgressReporter) -> dict[str, Any]:
    """Train the mixture of every dimension into the run's folder and return what is to be known of it."""
    run.model.mkdir(parents=True, exist_ok=True)
    views = _views(run.model, learning)
    of_all = views.of(learning.vectors, learning.encoded)
    subjects = [_subject(learning, dimension, run.rubric) for dimension in run.rubric.dimensions]
    subjects = [subject for subject in subjects if len(subject.chosen)]
    for subject in subjects:
        subject.views = rows(of_all, subject.chosen)
    compared = _compare_all(run.stages, subjects, learning, progress)
    comparisons = [comparison for comparison, _ in compared]
    clusters = views.cluster(of_all).tolist()
    _write_unseen(run.stages / FORETOLD, learning, subjects, [said for _, said in compared], clusters)
    if learning.options.learning_curve:
        _learning_curve(run, subjects, comparisons, learning, progress)
    _train_members(run.model, subjects, comparisons, learning, progress)
    return {
        "scaling": views.scaling.as_data(),
        "encoded": views.encoded.as_data() if views.encoded else None,
        "members": learning.options.members,
        "dimensions": {
            subject.key: asdict(comparison) | {"best": comparison.best, "labelled": len(subject.chosen)}
            for subject, comparison in zip(subjects, comparisons, strict=True)
        },
    }


def _views(folder: Path, learning: Learning) -> Views:
    made = views_of(learning.vectors, learning.seed)
    create_file_once(folder / "nearness.skops", lambda path: save(made.nearness, path))
    create_file_once(folder / "clusters.skops", lambda path: save(made.clusters, path))
    encoded = None
    if learning.encoded is not None:
        components = learning.options.components
        encoded = encoded_views_of(learning.vectors, learning.encoded, components, learning.seed, folder)
    return Views(made.scaling, load(folder / "nearness.skops"), load(folder / "clusters.skops"), encoded)


def _subject(learning: Learning, dimension: RubricDimension, rubric: RubricSpec) -> _Subject:
    chosen: list[int] = []
    shares: list[Floats] = []
    for place, one in enumerate(learning.samples):
        if dimension.key in missing_side_rules.locked_keys(one.sample, rubric):
            continue
        found = shares_of(one, dimension, final_only=learning.options.labels == "final")
        if found is not None:
            chosen.append(place)
            shares.append(found)
    labels = shares_above_levels(np.stack(shares)) if shares else np.zeros((0, len(dimension.levels) - 1))
    keys = [question_key(learning.samples[place]) for place in chosen]
    _, question = np.unique(keys, return_inverse=True) if keys else ([], np.zeros(0, dtype=np.int64))
    return _Subject(
        dimension, np.array(chosen, dtype=np.int64), labels, expected_value(labels, dimension.values), question
    )


def _compare_all(
    stages: Path, subjects: list[_Subject], learning: Learning, progress: ProgressReporter
) -> list[tuple[Comparison, Unseen]]:
    kinds = available_kinds(subjects[0].views) if subjects else []
    progress.step("Comparing models", len(subjects) * len(kinds) * learning.options.folds)
    done = 0
    found: list[tuple[Comparison, Unseen]] = []
    for subject in subjects:
        some = some_questions(subject.question, MOST_COMPARED, learning.seed)
        parts = prediction_folds(subject.question, some, learning.options.folds, learning.seed)
        if not parts:
            found.append((_only_the_constant(subject), Unseen(subject.chosen[:0], subject.labels[:0])))
            continue
        guesses: dict[str, Floats] = {}
        for kind in kinds if len(some) >= FEWEST else ["constant"]:
            path = stages / f"foretold-{subject.key}-{kind}.npy"
            if path.exists():
                guesses[kind] = np.load(path)
            else:
                guess = np.zeros_like(subject.labels)
                for asked, said in predict_out_of_fold(kind, subject.views, subject.labels, parts, learning.seed):
                    guess[asked] = said
                    done += 1
                    progress.done(done)
                with replace_file(path) as beside, beside.open("wb") as file:
                    np.save(file, guess)
                guesses[kind] = guess
        of_some = {kind: guess[some] for kind, guess in guesses.items()}
        comparison = compare_candidates(of_some, subject.dimension.values, subject.human[some])
        progress.note(_learning_curve_text(subject.key, comparison))
        mixed = sum((weight * guesses[kind] for kind, weight in comparison.weights.items()), start=0 * subject.labels)
        found.append((comparison, Unseen(subject.chosen, mixed)))
    return found


def _write_unseen(
    path: Path, learning: Learning, subjects: list[_Subject], unseen: list[Unseen], clusters: list[int]
) -> None:
    names = [one.sample.id for one in learning.samples]
    said = {
        subject.key: {
            "ids": [names[place] for place in one.places.tolist()],
            "p": distributions(one.shares_above).tolist(),
        }
        for subject, one in zip(subjects, unseen, strict=True)
    }
    with replace_file(path) as beside:
        # Not for people's eyes, and may be large.
        beside.write_text(json.dumps({"clusters": dict(zip(names, clusters, strict=True)), "dimensions": said}))


def _only_the_constant(subject: _Subject) -> Comparison:
    error = float(subject.human.std())
    return Comparison({"constant": error}, {"constant": 1.0}, error, len(subject.human))


def _learning_curve_text(key: str, comparison: Comparison) -> str:
    errors = ", ".join(f"{kind} {error:.3f}" for kind, error in comparison.rmse.items())
    return f"{key}: RMSE on unseen questions {errors}; mixed {comparison.mixed:.3f}"


def _learning_curve(
    run: Run, subjects: list[_Subject], comparisons: list[Comparison], learning: Learning, progress: ProgressReporter
) -> None:
    """Tell how the error on unseen questions falls as there is more to learn from, by the best kind of model."""
    known = run.curve()
    progress.step("Drawing learning curves", len(subjects) * len(CURVE_SHARES) * learning.options.folds)
    done = 0
    for subject, comparison in zip(subjects, comparisons, strict=True):
        some = some_questions(subject.question, MOST_COMPARED, learning.seed)
        if len(some) < FEWEST_FOR_A_CURVE or comparison.best == "constant":
            continue
        question = subject.question[some]
        views, labels, human = rows(subject.views, some), subject.labels[some], subject.human[some]
        parts = folds(question, learning.options.folds, learning.seed)
        series = f"RMSE {subject.key}"
        points = dict(known.get(series, []))
        for share in CURVE_SHARES:
            size = round(share * np.mean([len(train) for train, _ in parts]))
            done += len(parts)
            if size in points:
                continue
            smaller = [(train[some_questions(question[train], size, learning.seed)], test) for train, test in parts]
            said = np.zeros_like(labels)
            for held_out, guess in predict_out_of_fold(comparison.best, views, labels, smaller, learning.seed):
                said[held_out] = guess
            error = float(np.sqrt(((expected_value(said, subject.dimension.values) - human) ** 2).mean()))
            _tell(run, progress, series, size, error)
            progress.done(done)
        full = round(float(np.mean([len(train) for train, _ in parts])))
        if full not in points:
            _tell(run, progress, series, full, comparison.rmse[comparison.best])


def _tell(run: Run, progress: ProgressReporter, series: str, x: float, y: float) -> None:
    run.add_to_curve(series, x, y)
    progress.curve(series, x, y)


def _train_members(
    folder: Path,
    subjects: list[_Subject],
    comparisons: list[Comparison],
    learning: Learning,
    progress: ProgressReporter,
) -> None:
    options = learning.options
    total = sum(len(comparison.weights) for comparison in comparisons) * options.members
    progress.step("Training members", total)
    done = 0
    for subject, comparison in zip(subjects, comparisons, strict=True):
        trees = options.trees if len(subject.chosen) < MANY else min(options.trees, FEWER_TREES)
        for member, chosen in enumerate(member_rows(subject.question, options.members, learning.seed)):
            seen: Mapping[View, Floats] = rows(subject.views, chosen)
            size = Size(len(chosen), max(1, trees // options.members), learning.seed + member)
            for kind in comparison.weights:
                path = folder / f"{subject.key}-{kind}-{member}.skops"
                train_member(kind, seen, subject.labels[chosen], size, path)
                done += 1
                progress.done(done)
