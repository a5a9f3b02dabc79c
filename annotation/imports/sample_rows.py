"""Stores the rows of imported samples, new ones and replaced ones."""

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
from annotation.releases.test_pool import question_draw_of_study
from annotation.studies.rubrics import freeze_rubric

from . import content_replacement
from .content_replacement import DroppedDependents
from .question_changes import LineRejection, find_question_conflicts
from .sample_lines import IncomingSample

DESCRIPTIVE_FIELDS = ("generator", "domain", "category", "topic", "language", "has_text", "has_image")
REPLACEABLE_OUTCOMES = (FinalScore.Outcome.BY_RULE, FinalScore.Outcome.IMPORTED)


@dataclass(slots=True)
class WrittenChunk:
    """The counts of what a chunk of lines changed."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[LineError] = field(default_factory=list)
    dropped: DroppedDependents = field(default_factory=DroppedDependents)
    """What was deleted about replaced contents; in a dry run, what would be."""


class StoredSample(NamedTuple):
    """A sample that the study already has."""

    pk: int
    state: str
    digest: str


@dataclass(slots=True)
class SampleImportPlan:
    """The lines of a chunk, sorted by what is to be done with them."""

    new: list[IncomingSample] = field(default_factory=list)
    changed: list[tuple[IncomingSample, StoredSample]] = field(default_factory=list)
    unchanged: int = 0
    refused: list[LineError] = field(default_factory=list)

    def to_result(self) -> WrittenChunk:
        return WrittenChunk(len(self.new), len(self.changed), self.unchanged, self.refused)


class SampleWriter:
    """Writes the samples of one file, a chunk per transaction."""

    def __init__(
        self, study: Study | None, rubric: RubricDefinition, *, by: User | None, update: bool, dry_run: bool
    ) -> None:
        self._study, self._rubric, self._by = study, rubric, by
        self._update, self._dry_run = update, dry_run

    def write(self, samples: list[IncomingSample], *, on_write: Callable[[WrittenChunk], None]) -> WrittenChunk:
        """Store the samples of the lines, as far as that is allowed.

        ``on_write`` is called with the result in the transaction that stores it.

        Raises:
            WrongState: the study was closed meanwhile (`study_closed`).
        """
        plan = self._plan(samples)
        if self._study is not None and not self._dry_run and (plan.new or plan.changed):
            with write_transaction():
                lock_for_intake(self._study, "samples")
                if self._update:
                    content_replacement.lock_writers(self._study)
                plan = self._plan(samples, lock=True)
                result = plan.to_result()
                self._create(self._study, plan.new)
                result.dropped = self._replace(self._study, plan.changed)
                on_write(result)
                return result
        result = plan.to_result()
        result.dropped = content_replacement.count_dependents(
            content_replacement.find_changed_content(_by_sample_id(plan.changed))
        )
        on_write(result)
        return result

    def _plan(self, samples: list[IncomingSample], *, lock: bool = False) -> SampleImportPlan:
        plan = SampleImportPlan()
        if self._study is None:
            plan.new = samples
            return plan
        ids = [sample.record.id for sample in samples]
        rows = Sample.objects.filter(study=self._study, external_id__in=ids)
        with prefer_indexes():
            stored_samples = {
                name: StoredSample(pk, state, digest)
                for name, pk, state, digest in rows.values_list("external_id", "pk", "state", "content__digest")
            }
        changed = []
        for sample in samples:
            stored = stored_samples.get(sample.record.id)
            if stored is None:
                plan.new.append(sample)
            elif stored.digest == sample.digest:
                plan.unchanged += 1
            else:
                changed.append((sample, stored))
        reasons = self._reasons_to_keep(self._study, changed, lock=lock) if changed else {}
        for sample, stored in changed:
            if stored.pk in reasons:
                plan.refused.append(LineError(sample.line, *reasons[stored.pk]))
            else:
                plan.changed.append((sample, stored))
        return plan

    def _reasons_to_keep(
        self, study: Study, changed: list[tuple[IncomingSample, StoredSample]], *, lock: bool
    ) -> dict[int, LineRejection]:
        """Return why samples cannot be replaced, by primary key.

        With ``lock`` that stays true until the end of the transaction.

        Of several reasons the one that no other run changes is returned.
        """
        incoming_by_id = _by_sample_id(changed)
        sample_ids = list(incoming_by_id)
        if lock:
            list(Sample.objects.select_for_update().filter(pk__in=sample_ids).order_by("pk").values_list("pk"))
        reasons: dict[int, LineRejection] = {}

        def reject(pk: int, reason: str) -> None:
            reasons[pk] = LineRejection("id", f"{incoming_by_id[pk].record.id!r} {reason}")

        if not self._update:
            for pk in sample_ids:
                reject(pk, "is here already with other content; run again with --update to replace it.")
        leased = Assignment.objects.filter(sample__in=sample_ids, state=Assignment.State.LEASED)
        for pk in leased.values_list("sample_id", flat=True):
            reject(pk, "is changed, and somebody is scoring it right now; try again when their lease has ended.")
        reasons |= find_question_conflicts(study, incoming_by_id)
        decided = FinalScore.objects.filter(sample__in=sample_ids, current=True).exclude(
            outcome__in=REPLACEABLE_OUTCOMES
        )
        scored = Score.objects.filter(sample__in=sample_ids, voided_at=None)
        for pk in {*scored.values_list("sample_id", flat=True), *decided.values_list("sample_id", flat=True)}:
            reject(pk, "is changed, and has been scored; that is never replaced. Give the new content another id.")
        for sample, stored in changed:
            if stored.pk not in reasons:
                try:
                    _resolve_state(sample, next_state(stored.state, Event.CONTENT_REPLACED), Sample.Stage.CLOSED)
                except WrongState as error:
                    reject(stored.pk, f"is changed, and cannot be replaced: {error.message}")
        return reasons

    def _create(self, study: Study, new: list[IncomingSample]) -> None:
        if not new:
            return
        questions = self._questions(study, new)
        keys = bulk_insert.next_ids(Sample, len(new))
        pairs = list(zip(keys, new, strict=True))
        bulk_insert.insert_rows(
            Sample,
            ("id", "study_id", "question_id", "external_id", *DESCRIPTIVE_FIELDS, "state", "stage"),
            (
                (
                    pk,
                    study.pk,
                    questions[sample.question_key],
                    sample.record.id,
                    *_describe(sample),
                    *_resolve_state(sample, SampleState.WAITING, Sample.Stage.UNTOUCHED),
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
        """Replace the content of stored samples, and delete what depended on the old one."""
        if not changed:
            return DroppedDependents()
        with_other_content = content_replacement.find_changed_content(_by_sample_id(changed))
        dropped = content_replacement.delete_dependents(study, with_other_content)
        questions = self._questions(study, [sample for sample, _ in changed])
        now = timezone.now()
        for sample, stored in changed:
            row = Sample.objects.get(pk=stored.pk)
            state, stage = next_state(row.state, Event.CONTENT_REPLACED), Sample.Stage(row.stage)
            if row.state == Sample.State.AGREED:
                stage = Sample.Stage.UNTOUCHED
            state, stage = _resolve_state(sample, state, stage)
            values: dict[str, object] = dict(zip(DESCRIPTIVE_FIELDS, _describe(sample), strict=True))
            if stage == Sample.Stage.CLOSED:
                values["free_slots"] = 0
            Sample.objects.filter(pk=row.pk).update(
                question_id=questions[sample.question_key], state=state, stage=stage, **values
            )
            SampleContent.objects.filter(sample=row).update(
                turns=sample.turns, metadata=sample.record.metadata, digest=sample.digest
            )
        sample_ids = [stored.pk for _, stored in changed]
        SamplePicture.objects.filter(sample__in=sample_ids).delete()
        FinalScore.objects.filter(sample__in=sample_ids, current=True).update(current=False)
        versions = FinalScore.objects.filter(sample__in=sample_ids).values_list("sample_id").annotate(Max("version"))
        pairs = [(stored.pk, sample) for sample, stored in changed]
        self._place_pictures(pairs)
        self._decide(pairs, versions=dict(versions))
        HistoryEntry.objects.bulk_create(
            HistoryEntry(
                study=study,
                sample_id=stored.pk,
                user=self._by,
                event=Event.CONTENT_REPLACED,
                detail={
                    "before": stored.digest,
                    "after": sample.digest,
                    "other_content": stored.pk in with_other_content,
                },
                at=now,
            )
            for sample, stored in changed
        )
        return dropped

    def _questions(self, study: Study, samples: Iterable[IncomingSample]) -> dict[str, int]:
        keys = list(dict.fromkeys(sample.question_key for sample in samples))
        stored = dict(Question.objects.filter(study=study, key__in=keys).values_list("key", "pk"))
        draw = question_draw_of_study(study)
        created = [Question(study=study, key=key, **draw(key)._asdict()) for key in keys if key not in stored]
        Question.objects.bulk_create(created)
        return stored | {question.key: question.pk for question in created}

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


def _by_sample_id(changed: list[tuple[IncomingSample, StoredSample]]) -> dict[int, IncomingSample]:
    """Return changed lines by the primary key of their sample."""
    return {stored.pk: sample for sample, stored in changed}


def _describe(sample: IncomingSample) -> tuple[object, ...]:
    record = sample.record
    texts = (record.generator, record.domain, record.category, record.topic, record.language)
    return (*texts, record.has_text, record.has_image)


def _resolve_state(sample: IncomingSample, state: SampleState, stage: Sample.Stage) -> tuple[SampleState, Sample.Stage]:
    """Return the state and stage that a sample gets with this content.

    ``state`` and ``stage`` are those that it has otherwise.
    """
    if not sample.decided:
        return state, stage
    event = Event.DECIDED_BY_RULE if sample.by_rule else Event.LABELS_IMPORTED
    return next_state(state, event), Sample.Stage.CLOSED
