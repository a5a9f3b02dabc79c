"""Reads the facts about samples: values, predictions, states and predicted disputes.

For workers only, as predicting disputes takes numpy.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from annotation.core.rubric_cache import DimensionDefinition, RubricDefinition, load_rubric
from annotation.core.sample_states import SampleState
from annotation.models import JudgeRun, Prediction, Protocol, Study
from annotation.models.rubrics import LEVELS_PER_DIMENSION
from annotation.suggestions.unseen_predictions import fair_predictions
from judge.missing_sides import locked_dimensions

from . import queue_sql as sql
from . import ranking
from .predicting_disputes import DisputeModels, DisputeQuery, PredictedDispute, fit_dispute_models, predict_disputes
from .sample_facts import UNDECIDED, SampleFact

CHUNK_ROWS = 2_000

Positions = dict[str, list[int]]


class FactsWithModels(NamedTuple):
    """The facts about samples, and the dispute models used for them."""

    samples: list[SampleFact]
    models: DisputeModels


class _Row(NamedTuple):
    """A sample with the dimensions that people score on it."""

    sample: sql.QueueSampleRow
    dimensions: tuple[DimensionDefinition, ...]
    to_come: int


def read_facts(
    study: Study, run: JudgeRun | None, among: Sequence[int] | None = None, *, models: DisputeModels | None = None
) -> FactsWithModels:
    """Return the facts about a study's samples, or those of ``among``.

    Withdrawn ones are left out.

    Prefilled values are not people's own and are no values here; of the judge only what is fair to it is taken, see
    `fair_predictions`. Predicted disputes rest on ``models`` fitted before, or else fitted to these samples.
    """
    rubric = load_rubric(study.rubric_id)
    # How samples stand first, values later: a sample that was settled by then has all its values among them.
    rows = _read_rows(study, rubric, among)
    levels_by_sample = _group_by_dimension(sql.read_independent_ratings(study.pk, among), rubric)
    finals = _group_by_dimension(sql.read_finals(study.pk, among), rubric)
    predictions = _read_predictions(run, among)
    queries: dict[str, list[DisputeQuery]] = defaultdict(list)
    for row in rows:
        predicted = predictions.get(row.sample.id, _NO_PREDICTION)[1]
        levels = levels_by_sample.get(row.sample.id, {})
        for dimension in row.dimensions:
            prediction = _own_prediction(predicted, dimension)
            queries[dimension.key].append(
                DisputeQuery(levels.get(dimension.key, ()), row.to_come, prediction["p"] if prediction else None)
            )
    if models is None:
        models = fit_dispute_models(queries, rubric)
    disputes = {
        key: iter(predicted_disputes) for key, predicted_disputes in predict_disputes(queries, rubric, models).items()
    }
    facts = []
    for row in rows:
        sample = row.sample
        cluster, predicted = predictions.get(sample.id, _NO_PREDICTION)
        levels, final = levels_by_sample.get(sample.id, {}), finals.get(sample.id, {})
        dimensions = tuple(
            _dimension_evidence(
                dimension,
                levels.get(dimension.key),
                final.get(dimension.key),
                _own_prediction(predicted, dimension),
                next(disputes.get(dimension.key, _NO_DISPUTES), None),
            )
            for dimension in row.dimensions
        )
        evidence = ranking.SampleEvidence(sample.id, sample.public_id, cluster, dimensions)
        facts.append(SampleFact(evidence, SampleState(sample.state), sample.stage, sample.priority))
    return FactsWithModels(facts, models)


_NO_PREDICTION: tuple[None, dict[str, Any]] = (None, {})
_NO_DISPUTES: Any = iter(())


def _read_rows(study: Study, rubric: RubricDefinition, among: Sequence[int] | None) -> list[_Row]:
    scored = {
        sides: _scored_dimensions(rubric, *sides) for sides in ((a, b) for a in (False, True) for b in (False, True))
    }
    k = Protocol.objects.values_list("annotators_per_sample", flat=True).get(study=study, current=True)
    return [
        _Row(
            sample,
            scored[sample.has_text, sample.has_image],
            max(0, (sample.scores_needed or k) - sample.scores_in) if sample.state in UNDECIDED else 0,
        )
        for sample in sql.read_samples(study.pk, among)
    ]


def _dimension_evidence(
    dimension: DimensionDefinition,
    positions: list[int] | None,
    final: list[int] | None,
    prediction: Mapping[str, Any] | None,
    dispute: PredictedDispute | None,
) -> ranking.DimensionEvidence:
    levels = dimension.levels
    values = tuple(sorted(levels[position].value for position in positions)) if positions else ()
    agreed = levels[final[0]].value if final else None
    chance, promise = dispute or (None, None)
    if prediction is None:
        return ranking.DimensionEvidence(dimension.key, values, chance=chance, final=agreed, disputes_per_score=promise)
    interval = prediction.get("interval")
    return ranking.DimensionEvidence(
        dimension.key,
        values,
        expected=prediction["expected"],
        sd=prediction["sd"],
        interval=None if interval is None else (interval[0], interval[1]),
        ensemble_sd=prediction.get("ensemble_sd"),
        chance=chance,
        final=agreed,
        disputes_per_score=promise,
    )


def _own_prediction(predictions: Mapping[str, Any], dimension: DimensionDefinition) -> Mapping[str, Any] | None:
    """Return the judge's own prediction of a dimension, not one by rule."""
    prediction: Mapping[str, Any] | None = predictions.get(dimension.key)
    return None if prediction is None or prediction.get("rule") is not None else prediction


def _scored_dimensions(rubric: RubricDefinition, has_text: bool, has_image: bool) -> tuple[DimensionDefinition, ...]:
    """Return the dimensions that people score on a sample with these sides."""
    locked = locked_dimensions(rubric.dimensions, has_text=has_text, has_image=has_image)
    return tuple(dimension for dimension in rubric.dimensions if dimension.key not in locked)


def _group_by_dimension(rows: Iterable[tuple[int, int]], rubric: RubricDefinition) -> dict[int, Positions]:
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    positions: dict[int, Positions] = defaultdict(dict)
    for sample, level in rows:
        dimension, position = divmod(level, LEVELS_PER_DIMENSION)
        positions[sample].setdefault(key_of[dimension], []).append(position)
    return positions


def _read_predictions(
    run: JudgeRun | None, among: Sequence[int] | None
) -> dict[int, tuple[int | None, dict[str, Any]]]:
    """Return the content cluster and the predictions of each sample."""
    if run is None:
        return {}
    rows = fair_predictions(run).filter(status=Prediction.Status.OK).order_by()
    predictions: dict[int, tuple[int | None, dict[str, Any]]] = {}
    chunks = [None] if among is None else [among[at : at + CHUNK_ROWS] for at in range(0, len(among), CHUNK_ROWS)]
    for chunk in chunks:
        chunk_rows = rows if chunk is None else rows.filter(sample__in=chunk)
        columns = chunk_rows.values_list("sample_id", "cluster", "dimensions")
        for sample, cluster, dimensions in columns.iterator(chunk_size=CHUNK_ROWS):
            predictions[sample] = (cluster, dimensions)
    return predictions
