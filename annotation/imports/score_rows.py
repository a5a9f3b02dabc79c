"""Stores the rows of imported scores: members, scores and ratings.

New members have no login.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from annotation.core import bulk_insert
from annotation.core.rubric_cache import RubricDefinition
from annotation.core.sql import database_time
from annotation.core.study_guards import lock_for_intake
from annotation.core.transactions import write_transaction
from annotation.jobs.rejected_lines import LineError
from annotation.models import Assignment, Member, Rating, Sample, Score, Study
from annotation.studies.rubrics import freeze_rubric
from judge.formats.score_table import ScoreRecord
from judge.missing_sides import locked_dimensions

from .sample_lines import describe_rule

ScoreKey = tuple[int, str, int]
"""What identifies a score: sample, annotator's name, round."""


@dataclass(slots=True)
class IncomingScore:
    """A score line, with the primary keys of what it names."""

    line: int
    record: ScoreRecord
    sample_id: int = 0
    sides: tuple[bool, bool] = (True, True)
    dimension_id: int = 0
    level_id: int = 0
    by_rule: bool = False

    @property
    def key(self) -> ScoreKey:
        return self.sample_id, self.record.annotator, self.record.round


@dataclass(slots=True)
class StoredScore:
    """A score that the study already has, with its ratings: level by dimension."""

    score: Score
    levels: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class StoredPeopleAndSamples:
    """What the study already has of the people and samples of a chunk."""

    members: dict[str, int] = field(default_factory=dict)
    scores: dict[ScoreKey, StoredScore] = field(default_factory=dict)
    at_work: set[tuple[int, str]] = field(default_factory=set)
    """Sample and annotator where that person has scored here, or is about to."""


@dataclass(slots=True)
class ScoreImportPlan:
    """The score lines of a chunk, sorted by what is to be done with them."""

    new: list[IncomingScore] = field(default_factory=list)
    unchanged: int = 0
    refused: list[LineError] = field(default_factory=list)

    @property
    def created(self) -> int:
        return len(self.new)


class ScoreWriter:
    """Writes the ratings of one file, a chunk per transaction."""

    def __init__(self, study: Study, rubric: RubricDefinition, *, dry_run: bool) -> None:
        self._study, self._rubric, self._dry_run = study, rubric, dry_run
        self._dimensions = {dimension.key: dimension for dimension in rubric.dimensions}
        both = (False, True)
        self._locked = {
            (text, image): locked_dimensions(rubric.dimensions, has_text=text, has_image=image)
            for text in both
            for image in both
        }

    def interpret(self, lines: list[IncomingScore], errors: list[LineError]) -> list[IncomingScore]:
        """Look up what the lines name, and return the valid ones."""
        names = {line.record.sample for line in lines}
        rows = Sample.objects.filter(study=self._study, external_id__in=names)
        samples = {
            name: (pk, (text, image))
            for name, pk, text, image in rows.values_list("external_id", "pk", "has_text", "has_image")
        }
        valid_lines = []
        for line in lines:
            rejection = self._interpret(line, samples)
            if rejection is None:
                valid_lines.append(line)
            else:
                errors.append(LineError(line.line, *rejection))
        return valid_lines

    def _interpret(
        self, line: IncomingScore, samples: dict[str, tuple[int, tuple[bool, bool]]]
    ) -> tuple[str, str] | None:
        record = line.record
        if record.sample not in samples:
            message = f"The study has no sample {record.sample!r}; import it first, or correct the id."
            return "sample", message
        line.sample_id, line.sides = samples[record.sample]
        dimension = self._dimensions.get(record.dimension)
        if dimension is None:
            keys = ", ".join(self._dimensions)
            return "dimension", f"The rubric has no dimension {record.dimension!r}; its dimensions are {keys}."
        level = dimension.level_of.get(record.value)
        if level is None:
            levels = ", ".join(f"{level.value:g}" for level in dimension.levels)
            return "value", f"{record.value:g} is no level of {dimension.key}; the levels are {levels}."
        locked = self._locked[line.sides].get(dimension.key)
        if locked is not None and locked.value != record.value:
            return "value", f"This sample cannot be given {record.value:g}: {describe_rule(locked)}. Remove the line."
        line.dimension_id, line.level_id, line.by_rule = dimension.id, level, locked is not None
        return None

    def write(self, lines: list[IncomingScore], *, on_write: Callable[[ScoreImportPlan], None]) -> ScoreImportPlan:
        """Store what is new; every line is valid and no two give the same value.

        ``on_write`` is called with the result in the transaction that stores it.

        Raises:
            WrongState: the study was closed meanwhile (`study_closed`).
        """
        plan = self._plan(lines, self._find_stored(lines))
        if plan.new and not self._dry_run:
            with write_transaction():
                lock_for_intake(self._study, "scores")
                self._lock_samples(lines)
                stored = self._find_stored(lines)
                plan = self._plan(lines, stored)
                if plan.new:
                    self._store(plan.new, stored)
                on_write(plan)
                return plan
        on_write(plan)
        return plan

    def _lock_samples(self, lines: list[IncomingScore]) -> None:
        """Lock the samples against people with a login who score them."""
        names = {line.record.annotator for line in lines}
        if Member.objects.filter(study=self._study, name__in=names, user__isnull=False).exists():
            keys = {line.sample_id for line in lines}
            list(Sample.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))

    def _find_stored(self, lines: list[IncomingScore]) -> StoredPeopleAndSamples:
        names = {line.record.annotator for line in lines}
        stored = StoredPeopleAndSamples(
            dict(Member.objects.filter(study=self._study, name__in=names).values_list("name", "pk"))
        )
        if not stored.members:
            return stored
        name_of = {pk: name for name, pk in stored.members.items()}
        filters = {"sample__in": {line.sample_id for line in lines}, "member__in": list(name_of)}
        by_id: dict[int, StoredScore] = {}
        for score in Score.objects.filter(**filters, voided_at=None):
            name = name_of[score.member_id]
            if score.origin == Score.Origin.GIVEN:
                stored.at_work.add((score.sample_id, name))
            by_id[score.pk] = stored.scores[score.sample_id, name, score.round] = StoredScore(score)
        ratings = Rating.objects.filter(score__in=list(by_id))
        for score_id, dimension_id, level_id in ratings.values_list("score_id", "dimension_id", "level_id"):
            by_id[score_id].levels[dimension_id] = level_id
        leased = Assignment.objects.filter(**filters, state__in=(Assignment.State.LEASED, Assignment.State.SCORED))
        for sample_id, member_id in leased.values_list("sample_id", "member_id"):
            stored.at_work.add((sample_id, name_of[member_id]))
        return stored

    def _plan(self, lines: list[IncomingScore], stored: StoredPeopleAndSamples) -> ScoreImportPlan:
        plan = ScoreImportPlan()
        for line in lines:
            record = line.record
            stored_score = stored.scores.get(line.key)
            stored_level = stored_score.levels.get(line.dimension_id) if stored_score else None
            if line.by_rule:
                plan.unchanged += 1
            elif (line.sample_id, record.annotator) in stored.at_work:
                message = f"{record.annotator!r} scores this sample here; a score given here is never added to."
                plan.refused.append(LineError(line.line, "annotator", f"{message} Remove the line."))
            elif stored_level is None and stored_score is not None and stored_score.score.origin == Score.Origin.SIGNED:
                message = f"{record.annotator!r} signed this round in a discussion here; nothing is added to that."
                plan.refused.append(LineError(line.line, "round", f"{message} Remove the line."))
            elif stored_level is None:
                plan.new.append(line)
            elif stored_level == line.level_id:
                plan.unchanged += 1
            else:
                message = "This annotator's value is here already and is another one; the one that is here is kept."
                plan.refused.append(LineError(line.line, "value", message))
        return plan

    def _store(self, new: list[IncomingScore], stored: StoredPeopleAndSamples) -> None:
        new_names = {line.record.annotator for line in new} - stored.members.keys()
        members = stored.members | self._new_members(new_names)
        lines_by_key: dict[ScoreKey, list[IncomingScore]] = defaultdict(list)
        for line in new:
            lines_by_key[line.key].append(line)
        stored_scores = stored.scores
        self._update_scores(
            [(stored_scores[key], lines) for key, lines in lines_by_key.items() if key in stored_scores]
        )
        new_scores = [(key, lines) for key, lines in lines_by_key.items() if key not in stored_scores]
        score_ids = {key: stored_score.score.pk for key, stored_score in stored_scores.items()}
        score_ids.update(zip((key for key, _ in new_scores), bulk_insert.next_ids(Score, len(new_scores)), strict=True))
        bulk_insert.insert_rows(
            Score,
            ("id", "sample_id", "member_id", "round", "origin", "complete", "at", "seconds"),
            (
                (
                    score_ids[key],
                    key[0],
                    members[key[1]],
                    key[2],
                    Score.Origin.IMPORTED,
                    self._is_complete(lines, 0),
                    _to_database_time(_latest(line.record.at for line in lines)),
                    _maximum(line.record.seconds for line in lines),
                )
                for key, lines in new_scores
            ),
        )
        bulk_insert.insert_rows(
            Rating,
            ("id", "score_id", "dimension_id", "level_id"),
            zip(
                bulk_insert.next_ids(Rating, len(new)),
                (score_ids[line.key] for line in new),
                (line.dimension_id for line in new),
                (line.level_id for line in new),
                strict=True,
            ),
        )
        freeze_rubric(self._rubric)

    def _update_scores(self, scores: list[tuple[StoredScore, list[IncomingScore]]]) -> None:
        """Update stored scores for the ratings that are added to them."""
        for stored_score, lines in scores:
            score = stored_score.score
            score.complete = self._is_complete(lines, len(stored_score.levels))
            score.at = _latest([score.at, *(line.record.at for line in lines)])
            score.seconds = _maximum([score.seconds, *(line.record.seconds for line in lines)])
        Score.objects.bulk_update(
            [stored_score.score for stored_score, _ in scores], ["complete", "at", "seconds"], 200
        )

    def _is_complete(self, lines: list[IncomingScore], stored_ratings: int) -> bool:
        return stored_ratings + len(lines) >= len(self._dimensions) - len(self._locked[lines[0].sides])

    def _new_members(self, names: set[str]) -> dict[str, int]:
        rows = [Member(study=self._study, name=name, role=Member.Role.ANNOTATOR) for name in sorted(names)]
        Member.objects.bulk_create(rows)
        return {row.name: row.pk for row in rows}


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _to_database_time(at: datetime | None) -> object:
    return None if at is None else database_time(at)


def _maximum(numbers: Iterable[float | None]) -> float | None:
    return max((number for number in numbers if number is not None), default=None)
