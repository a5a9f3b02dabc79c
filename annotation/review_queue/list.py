"""Reads the review queue in pages, for those who read results.

The order is that of `ranking.interleave_random`: pinned entries first, then those in order and those at random, each
read by its own index. A page begins at a place, as the order itself changes while scores come in.

A member who owes a discussion their own reason does not see its sample in any list. A filter, or the place in the
list, would tell them how far the others are from them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from annotation.core.rubric_cache import RubricDefinition
from annotation.core.sample_content import questions_of
from annotation.core.visibility import open_participations
from annotation.models import Discussion, Job, Member, QueueEntry, ReviewQueue, Sample, SamplePicture, Study
from annotation.models.jobs import UNFINISHED
from annotation.samples import list as sample_list

from . import ranking
from .row_values import NO_VALUES, PredictedValue, read_first_round_values, read_predicted_values

RANDOM_EVERY = round(1 / ranking.LEAST_SHARE)
"""Every so many places one is random."""
IN_ORDER, AT_RANDOM = "order", "random"
PLACES = (IN_ORDER, AT_RANDOM)
REFRESH = "refresh_queue"
"""The kind of job that rebuilds the queues."""
BY_RANK = ("-first", "-second", "-third", "draw")


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """The filters of a list."""

    dimension: str = ""
    """The key of the one that the rank is about."""
    domain: str = ""
    spread: float = 0
    """At least so wide a range of values."""
    scores: int | None = None
    """From exactly so many people."""
    place: str = ""
    """One of `PLACES`."""
    dismissed: bool = False
    """Those that were dismissed, the latest first, in place of those that were not."""


@dataclass(frozen=True, slots=True)
class QueueCount:
    """The numbers of entries of a queue."""

    total: int = 0
    random: int = 0
    dismissed: int = 0
    """Not among the others."""

    def without(self, others: "QueueCount") -> "QueueCount":
        """Return the counts without those of ``others``."""
        return QueueCount(self.total - others.total, self.random - others.random, self.dismissed - others.dismissed)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One entry of a list, with its sample, values and predictions."""

    place: int
    """1, 2, … in the filtered list; of dismissed entries, too."""
    entry: QueueEntry
    sample: Sample
    question: str
    picture: str
    """Opaque id of its first picture; empty where it has none."""
    values: Mapping[str, tuple[float, ...]]
    """Independent values given so far, ascending, by dimension; empty while they are withheld."""
    predictions: Mapping[str, PredictedValue]
    """By dimension; without those that a rule decides."""
    since: datetime
    discussion: Discussion | None
    """The open one."""
    overdue: bool
    """The discussion is past its deadline."""
    met: int
    """How many of its scores were given in view of the judge; 0 while they are withheld."""
    prefilled: int
    """How many of those began with the judge's values, so that they are not independent."""
    withheld: bool
    """The reader owes the sample's discussion a reason first, so values and the reason for its place are hidden.

    Lists leave it out; it is met where it is asked for by its address.
    """

    @property
    def random(self) -> bool:
        """Whether its place was drawn at random."""
        return self.entry.random

    @property
    def pinned(self) -> bool:
        """Whether an admin put it first."""
        return self.entry.pinned_at is not None

    @property
    def reason(self) -> ranking.RankingReason | None:
        """The reason for its place; None while that is withheld."""
        return None if self.withheld else parse_reason(self.entry)


@dataclass(slots=True)
class QueuePage:
    """A page of entries, and where its neighbours begin."""

    rows: list[QueueRow] = field(default_factory=list)
    start: int = 1
    """The place of the first."""
    count: int = 0
    random: int = 0
    """Of the whole filtered list."""
    next: int | None = None
    """The place at which the next page begins."""
    previous: int | None = None
    left_out: int = 0
    """Entries left out under every filter, as the reader owes their discussions a reason; not counted."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The state of a study's queues, as far as the reader may know it."""

    queue: ReviewQueue | None
    """None where it has never been made."""
    job: Job | None
    """The one that rebuilds it now."""
    failed: Job | None
    """The last one, if it failed and none is at work."""
    counts: Mapping[str, QueueCount]
    """By kind, of those that the reader may find."""
    owed: Collection[int]
    """The samples in whose discussions the reader owes a reason."""
    left_out: Mapping[str, QueueCount]
    """By kind, the entries of those: neither found nor counted."""
    domains: Sequence[str]
    """The domains that a list can be filtered by."""

    @property
    def dismissed(self) -> dict[str, int]:
        """The numbers of dismissed entries, by kind."""
        return {kind: counted.dismissed for kind, counted in self.counts.items()}


def get_queue_status(study: Study, *, reader: Member | None = None) -> QueueStatus:
    """Return the state of a study's queues, as far as the reader may know."""
    queue = get_queue(study)
    job = Job.objects.filter(study=study, kind=REFRESH, state__in=UNFINISHED, cancel_requested=False).first()
    failed = None if job is not None else _find_failed_rebuild(study, queue)
    domains = sample_list.domains_of(study) if queue is None or queue.domains is None else queue.domains
    owed = find_samples_owing_reasons(study, reader)
    left_out = _count_left_out(study, owed)
    counts = {kind: count.without(left_out[kind]) for kind, count in _read_counts(study, queue).items()}
    return QueueStatus(queue, job, failed, counts, owed, left_out, domains)


def _find_failed_rebuild(study: Study, queue: ReviewQueue | None) -> Job | None:
    """Return the latest rebuild if it failed and none succeeded afterwards."""
    latest = Job.objects.filter(study=study, kind=REFRESH).order_by("-created_at").first()
    if latest is None or latest.state != Job.State.FAILED:
        return None
    made_at = queue.refreshed_at if queue is not None else None
    return latest if made_at is None or (latest.finished_at or made_at) > made_at else None


def find_samples_owing_reasons(study: Study, reader: Member | None) -> set[int]:
    """Return the samples in whose open discussions the reader owes a reason."""
    if reader is None:
        return set()
    taking_part = open_participations(study).filter(member=reader)
    return sample_list.samples_owed_reason(reader, taking_part.values_list("discussion__sample_id", flat=True))


def count_entries(study: Study, among: Collection[int] | None = None) -> dict[str, QueueCount]:
    """Count the entries of each queue of a study, or of some samples.

    They are counted one by one; the stored counts are for pages.
    """
    entries = QueueEntry.objects.filter(study=study, left_at=None)
    if among is not None:
        entries = entries.filter(sample__in=among)
    rows = entries.order_by().values("kind")
    active, is_random = Q(dismissed_at=None), Q(random=True)
    counts = {
        row["kind"]: QueueCount(row["total"], row["by_chance"], row["gone"])
        for row in rows.annotate(
            total=Count("pk", filter=active),
            by_chance=Count("pk", filter=active & is_random),
            gone=Count("pk", filter=~active),
        )
    }
    return {kind: counts.get(kind, QueueCount()) for kind in QueueEntry.Kind.values}


def _read_counts(study: Study, queue: ReviewQueue | None) -> dict[str, QueueCount]:
    if queue is None or not queue.counts:
        return count_entries(study)
    return {kind: QueueCount(**queue.counts[kind]) for kind in QueueEntry.Kind.values}


def _count_left_out(study: Study, owed: Collection[int]) -> dict[str, QueueCount]:
    """Count the entries that lists leave out.

    The filters of a list must not tell anything of them.
    """
    return count_entries(study, owed) if owed else {kind: QueueCount() for kind in QueueEntry.Kind.values}


def get_queue(study: Study) -> ReviewQueue | None:
    """Return a study's queues with their run, without the columns for rebuilds."""
    return ReviewQueue.objects.select_related("run").defer("foresight", "cuts").filter(study=study).first()


def get_queue_page(
    study: Study,
    rubric: RubricDefinition,
    kind: str,
    filters: QueueFilter,
    *,
    status: QueueStatus,
    start: int = 1,
    limit: int,
) -> QueuePage:
    """Return at most ``limit`` entries from place ``start`` on.

    ``status`` is as its reader may know it.
    """
    start = max(1, start)
    left_out = status.left_out[kind]
    rows = filter_entries(study, rubric, kind, filters, owed=status.owed)
    if filters == QueueFilter():
        count, random = status.counts[kind].total, status.counts[kind].random
    else:
        counts = rows.aggregate(count=Count("pk"), by_chance=Count("pk", filter=Q(random=True)))
        count, random = counts["count"], counts["by_chance"]
    # One more than is shown tells whether there is a page after it.
    if filters.dismissed:
        entries = list(rows.order_by("-dismissed_at", "-pk")[start - 1 : start + limit])
    else:
        entries = _read_places(rows, start - 1, start + limit)
    return QueuePage(
        rows=_build_rows(entries[:limit], rubric, status.queue, start=start),
        start=start,
        count=count,
        random=random,
        next=start + limit if len(entries) > limit else None,
        previous=max(1, start - limit) if start > 1 else None,
        left_out=left_out.dismissed if filters.dismissed else left_out.total,
    )


def filter_entries(
    study: Study, rubric: RubricDefinition, kind: str, filters: QueueFilter, *, owed: Collection[int]
) -> QuerySet[QueueEntry]:
    """Return the entries of a queue that a list shows, unordered.

    Those of the samples that are ``owed`` are left out.
    """
    rows = QueueEntry.objects.filter(
        study=study, kind=kind, left_at=None, dismissed_at__isnull=not filters.dismissed
    ).order_by()
    if owed:
        rows = rows.exclude(sample__in=owed)
    if filters.dimension:
        rows = rows.filter(
            dimension__in=[dimension.id for dimension in rubric.dimensions if dimension.key == filters.dimension]
        )
    if filters.domain:
        rows = rows.filter(sample__domain=filters.domain)
    if filters.spread:
        rows = rows.filter(spread__gte=filters.spread)
    if filters.scores is not None:
        rows = rows.filter(scores=filters.scores)
    if filters.place:
        rows = rows.filter(random=filters.place == AT_RANDOM)
    return rows


def count_random_before(places: int, *, in_order: int, at_random: int) -> int:
    """Return how many of the first ``places`` are random.

    The lists that `ranking.interleave_random` merges have these lengths.
    """
    return max(min(at_random, places // RANDOM_EVERY), places - in_order)


def parse_reason(entry: QueueEntry) -> ranking.RankingReason:
    """Return the reason for an entry's place, from its stored data."""
    stored = dict(entry.reason)
    kind = ranking.ReasonKind(stored.pop("kind", ranking.ReasonKind.NOTHING))
    return ranking.RankingReason(kind=kind, values=tuple(stored.pop("values", ())), **stored)


def _read_places(rows: QuerySet[QueueEntry], start: int, end: int) -> list[QueueEntry]:
    """Return the entries of the places from ``start`` to before ``end``.

    Both count from 0.
    """
    entries: list[QueueEntry] = []
    pinned_first = rows.filter(pinned_at__isnull=False)
    pinned = pinned_first.count()
    if start < pinned:
        entries = list(pinned_first.order_by("-pinned_at", "-pk")[start : min(end, pinned)])
    start, end = max(0, start - pinned), end - pinned
    if end <= start:
        return entries
    unpinned = rows.filter(pinned_at=None)
    in_order, at_random = unpinned.filter(random=False), unpinned.filter(random=True)
    # No more of either matters to places before the end, and an index counts them from its beginning.
    lengths = {"in_order": in_order[:end].count(), "at_random": at_random[:end].count()}
    end = min(end, sum(lengths.values()))
    random_before = [count_random_before(place, **lengths) for place in range(start, end + 1)]
    if not random_before:
        return entries
    ordered = iter(in_order.order_by(*BY_RANK)[start - random_before[0] : end - random_before[-1]])
    drawn = iter(at_random.order_by("draw")[random_before[0] : random_before[-1]])
    for place in range(end - start):
        entry = next(drawn if random_before[place + 1] > random_before[place] else ordered, None)
        if entry is not None:
            entries.append(entry)
    return entries


def _build_rows(
    entries: Iterable[QueueEntry],
    rubric: RubricDefinition,
    queue: ReviewQueue | None,
    *,
    start: int,
    withheld: Collection[int] = (),
) -> list[QueueRow]:
    entries = list(entries)
    sample_ids = [entry.sample_id for entry in entries]
    if not sample_ids:
        return []
    samples = Sample.objects.in_bulk(sample_ids)
    questions, pictures = questions_of(sample_ids), _pictures(sample_ids)
    values_by_sample, predictions = (
        read_first_round_values(sample_ids, rubric),
        read_predicted_values(queue, sample_ids),
    )
    cases = {
        case.sample_id: case
        for case in Discussion.objects.filter(sample__in=sample_ids).exclude(state=Discussion.State.CLOSED)
    }
    now = timezone.now()
    rows = []
    for number, entry in enumerate(entries):
        case = cases.get(entry.sample_id)
        is_withheld = entry.sample_id in withheld
        values = NO_VALUES if is_withheld else values_by_sample.get(entry.sample_id, NO_VALUES)
        rows.append(
            QueueRow(
                place=start + number,
                entry=entry,
                sample=samples[entry.sample_id],
                question=questions.get(entry.sample_id, ""),
                picture=pictures.get(entry.sample_id, ""),
                values=values.values,
                predictions={} if is_withheld else predictions.get(entry.sample_id, {}),
                since=entry.entered_at,
                discussion=case,
                overdue=case is not None and _is_overdue(case, now),
                met=values.met,
                prefilled=values.prefilled,
                withheld=is_withheld,
            )
        )
    return rows


def _pictures(samples: list[int]) -> dict[int, str]:
    firsts = SamplePicture.objects.filter(sample__in=samples, position=0)
    return dict(firsts.order_by().values_list("sample_id", "public_id"))


def _is_overdue(case: Discussion, now: datetime) -> bool:
    return case.state == Discussion.State.HANDED_OVER or (case.due_at is not None and case.due_at <= now)


def get_queue_row(entry: QueueEntry, rubric: RubricDefinition, *, reader: Member | None) -> QueueRow:
    """Return the row of one entry, with the place 0."""
    withheld = sample_list.samples_owed_reason(reader, [entry.sample_id])
    return _build_rows([entry], rubric, get_queue(entry.study), start=0, withheld=withheld)[0]
