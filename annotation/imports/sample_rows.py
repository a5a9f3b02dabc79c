"""The rows of imported samples: new ones, replaced ones, and which lines change nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Max
from django.utils import timezone

from annotation.core import bulk_insert
from annotation.core.errors import WrongState
from annotation.core.rubric_cache import RubricDefinition
from annotation.core.sample_states import Event, SampleState, next_state
from annotation.core.sql import prefer_indexes
from annotation.core.study_guards import lock_for_intake
from annotation.core.transactions import write_transaction
from annotation.jobs.rejected_lines import LineError
from annotation.models import (
    Assignment,
    FinalScore,
    HistoryEntry,
    Picture,
    Question,
    Sample,
    SampleContent,
    SamplePicture,
    Score,
    Study,
    User,
)
from annotation.releases.test_pool import draw_for
from annotation.studies.rubrics import freeze_rubric

from . import content_replacement
from .content_replacement import DroppedDependents
from .question_changes import LineRejection, reasons_to_stay
from .sample_lines import IncomingSample

DESCRIBED = ("generator", "domain", "category", "topic", "language", "has_text", "has_image")
OUR_OWN_OUTCOMES = (FinalScore.Outcome.BY_RULE, FinalScore.Outcome.IMPORTED)


@dataclass(slots=True)
class WrittenPiece:
    """What became of a piece."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[LineError] = field(default_factory=list)
    dropped: DroppedDependents = field(default_factory=DroppedDependents)
    """What was said of the contents that were replaced; in a dry run, what would go."""


class StoredSample(NamedTuple):
    """A sample that the study already has."""

    pk: int
    state: str
    digest: str


@dataclass(slots=True)
class SampleImportPlan:
    """What is to be done with the lines of a piece."""

    new: list[IncomingSample] = field(default_factory=list)
    changed: list[tuple[IncomingSample, StoredSample]] = field(default_factory=list)
    unchanged: int = 0
    refused: list[LineError] = field(default_factory=list)

    def written(self) -> WrittenPiece:
        return WrittenPiece(len(self.new), len(self.changed), self.unchanged, self.refused)


class SampleWriter:
    """Writes the samples of one file, a piece per transaction."""

    def __init__(
        self, study: Study | None, rubric: RubricDefinition, *, by: User | None, update: bool, dry_run: bool
    ) -> None:
        self._study, self._rubric, self._by = study, rubric, by
        self._update, self._dry_run = update, dry_run

    def write(self, samples: list[IncomingSample], *, counted: Callable[[WrittenPiece], None]) -> WrittenPiece:
        """Bring the database to what the lines say, as far as that is allowed.

        ``counted`` is told what became of them in the transaction that does it.

        Raises:
            WrongState: the study was closed meanwhile (`study_closed`).
        """
        plan = self._plan(samples)
        if self._study is not None and not self._dry_run and (plan.new or plan.changed):
            with write_transaction():
                lock_for_intake(self._study, "samples")
                if self._update:
                    content_replacement.hold_back_writers(self._study)
                plan = self._plan(samples, lock=True)
                written = plan.written()
                self._create(self._study, plan.new)
                written.dropped = self._replace(self._study, plan.changed)
                counted(written)
                return written
        written = plan.written()
        written.dropped = content_replacement.count_dependents(
            content_replacement.find_changed_content(_by_key(plan.changed))
        )
        counted(written)
        return written

    def _plan(self, samples: list[IncomingSample], *, lock: bool = False) -> SampleImportPlan:
        plan = SampleImportPlan()
        if self._study is None:
            plan.new = samples
            return plan
        ids = [sample.record.id for sample in samples]
        rows = Sample.objects.filter(study=self._study, external_id__in=ids)
        with prefer_indexes():
            present = {
                name: StoredSample(pk, state, digest)
                for name, pk, state, digest in rows.values_list("external_id", "pk", "state", "content__digest")
            }
        changed = []
        for sample in samples:
            there = present.get(sample.record.id)
            if there is None:
                plan.new.append(sample)
            elif there.digest == sample.digest:
                plan.unchanged += 1
            else:
                changed.append((sample, there))
        reasons = self._reasons_to_keep(self._study, changed, lock=lock) if changed else {}
        for sample, there in changed:
            if there.pk in reasons:
                plan.refused.append(LineError(sample.line, *reasons[there.pk]))
            else:
                plan.changed.append((sample, there))
        return plan

    def _reasons_to_keep(
        self, study: Study, changed: list[tuple[IncomingSample, StoredSample]], *, lock: bool
    ) -> dict[int, LineRejection]:
        """Return why samples cannot be replaced, by primary key; with ``lock`` it stays true until the end.

        The reason that no other run changes is the one that is told.
        """
        by_key = _by_key(changed)
        keys = list(by_key)
        if lock:
            list(Sample.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))
        reasons: dict[int, LineRejection] = {}

        def keep(pk: int, why: str) -> None:
            reasons[pk] = LineRejection("id", f"{by_key[pk].record.id!r} {why}")

        if not self._update:
            for pk in keys:
                keep(pk, "is here already with other content; run again with --update to replace it.")
        leased = Assignment.objects.filter(sample__in=keys, state=Assignment.State.LEASED)
        for pk in leased.values_list("sample_id", flat=True):
            keep(pk, "is changed, and somebody is scoring it right now; try again when their lease has ended.")
        reasons |= reasons_to_stay(study, by_key)
        decided = FinalScore.objects.filter(sample__in=keys, current=True).exclude(outcome__in=OUR_OWN_OUTCOMES)
        scored = Score.objects.filter(sample__in=keys, voided_at=None)
        for pk in {*scored.values_list("sample_id", flat=True), *decided.values_list("sample_id", flat=True)}:
            keep(pk, "is changed, and has been scored; that is never replaced. Give the new content another id.")
        for sample, there in changed:
            if there.pk not in reasons:
                try:
                    _standing(sample, next_state(there.state, Event.CONTENT_REPLACED), Sample.Stage.CLOSED)
                except WrongState as error:
                    keep(there.pk, f"is changed, and cannot be replaced: {error.message}")
        return reasons

    def _create(self, study: Study, new: list[IncomingSample]) -> None:
        if not new:
            return
        questions = self._questions(study, new)
        keys = bulk_insert.next_ids(Sample, len(new))
        pairs = list(zip(keys, new, strict=True))
        bulk_insert.insert_rows(
            Sample,
            ("id", "study_id", "question_id", "external_id", *DESCRIBED, "state", "stage"),
            (
                (
                    pk,
                    study.pk,
                    questions[sample.question_key],
                    sample.record.id,
                    *_described(sample),
                    *_standing(sample, SampleState.WAITING, Sample.Stage.UNTOUCHED),
                )
                for pk, sample in pairs
            ),
        )
        bulk_insert.insert_rows(
            SampleContent,
            ("sample_id", "turns", "metadata", "digest"),
            ((pk, sample.turns_text, sample.metadata_text, sample.digest) for pk, sample in pairs),
        )
        self._place_pictures(pairs)
        self._decide(pairs, versions={})

    def _replace(self, study: Study, changed: list[tuple[IncomingSample, StoredSample]]) -> DroppedDependents:
        """Store other lines of samples that are there, and drop what is said of contents that are no more."""
        if not changed:
            return DroppedDependents()
        others = content_replacement.find_changed_content(_by_key(changed))
        dropped = content_replacement.forget_dependents(study, others)
        questions = self._questions(study, [sample for sample, _ in changed])
        now = timezone.now()
        for sample, there in changed:
            row = Sample.objects.get(pk=there.pk)
            state, stage = next_state(row.state, Event.CONTENT_REPLACED), Sample.Stage(row.stage)
            if row.state == Sample.State.AGREED:
                stage = Sample.Stage.UNTOUCHED
            state, stage = _standing(sample, state, stage)
            values: dict[str, object] = dict(zip(DESCRIBED, _described(sample), strict=True))
            if stage == Sample.Stage.CLOSED:
                values["free_slots"] = 0
            Sample.objects.filter(pk=row.pk).update(
                question_id=questions[sample.question_key], state=state, stage=stage, **values
            )
            SampleContent.objects.filter(sample=row).update(
                turns=sample.turns, metadata=sample.record.metadata, digest=sample.digest
            )
        keys = [there.pk for _, there in changed]
        SamplePicture.objects.filter(sample__in=keys).delete()
        FinalScore.objects.filter(sample__in=keys, current=True).update(current=False)
        versions = FinalScore.objects.filter(sample__in=keys).values_list("sample_id").annotate(Max("version"))
        pairs = [(there.pk, sample) for sample, there in changed]
        self._place_pictures(pairs)
        self._decide(pairs, versions=dict(versions))
        HistoryEntry.objects.bulk_create(
            HistoryEntry(
                study=study,
                sample_id=there.pk,
                user=self._by,
                event=Event.CONTENT_REPLACED,
                detail={"before": there.digest, "after": sample.digest, "other_content": there.pk in others},
                at=now,
            )
            for sample, there in changed
        )
        return dropped

    def _questions(self, study: Study, samples: Iterable[IncomingSample]) -> dict[str, int]:
        keys = list(dict.fromkeys(sample.question_key for sample in samples))
        known = dict(Question.objects.filter(study=study, key__in=keys).values_list("key", "pk"))
        draw = draw_for(study)
        new = [Question(study=study, key=key, **draw(key)._asdict()) for key in keys if key not in known]
        Question.objects.bulk_create(new)
        return known | {question.key: question.pk for question in new}

    def _place_pictures(self, samples: list[tuple[int, IncomingSample]]) -> None:
        digests = {sha256 for _, sample in samples for sha256 in sample.sha256}
        if not digests:
            return
        pictures = dict(Picture.objects.filter(sha256__in=digests).values_list("sha256", "pk"))
        SamplePicture.objects.bulk_create(
            SamplePicture(sample_id=pk, picture_id=pictures[sha256], position=position, source_name=image.path)
            for pk, sample in samples
            for position, (sha256, image) in enumerate(zip(sample.sha256, sample.record.images, strict=True))
        )

    def _decide(self, samples: list[tuple[int, IncomingSample]], versions: dict[int, int]) -> None:
        """Store the final scores of samples that came labelled or have nothing to score."""
        rows = []
        for pk, sample in samples:
            if not sample.decided:
                continue
            labels = sample.labels or {}
            origin = FinalScore.LabelOrigin.BLIND if sample.by_rule else FinalScore.LabelOrigin.IMPORTED
            for dimension in self._rubric.dimensions:
                locked = sample.locked.get(dimension.key)
                value = locked.value if locked else labels[dimension.key]
                rows.append(
                    FinalScore(
                        sample_id=pk,
                        dimension_id=dimension.id,
                        level_id=None if value is None else dimension.level_of[value],
                        version=versions.get(pk, 0) + 1,
                        outcome=FinalScore.Outcome.BY_RULE if locked else FinalScore.Outcome.IMPORTED,
                        label_origin=origin,
                        by=self._by,
                    )
                )
        if rows:
            FinalScore.objects.bulk_create(rows)
            freeze_rubric(self._rubric)


def _by_key(changed: list[tuple[IncomingSample, StoredSample]]) -> dict[int, IncomingSample]:
    """Return changed lines by the primary key of their sample."""
    return {there.pk: sample for sample, there in changed}


def _described(sample: IncomingSample) -> tuple[object, ...]:
    record = sample.record
    texts = (record.generator, record.domain, record.category, record.topic, record.language)
    return (*texts, record.has_text, record.has_image)


def _standing(sample: IncomingSample, state: SampleState, stage: Sample.Stage) -> tuple[SampleState, Sample.Stage]:
    """Return state and stage of a sample with this content that stood there before."""
    if not sample.decided:
        return state, stage
    event = Event.DECIDED_BY_RULE if sample.by_rule else Event.LABELS_IMPORTED
    return next_state(state, event), Sample.Stage.CLOSED
