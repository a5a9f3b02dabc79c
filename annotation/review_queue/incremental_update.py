"""Updates the queues for samples that changed a moment ago.

Every few seconds the history since the last update is read, of all studies at once and at most some thousands of
entries, so that the cost depends on what happened, not on the size of the queues. Entries of the last minute are read
more than once, as one that is committed late would be missed otherwise; what has not changed costs no write.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from annotation.core.rubric_cache import load_rubric
from annotation.core.sample_states import SampleState
from annotation.core.transactions import write_transaction
from annotation.models import HistoryEntry, Job, Prediction, QueueEntry, ReviewQueue, Sample, Study

from . import ranking, storage, work_priority
from .list import REFRESH
from .predicting_disputes import models_from_data
from .reading_facts import read_facts
from .rebuild import find_settled_history, request_rebuild
from .sample_facts import SampleFact

MAX_STEPS = 5_000
RETRY_AFTER = timedelta(minutes=10)
TOUCHED_STATES = (
    SampleState.SCORING,
    SampleState.IN_REVIEW,
    SampleState.IN_DISCUSSION,
    SampleState.AGREED,
    SampleState.BLOCKED,
)
# What changes more samples than its own steps name.
BULK_EVENTS = ("samples_imported", "scores_imported", "scores_complete")


def catch_up() -> int:
    """Update the queues of all studies; return how many entries changed.

    A study that has scores and no queues yet gets them; one into which much came at once has them rebuilt.
    """
    for study in _find_studies_without_queues():
        request_rebuild(by=None, study=study)
    built = ReviewQueue.objects.select_related("study", "run").exclude(refreshed_at=None)
    # Before any steps are read: what is settled then is among them.
    settled = find_settled_history(timezone.now())
    queues = list(built.exclude(study__state=Study.State.CLOSED))
    # Whose study was closed for long goes through its own steps, so that the others need not wait for it.
    behind = [queue for queue in queues if settled - queue.history_through > MAX_STEPS]
    together = [queue for queue in queues if queue not in behind]
    return sum(_process_steps(group, settled) for group in (together, *([queue] for queue in behind)))


def _process_steps(queues: Sequence[ReviewQueue], settled: int) -> int:
    """Update some queues for their next steps; return how many entries changed.

    All of them have been looked through up to ``settled`` then, or to the last step that was read.
    """
    if not queues:
        return 0
    queue_of_study = {queue.study_id: queue for queue in queues}
    steps = list(
        HistoryEntry.objects.filter(study__in=queue_of_study, pk__gt=min(queue.history_through for queue in queues))
        .order_by("pk")
        .values_list("pk", "study_id", "sample_id", "event", "at")[:MAX_STEPS]
    )
    if len(steps) == MAX_STEPS:
        settled = min(settled, steps[-1][0])
    touched: dict[int, set[int]] = defaultdict(set)
    changed_at: dict[int, datetime] = {}
    for pk, study_id, sample, event, at in steps:
        queue = queue_of_study[study_id]
        if pk <= queue.history_through:
            continue
        if sample is not None:
            touched[study_id].add(sample)
        elif event in BULK_EVENTS and queue.refreshed_at is not None and queue.refreshed_at <= at:
            changed_at[study_id] = at
    changed = 0
    for study_id, samples in touched.items():
        changed += update_queues(queue_of_study[study_id], sorted(samples))
    for study_id, at in changed_at.items():
        _request_rebuild_since(queue_of_study[study_id].study, at)
    with write_transaction():
        for queue in queues:
            # Unless it was rebuilt meanwhile: then the steps are read again from where the rebuild read.
            rows = ReviewQueue.objects.filter(pk=queue.pk, refreshed_at=queue.refreshed_at)
            rows.filter(history_through__lt=settled).update(history_through=settled)
    return changed


def _request_rebuild_since(study: Study, at: datetime) -> None:
    """Request a rebuild, unless one runs that began after ``at``."""
    running = Job.objects.filter(study=study, kind=REFRESH, state=Job.State.RUNNING, cancel_requested=False)
    if not running.filter(started_at__gt=at).exists():
        request_rebuild(by=None, study=study)


def update_queues(queue: ReviewQueue, samples: Sequence[int]) -> int:
    """Update the entries and priorities of some samples; return how many entries changed."""
    study, at = queue.study, timezone.now()
    rubric = load_rubric(study.rubric_id)
    facts = read_facts(study, queue.run, samples, models=models_from_data(queue.foresight)).samples
    changed = 0
    with write_transaction():
        ReviewQueue.objects.select_for_update().get(pk=queue.pk)
        storage.store_outcomes(facts, rubric, at=at)
        for kind in ranking.QueueKind:
            belonging = [fact for fact in facts if fact.belongs_in(kind)]
            places = _compute_positions(queue, kind, belonging)
            changed += storage.store_entries(study.pk, places, rubric, at=at)
            staying = {fact.sample for fact in belonging}
            changed += storage.remove_entries(kind, [sample for sample in samples if sample not in staying], at=at)
        if changed:
            storage.summarize_queues(study)
    if queue.work_order in work_priority.QUEUE_OF:
        wanting = [fact for fact in facts if fact.wants_scores]
        work_priority.apply_priorities(_update_priorities(queue, wanting), wanting)
    return changed


def _compute_positions(
    queue: ReviewQueue, kind: ranking.QueueKind, facts: Sequence[SampleFact]
) -> list[storage.QueuePosition]:
    """Return the positions of samples among the others as they are.

    Each is ranked by itself.
    """
    rows = QueueEntry.objects.filter(kind=kind, sample__in=[fact.sample for fact in facts])
    entries = {row.sample_id: row for row in rows}
    places = []
    for fact in facts:
        entry = entries.get(fact.sample)
        draw = ranking.draw_number(fact.evidence.name, kind, seed=queue.seed)
        random = draw < ranking.LEAST_SHARE if entry is None else entry.random
        weight = ranking.weigh_sample(fact.evidence, kind)
        rank, reason = weight.rank, weight.reason
        if kind is ranking.QueueKind.LABEL_NEXT:
            before = -entry.first if entry is not None else _count_before(queue, fact)
            rank, reason = (-float(before), *rank[1:]), replace(reason, place=int(before))
        if random:
            reason = replace(reason, kind=ranking.ReasonKind.RANDOM)
        places.append(storage.QueuePosition(fact, kind, random, draw, rank, weight.dimension, reason))
    return places


def _count_before(queue: ReviewQueue, fact: SampleFact) -> int:
    """Return how many of its cluster precede a sample new in the label queue.

    All that are there do.

    What has no cluster comes last, as nothing says that it is diverse. A refresh finds both their right places.
    """
    rows = QueueEntry.objects.filter(
        study=queue.study_id, kind=ranking.QueueKind.LABEL_NEXT, left_at=None, random=False
    )
    if fact.evidence.cluster is not None:
        same = Prediction.objects.filter(run=queue.run_id, sample=OuterRef("sample_id"), cluster=fact.evidence.cluster)
        rows = rows.filter(Exists(same))
    return rows.exclude(sample=fact.sample).count()


def _update_priorities(queue: ReviewQueue, facts: Iterable[SampleFact]) -> dict[int, int]:
    """Return the priorities of samples among those that others were given.

    How much the models of a judge differ about a sample does not change with its scores, nor does a random draw: only
    the order of disputes moves.
    """
    if work_priority.QUEUE_OF[queue.work_order] is not ranking.QueueKind.DISPUTED:
        return {}
    priorities = {}
    for fact in facts:
        draw = ranking.draw_number(fact.evidence.name, ranking.QueueKind.DISPUTED, seed=queue.seed)
        if draw < ranking.LEAST_SHARE:
            priorities[fact.sample] = fact.priority or work_priority.random_priority(draw)
        else:
            weight = ranking.weigh_sample(fact.evidence, ranking.QueueKind.DISPUTED, ranking.OrderPurpose.ASK)
            priorities[fact.sample] = work_priority.find_priority(weight.rank, queue.cuts)
    return priorities


def _find_studies_without_queues() -> list[Study]:
    """Return the active studies without queues and without a rebuild under way."""
    touched = Sample.objects.filter(study=OuterRef("pk"), state__in=TOUCHED_STATES)
    lately = timezone.now() - RETRY_AFTER
    tried = Job.objects.filter(study=OuterRef("pk"), kind=REFRESH).exclude(finished_at__lt=lately)
    at_work = Study.objects.filter(
        Q(review_queue=None) | Q(review_queue__refreshed_at=None), state__in=(Study.State.RUNNING, Study.State.PAUSED)
    )
    return list(at_work.filter(Exists(touched), ~Exists(tried)))
