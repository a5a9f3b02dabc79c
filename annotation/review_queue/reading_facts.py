"""What is known of the samples of a study: people's values, the judge's, how they stand, what is foreseen of them.

For workers only, as what is foreseen takes numpy.
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
from .predicting_disputes import DisputeQuery, Learned, PredictedDispute, fit_dispute_models, predict_disputes
from .sample_facts import UNDECIDED, SampleFact

AT_ONCE = 2_000

Positions = dict[str, list[int]]


class SampleFacts(NamedTuple):
    """What is known, and what was learned from it or before."""

    samples: list[SampleFact]
    learned: Learned


class _Row(NamedTuple):
    """A sample with the dimensions that people score on it."""

    sample: sql.QueueSampleRow
    dimensions: tuple[DimensionDefinition, ...]
    to_come: int


def read_facts(
    study: Study, run: JudgeRun | None, among: Sequence[int] | None = None, *, learned: Learned | None = None
) -> SampleFacts:
    """Return what is known of the samples of a study that are not withdrawn, or of those of ``among``.

    Prefilled values are not people's own and are no values here; of the judge only what is fair to it is taken, see
    `fair_predictions`. What is foreseen rests on what was ``learned`` before, or else is learned from these samples.
    """
    rubric = load_rubric(study.rubric_id)
    # How samples stand first, values later: a sample that was settled by then has all its values among them.
    rows = _rows(study, rubric, among)
    given = _by_dimension(sql.independent_levels(study.pk, among), rubric)
    finals = _by_dimension(sql.read_finals(study.pk, among), rubric)
    said = _judge_values(run, among)
    asked: dict[str, list[DisputeQuery]] = defaultdict(list)
    for row in rows:
        of_judge = said.get(row.sample.id, _SILENT)[1]
        own = given.get(row.sample.id, {})
        for dimension in row.dimensions:
            one = _own_prediction(of_judge, dimension)
            asked[dimension.key].append(
                DisputeQuery(own.get(dimension.key, ()), row.to_come, one["p"] if one else None)
            )
    if learned is None:
        learned = fit_dispute_models(asked, rubric)
    of_future = {key: iter(several) for key, several in predict_disputes(asked, rubric, learned).items()}
    found = []
    for row in rows:
        sample = row.sample
        cluster, of_judge = said.get(sample.id, _SILENT)
        own, final = given.get(sample.id, {}), finals.get(sample.id, {})
        seen = tuple(
            _dimension_evidence(
                dimension,
                own.get(dimension.key),
                final.get(dimension.key),
                _own_prediction(of_judge, dimension),
                next(of_future.get(dimension.key, _NOTHING), None),
            )
            for dimension in row.dimensions
        )
        known = ranking.SampleEvidence(sample.id, sample.public_id, cluster, seen)
        found.append(SampleFact(known, SampleState(sample.state), sample.stage, sample.priority))
    return SampleFacts(found, learned)


_SILENT: tuple[None, dict[str, Any]] = (None, {})
_NOTHING: Any = iter(())


def _rows(study: Study, rubric: RubricDefinition, among: Sequence[int] | None) -> list[_Row]:
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
    given: list[int] | None,
    final: list[int] | None,
    said: Mapping[str, Any] | None,
    future: PredictedDispute | None,
) -> ranking.DimensionEvidence:
    levels = dimension.levels
    values = tuple(sorted(levels[position].value for position in given)) if given else ()
    agreed = levels[final[0]].value if final else None
    chance, promise = future or (None, None)
    if said is None:
        return ranking.DimensionEvidence(dimension.key, values, chance=chance, final=agreed, promise=promise)
    interval = said.get("interval")
    return ranking.DimensionEvidence(
        dimension.key,
        values,
        expected=said["expected"],
        sd=said["sd"],
        interval=None if interval is None else (interval[0], interval[1]),
        ensemble_sd=said.get("ensemble_sd"),
        chance=chance,
        final=agreed,
        promise=promise,
    )


def _own_prediction(said: Mapping[str, Any], dimension: DimensionDefinition) -> Mapping[str, Any] | None:
    """Return what the judge itself says of a dimension."""
    one: Mapping[str, Any] | None = said.get(dimension.key)
    return None if one is None or one.get("rule") is not None else one


def _scored_dimensions(rubric: RubricDefinition, has_text: bool, has_image: bool) -> tuple[DimensionDefinition, ...]:
    """Return the dimensions that people score on a sample with these sides."""
    locked = locked_dimensions(rubric.dimensions, has_text=has_text, has_image=has_image)
    return tuple(dimension for dimension in rubric.dimensions if dimension.key not in locked)


def _by_dimension(rows: Iterable[tuple[int, int]], rubric: RubricDefinition) -> dict[int, Positions]:
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    found: dict[int, Positions] = defaultdict(dict)
    for sample, level in rows:
        dimension, position = divmod(level, LEVELS_PER_DIMENSION)
        found[sample].setdefault(key_of[dimension], []).append(position)
    return found


def _judge_values(run: JudgeRun | None, among: Sequence[int] | None) -> dict[int, tuple[int | None, dict[str, Any]]]:
    """Return the cluster of each sample's content and what the judge says of it, by dimension."""
    if run is None:
        return {}
    rows = fair_predictions(run).filter(status=Prediction.Status.OK).order_by()
    found: dict[int, tuple[int | None, dict[str, Any]]] = {}
    pieces = [None] if among is None else [among[at : at + AT_ONCE] for at in range(0, len(among), AT_ONCE)]
    for piece in pieces:
        wanted = rows if piece is None else rows.filter(sample__in=piece)
        columns = wanted.values_list("sample_id", "cluster", "dimensions")
        for sample, cluster, dimensions in columns.iterator(chunk_size=AT_ONCE):
            found[sample] = (cluster, dimensions)
    return found
