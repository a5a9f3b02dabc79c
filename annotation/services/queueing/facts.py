"""What is known of the samples of a study: people's values, the judge's, how they stand. Read for workers only."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation import priority
from annotation.fair_predictions import fair_predictions
from annotation.models import JudgeRun, Prediction, QueueEntry, Sample, Study
from annotation.models.rubrics import LEVELS_PER_DIMENSION
from annotation.rubrics import RubricDefinition, definition
from annotation.sql import review_queue as sql
from annotation.workflow import State
from judge.missing import locked_dimensions

Kind = QueueEntry.Kind
UNDECIDED = frozenset({State.WAITING, State.SCORING, State.IN_REVIEW, State.IN_DISCUSSION, State.BLOCKED})
# Whatever their scores will be: they are not all there.
OPEN_ENDED = frozenset({State.WAITING, State.SCORING, State.BLOCKED})
# Whoever scored it by themselves has done so; a discussion changes nothing about how far they were apart.
SETTLED = frozenset({State.IN_DISCUSSION, State.AGREED})
FREE = frozenset({Sample.Stage.UNTOUCHED.value, Sample.Stage.BEGUN.value})
AT_ONCE = 2_000

Values = dict[str, list[float]]


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of one sample, and how it stands."""

    known: priority.Known
    state: str
    stage: int
    priority: int

    @property
    def sample(self) -> int:
        """Return its primary key."""
        return self.known.sample

    @property
    def spread(self) -> float:
        """Return the widest range of values on one dimension."""
        return max((priority.observed_range(seen.values) for seen in self.known.dimensions), default=0.0)

    @property
    def scores(self) -> int:
        """Return from how many people there are values."""
        return max((len(seen.values) for seen in self.known.dimensions), default=0)

    @property
    def open_ended(self) -> bool:
        """Is it still to be seen whether annotators will differ by a dispute?"""
        return self.state in OPEN_ENDED and self.spread < priority.DISPUTE

    def belongs(self, kind: str) -> bool:
        """Tell whether the sample belongs in a queue now."""
        if kind == Kind.DISPUTED:
            return self.state in UNDECIDED
        if kind == Kind.LABEL_NEXT:
            return self.wants_scores
        dimensions = self.known.dimensions
        return self.state == State.AGREED and any(
            seen.final is not None and seen.expected is not None for seen in dimensions
        )

    @property
    def wants_scores(self) -> bool:
        """Has it a slot that somebody could take?"""
        return self.stage in FREE and self.state in UNDECIDED


def read(study: Study, run: JudgeRun | None, among: Sequence[int] | None = None) -> list[Fact]:
    """Return what is known of the samples of a study that are not withdrawn, or of those of ``among``.

    Prefilled values are not people's own and are no values here; of the judge only what is fair to it is taken, see
    `fair_predictions`.
    """
    rubric = definition(study.rubric_id)
    values = _by_dimension(sql.independent_levels(study.pk, among), rubric)
    finals = _by_dimension(sql.finals(study.pk, among), rubric)
    said = _said(run, among)
    scored = {sides: _scored(rubric, *sides) for sides in ((a, b) for a in (False, True) for b in (False, True))}
    found = []
    for row in sql.samples(study.pk, among):
        cluster, dimensions = said.get(row.id, (None, {}))
        own, final = values.get(row.id, {}), finals.get(row.id, {})
        seen = tuple(
            _seen(key, own.get(key), final.get(key), dimensions.get(key)) for key in scored[row.has_text, row.has_image]
        )
        found.append(
            Fact(priority.Known(row.id, row.public_id, cluster, seen), State(row.state), row.stage, row.priority)
        )
    return found


def _seen(
    key: str, values: list[float] | None, final: list[float] | None, said: Mapping[str, Any] | None
) -> priority.Seen:
    own = tuple(sorted(values)) if values else ()
    agreed = final[0] if final else None
    if said is None or said.get("rule") is not None:
        return priority.Seen(key, own, chance=likely(own, None), final=agreed)
    interval = said.get("interval")
    return priority.Seen(
        key,
        own,
        expected=said["expected"],
        sd=said["sd"],
        interval=None if interval is None else (interval[0], interval[1]),
        p=tuple(said["p"]),
        ensemble_sd=said.get("ensemble_sd"),
        chance=likely(own, said["p_dispute"]),
        final=agreed,
    )


def likely(values: tuple[float, ...], p_dispute: float | None) -> float | None:
    """Return the chance of a dispute."""
    if priority.observed_range(values) >= priority.DISPUTE:
        return 1.0
    return p_dispute


def _scored(rubric: RubricDefinition, has_text: bool, has_image: bool) -> tuple[str, ...]:
    """Return the dimensions that people score on a sample with these sides."""
    locked = locked_dimensions(rubric.dimensions, has_text=has_text, has_image=has_image)
    return tuple(dimension.key for dimension in rubric.dimensions if dimension.key not in locked)


def _by_dimension(rows: Any, rubric: RubricDefinition) -> dict[int, Values]:
    key_of = {dimension.id: dimension.key for dimension in rubric.dimensions}
    meaning = {
        level.id: (key_of[level.id // LEVELS_PER_DIMENSION], level.value)
        for dimension in rubric.dimensions
        for level in dimension.levels
    }
    found: dict[int, Values] = defaultdict(dict)
    for sample, level in rows:
        key, value = meaning[level]
        found[sample].setdefault(key, []).append(value)
    return found


def _said(run: JudgeRun | None, among: Sequence[int] | None) -> dict[int, tuple[int | None, dict[str, Any]]]:
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
