"""The rows of imported scores: members without login, their scores, and the ratings in them."""

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

from .sample_lines import rule_in_words

Place = tuple[int, str, int]
"""Where a score stands: sample, annotator's name, round."""


@dataclass(slots=True)
class IncomingScore:
    """A line that was read; what it names is looked up on its way into the database."""

    line: int
    record: ScoreRecord
    sample_id: int = 0
    sides: tuple[bool, bool] = (True, True)
    dimension_id: int = 0
    level_id: int = 0
    by_rule: bool = False

    @property
    def place(self) -> Place:
        return self.sample_id, self.record.annotator, self.record.round


@dataclass(slots=True)
class StoredScore:
    """A score that the study already has, with its ratings: level by dimension."""

    score: Score
    levels: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class StoredPeopleAndSamples:
    """What the study already has of the people and samples of a piece."""

    members: dict[str, int] = field(default_factory=dict)
    standing: dict[Place, StoredScore] = field(default_factory=dict)
    at_work: set[tuple[int, str]] = field(default_factory=set)
    """Sample and annotator where that person has scored here, or is about to."""


@dataclass(slots=True)
class ScoreImportPlan:
    """What is to be done with the lines of a piece."""

    new: list[IncomingScore] = field(default_factory=list)
    unchanged: int = 0
    refused: list[LineError] = field(default_factory=list)

    @property
    def created(self) -> int:
        return len(self.new)


class ScoreWriter:
    """Writes the ratings of one file, a piece per transaction."""

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
        """Look up what the lines name, and return those that name what there is."""
        names = {line.record.sample for line in lines}
        rows = Sample.objects.filter(study=self._study, external_id__in=names)
        samples = {
            name: (pk, (text, image))
            for name, pk, text, image in rows.values_list("external_id", "pk", "has_text", "has_image")
        }
        good = []
        for line in lines:
            fault = self._interpret(line, samples)
            if fault is None:
                good.append(line)
            else:
                errors.append(LineError(line.line, *fault))
        return good

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
            known = ", ".join(self._dimensions)
            return "dimension", f"The rubric has no dimension {record.dimension!r}; its dimensions are {known}."
        level = dimension.level_of.get(record.value)
        if level is None:
            levels = ", ".join(f"{level.value:g}" for level in dimension.levels)
            return "value", f"{record.value:g} is no level of {dimension.key}; the levels are {levels}."
        locked = self._locked[line.sides].get(dimension.key)
        if locked is not None and locked.value != record.value:
            return "value", f"This sample cannot be given {record.value:g}: {rule_in_words(locked)}. Remove the line."
        line.dimension_id, line.level_id, line.by_rule = dimension.id, level, locked is not None
        return None

    def write(self, lines: list[IncomingScore], *, counted: Callable[[ScoreImportPlan], None]) -> ScoreImportPlan:
        """Store what is new; every line is valid and no two give the same value.

        ``counted`` is told what became of them in the transaction that does it.

        Raises:
            WrongState: the study was closed meanwhile (`study_closed`).
        """
        plan = self._plan(lines, self._present(lines))
        if plan.new and not self._dry_run:
            with write_transaction():
                lock_for_intake(self._study, "scores")
                self._lock_samples(lines)
                present = self._present(lines)
                plan = self._plan(lines, present)
                if plan.new:
                    self._store(plan.new, present)
                counted(plan)
                return plan
        counted(plan)
        return plan

    def _lock_samples(self, lines: list[IncomingScore]) -> None:
        """Keep people with a login from scoring the same samples just now."""
        names = {line.record.annotator for line in lines}
        if Member.objects.filter(study=self._study, name__in=names, user__isnull=False).exists():
            keys = {line.sample_id for line in lines}
            list(Sample.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))

    def _present(self, lines: list[IncomingScore]) -> StoredPeopleAndSamples:
        names = {line.record.annotator for line in lines}
        present = StoredPeopleAndSamples(
            dict(Member.objects.filter(study=self._study, name__in=names).values_list("name", "pk"))
        )
        if not present.members:
            return present
        name_of = {pk: name for name, pk in present.members.items()}
        where = {"sample__in": {line.sample_id for line in lines}, "member__in": list(name_of)}
        by_id: dict[int, StoredScore] = {}
        for score in Score.objects.filter(**where, voided_at=None):
            name = name_of[score.member_id]
            if score.origin == Score.Origin.GIVEN:
                present.at_work.add((score.sample_id, name))
            by_id[score.pk] = present.standing[score.sample_id, name, score.round] = StoredScore(score)
        ratings = Rating.objects.filter(score__in=list(by_id))
        for score_id, dimension_id, level_id in ratings.values_list("score_id", "dimension_id", "level_id"):
            by_id[score_id].levels[dimension_id] = level_id
        leased = Assignment.objects.filter(**where, state__in=(Assignment.State.LEASED, Assignment.State.SCORED))
        for sample_id, member_id in leased.values_list("sample_id", "member_id"):
            present.at_work.add((sample_id, name_of[member_id]))
        return present

    def _plan(self, lines: list[IncomingScore], present: StoredPeopleAndSamples) -> ScoreImportPlan:
        plan = ScoreImportPlan()
        for line in lines:
            record = line.record
            standing = present.standing.get(line.place)
            stored = standing.levels.get(line.dimension_id) if standing else None
            if line.by_rule:
                plan.unchanged += 1
            elif (line.sample_id, record.annotator) in present.at_work:
                message = f"{record.annotator!r} scores this sample here; a score given here is never added to."
                plan.refused.append(LineError(line.line, "annotator", f"{message} Remove the line."))
            elif stored is None and standing is not None and standing.score.origin == Score.Origin.SIGNED:
                message = f"{record.annotator!r} signed this round in a discussion here; nothing is added to that."
                plan.refused.append(LineError(line.line, "round", f"{message} Remove the line."))
            elif stored is None:
                plan.new.append(line)
            elif stored == line.level_id:
                plan.unchanged += 1
            else:
                message = "This annotator's value is here already and is another one; the one that is here is kept."
                plan.refused.append(LineError(line.line, "value", message))
        return plan

    def _store(self, new: list[IncomingScore], present: StoredPeopleAndSamples) -> None:
        unknown = {line.record.annotator for line in new} - present.members.keys()
        members = present.members | self._new_members(unknown)
        by_place: dict[Place, list[IncomingScore]] = defaultdict(list)
        for line in new:
            by_place[line.place].append(line)
        standing = present.standing
        self._grow([(standing[place], lines) for place, lines in by_place.items() if place in standing])
        added = [(place, lines) for place, lines in by_place.items() if place not in standing]
        score_ids = {place: there.score.pk for place, there in standing.items()}
        score_ids.update(zip((place for place, _ in added), bulk_insert.next_ids(Score, len(added)), strict=True))
        bulk_insert.insert_rows(
            Score,
            ("id", "sample_id", "member_id", "round", "origin", "complete", "at", "seconds"),
            (
                (
                    score_ids[place],
                    place[0],
                    members[place[1]],
                    place[2],
                    Score.Origin.IMPORTED,
                    self._is_complete(lines, 0),
                    _stored(_latest(line.record.at for line in lines)),
                    _most(line.record.seconds for line in lines),
                )
                for place, lines in added
            ),
        )
        bulk_insert.insert_rows(
            Rating,
            ("id", "score_id", "dimension_id", "level_id"),
            zip(
                bulk_insert.next_ids(Rating, len(new)),
                (score_ids[line.place] for line in new),
                (line.dimension_id for line in new),
                (line.level_id for line in new),
                strict=True,
            ),
        )
        freeze_rubric(self._rubric)

    def _grow(self, grown: list[tuple[StoredScore, list[IncomingScore]]]) -> None:
        """Tell scores that stand what new ratings make of them."""
        for standing, lines in grown:
            score = standing.score
            score.complete = self._is_complete(lines, len(standing.levels))
            score.at = _latest([score.at, *(line.record.at for line in lines)])
            score.seconds = _most([score.seconds, *(line.record.seconds for line in lines)])
        Score.objects.bulk_update([standing.score for standing, _ in grown], ["complete", "at", "seconds"], 200)

    def _is_complete(self, lines: list[IncomingScore], have: int) -> bool:
        return have + len(lines) >= len(self._dimensions) - len(self._locked[lines[0].sides])

    def _new_members(self, names: set[str]) -> dict[str, int]:
        rows = [Member(study=self._study, name=name, role=Member.Role.ANNOTATOR) for name in sorted(names)]
        Member.objects.bulk_create(rows)
        return {row.name: row.pk for row in rows}


def _latest(moments: Iterable[datetime | None]) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)


def _stored(at: datetime | None) -> object:
    return None if at is None else database_time(at)


def _most(numbers: Iterable[float | None]) -> float | None:
    return max((number for number in numbers if number is not None), default=None)
