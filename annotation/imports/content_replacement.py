"""Deletes predictions, suggestions and queue entries about content that an import replaced.

The new content is judged, queued and scored anew.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Q

from annotation.models import (
    Arm,
    Assignment,
    JudgeRun,
    Prediction,
    QueueEntry,
    ReviewQueue,
    SampleContent,
    SamplePicture,
    Study,
    Suggestion,
)
from annotation.models.fields import opaque_id
from annotation.review_queue.storage import recount_entries

from .sample_lines import IncomingSample


@dataclass(frozen=True, slots=True)
class DroppedDependents:
    """Counts of what was deleted together with replaced contents."""

    samples: int = 0
    predictions: int = 0
    suggestions: int = 0


def find_changed_content(changed: Mapping[int, IncomingSample]) -> list[int]:
    """Return the primary keys of samples whose turns or pictures change.

    Other labels and names alone are no change of content.

    Call it before the new content is stored.
    """
    if not changed:
        return []
    turns = dict(SampleContent.objects.filter(sample__in=changed).values_list("sample_id", "turns"))
    pictures: dict[int, list[str]] = {}
    places = SamplePicture.objects.filter(sample__in=changed).order_by("sample", "position")
    for pk, sha256 in places.values_list("sample_id", "picture__sha256"):
        pictures.setdefault(pk, []).append(sha256)
    return [pk for pk, sample in changed.items() if turns[pk] != sample.turns or pictures.get(pk, []) != sample.sha256]


def count_dependents(samples: Collection[int]) -> DroppedDependents:
    """Count the predictions and suggestions about samples."""
    if not samples:
        return DroppedDependents()
    return DroppedDependents(
        len(samples),
        Prediction.objects.filter(sample__in=samples).count(),
        Suggestion.objects.filter(assignment__sample__in=samples).count(),
    )


def lock_writers(study: Study) -> None:
    """Lock the study's judge runs and queues against writes until the transaction ends.

    Lock the study before this and the samples after it.

    Whoever writes predictions or places locks these first and samples later.
    """
    list(JudgeRun.objects.select_for_update(no_key=True).filter(study=study).order_by("pk").values_list("pk"))
    list(ReviewQueue.objects.select_for_update().filter(study=study).values_list("pk"))


def delete_dependents(study: Study, samples: Collection[int]) -> DroppedDependents:
    """Delete predictions, suggestions and undecided queue entries of samples; return the counts.

    Pages that still show the old content lose their assignments.

    No score of theirs may stand, and nobody may hold them: what the annotators were shown rests on nothing then.
    """
    if not samples:
        return DroppedDependents()
    predictions, _ = Prediction.objects.filter(sample__in=samples).delete()
    suggestions, _ = Suggestion.objects.filter(assignment__sample__in=samples).delete()
    _renew_released_assignments(samples)
    # What follows the history puts them back to where the new content belongs.
    undecided = Q(decided_at=None) | Q(dismissed_at__isnull=False)
    if QueueEntry.objects.filter(undecided, sample__in=samples).delete()[0]:
        recount_entries(study)
    return DroppedDependents(len(samples), predictions, suggestions)


def _renew_released_assignments(samples: Collection[int]) -> None:
    """Give released assignments new ids, so that pages with the old content fail.

    These pages know the old ids. The assignments were handed back or ran out.

    Whatever their annotators saw of a judge was about the old content; of the new one they have seen nothing.
    """
    rows = Assignment.objects.filter(sample__in=samples, state=Assignment.State.RELEASED)
    released = list(rows.order_by("pk").only("pk"))
    for assignment in released:
        assignment.public_id, assignment.arm = opaque_id(), Arm.BLIND
    Assignment.objects.bulk_update(released, ("public_id", "arm"), batch_size=500)


def describe_dropped(dropped: DroppedDependents, *, dry_run: bool) -> list[str]:
    """Return notes on what was dropped, or would be; none where that is nothing."""
    if not dropped.predictions and not dropped.suggestions:
        return []
    deleted = f"{_count_text(dropped.predictions, 'prediction')} and {_count_text(dropped.suggestions, 'suggestion')}"
    samples = _count_text(dropped.samples, "sample")
    if dry_run:
        return [f"{samples} would get other content: {deleted} about the old content would be deleted."]
    again = " Have the judge predict again." if dropped.predictions else ""
    return [f"{samples} got other content: {deleted} about the old content were deleted.{again}"]


def _count_text(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
