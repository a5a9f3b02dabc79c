"""The review queue as those who read results look through it, a page at a time. Read-only.

The order is `priority.interleaved`'s: pinned entries first, then those in order and those at random, each read by its
own index. A page begins at a place, as the order itself changes while scores come in.

Who owes a discussion their own reason does not find its sample in any list: by narrowing one, or by the place in it,
they would learn how far the others are from them.
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
from .row_values import NOTHING, PredictedValue, first_round_values, read_predicted_values

EVERY = round(1 / ranking.LEAST_SHARE)
"""Every so many places one is random."""
IN_ORDER, AT_RANDOM = "order", "random"
PLACES = (IN_ORDER, AT_RANDOM)
REFRESH = "refresh_queue"
"""The kind of job that makes the queues anew."""
BY_RANK = ("-first", "-second", "-third", "draw")


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What a list is narrowed by."""

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
    """How many entries a queue has."""

    total: int = 0
    random: int = 0
    dismissed: int = 0
    """Not among the others."""

    def without(self, others: "QueueCount") -> "QueueCount":
        """Return how many are left without some of them."""
        return QueueCount(self.total - others.total, self.random - others.random, self.dismissed - others.dismissed)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One entry in the list."""

    place: int
    """1, 2, … in the list as it is narrowed; of dismissed ones, too."""
    entry: QueueEntry
    sample: Sample
    question: str
    picture: str
    """Opaque id of its first picture; empty where it has none."""
    values: Mapping[str, tuple[float, ...]]
    """Independent values given so far, ascending, by dimension; empty while they are withheld."""
    said: Mapping[str, PredictedValue]
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
    """The reader owes the sample's discussion a reason first: neither values nor why it stands here are for them.

    Lists leave it out; it is met where it is asked for by its address.
    """

    @property
    def random(self) -> bool:
        """Was its place drawn by chance?"""
        return self.entry.random

    @property
    def pinned(self) -> bool:
        """Did an admin put it first?"""
        return self.entry.pinned_at is not None

    @property
    def reason(self) -> ranking.RankingReason | None:
        """Why it stands here; None while that is withheld."""
        return None if self.withheld else reason_of(self.entry)


@dataclass(slots=True)
class QueuePage:
    """Some entries, and where the lists around them begin."""

    rows: list[QueueRow] = field(default_factory=list)
    start: int = 1
    """The place of the first."""
    count: int = 0
    random: int = 0
    """Of the whole list as it is narrowed."""
    next: int | None = None
    """The place at which the next page begins."""
    previous: int | None = None
    left_out: int = 0
    """Entries that are neither shown nor counted, as the reader owes their discussions a reason; however narrowed."""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """What the page says above its list."""

    queue: ReviewQueue | None
    """None where it has never been made."""
    job: Job | None
    """The one that makes it anew now."""
    failed: Job | None
    """The one that was to make it anew last, where it failed and none is at work."""
    counts: Mapping[str, QueueCount]
    """By kind, of those that the reader may find."""
    owed: Collection[int]
    """The samples in whose discussions the reader owes a reason."""
    left_out: Mapping[str, QueueCount]
    """By kind, the entries of those: neither found nor counted."""
    domains: Sequence[str]
    """That a list can be narrowed by."""

    @property
    def dismissed(self) -> dict[str, int]:
        """Return how many entries were dismissed, by kind."""
        return {kind: counted.dismissed for kind, counted in self.counts.items()}


def queue_status(study: Study, *, reader: Member | None = None) -> QueueStatus:
    """Return how the queues of a study stand, as far as the reader may know."""
    queue = queue_of(study)
    job = Job.objects.filter(study=study, kind=REFRESH, state__in=UNFINISHED, cancel_requested=False).first()
    failed = None if job is not None else _failed(study, queue)
    domains = sample_list.domains_of(study) if queue is None or queue.domains is None else queue.domains
    owed = samples_owing_reasons(study, reader)
    left_out = _left_out(study, owed)
    counts = {kind: whole.without(left_out[kind]) for kind, whole in _counts(study, queue).items()}
    return QueueStatus(queue, job, failed, counts, owed, left_out, domains)


def _failed(study: Study, queue: ReviewQueue | None) -> Job | None:
    """Return the latest refresh if it failed, and the queues were not made anew afterwards."""
    latest = Job.objects.filter(study=study, kind=REFRESH).order_by("-created_at").first()
    if latest is None or latest.state != Job.State.FAILED:
        return None
    made_at = queue.refreshed_at if queue is not None else None
    return latest if made_at is None or (latest.finished_at or made_at) > made_at else None


def samples_owing_reasons(study: Study, reader: Member | None) -> set[int]:
    """Return the samples of a study in whose open discussions the reader takes part and owes a reason."""
    if reader is None:
        return set()
    taking_part = open_participations(study).filter(member=reader)
    return sample_list.samples_owed_reason(reader, taking_part.values_list("discussion__sample_id", flat=True))


def count_entries(study: Study, among: Collection[int] | None = None) -> dict[str, QueueCount]:
    """Count the entries of each queue of a study, or those of some samples, one by one; what is stored is for pages."""
    entries = QueueEntry.objects.filter(study=study, left_at=None)
    if among is not None:
        entries = entries.filter(sample__in=among)
    rows = entries.order_by().values("kind")
    standing, by_chance = Q(dismissed_at=None), Q(random=True)
    found = {
        row["kind"]: QueueCount(row["total"], row["by_chance"], row["gone"])
        for row in rows.annotate(
            total=Count("pk", filter=standing),
            by_chance=Count("pk", filter=standing & by_chance),
            gone=Count("pk", filter=~standing),
        )
    }
    return {kind: found.get(kind, QueueCount()) for kind in QueueEntry.Kind.values}


def _counts(study: Study, queue: ReviewQueue | None) -> dict[str, QueueCount]:
    if queue is None or not queue.counts:
        return count_entries(study)
    return {kind: QueueCount(**queue.counts[kind]) for kind in QueueEntry.Kind.values}


def _left_out(study: Study, owed: Collection[int]) -> dict[str, QueueCount]:
    """Count the entries that lists lack. What a list is narrowed by must not tell anything of them."""
    return count_entries(study, owed) if owed else {kind: QueueCount() for kind in QueueEntry.Kind.values}


def queue_of(study: Study) -> ReviewQueue | None:
    """Return how far a study's queues are and the run that they rest on, without what only a refresh needs."""
    return ReviewQueue.objects.select_related("run").defer("foresight", "cuts").filter(study=study).first()


def queue_page(
    study: Study,
    rubric: RubricDefinition,
    kind: str,
    wanted: QueueFilter,
    *,
    standing: QueueStatus,
    start: int = 1,
    limit: int,
) -> QueuePage:
    """Return the entries from place ``start`` on, at most ``limit``; ``standing`` is as its reader may know it."""
    start = max(1, start)
    left_out = standing.left_out[kind]
    rows = filter_entries(study, rubric, kind, wanted, owed=standing.owed)
    if wanted == QueueFilter():
        count, chance = standing.counts[kind].total, standing.counts[kind].random
    else:
        counts = rows.aggregate(count=Count("pk"), by_chance=Count("pk", filter=Q(random=True)))
        count, chance = counts["count"], counts["by_chance"]
    # One more than is shown tells whether there is a page after it.
    if wanted.dismissed:
        taken = list(rows.order_by("-dismissed_at", "-pk")[start - 1 : start + limit])
    else:
        taken = _taken(rows, start - 1, start + limit)
    return QueuePage(
        rows=_rows(taken[:limit], rubric, standing.queue, start=start),
        start=start,
        count=count,
        random=chance,
        next=start + limit if len(taken) > limit else None,
        previous=max(1, start - limit) if start > 1 else None,
        left_out=left_out.dismissed if wanted.dismissed else left_out.total,
    )


def filter_entries(
    study: Study, rubric: RubricDefinition, kind: str, wanted: QueueFilter, *, owed: Collection[int]
) -> QuerySet[QueueEntry]:
    """Return the entries of a queue that a list shows, in no order; those of the samples that are ``owed`` are none."""
    rows = QueueEntry.objects.filter(
        study=study, kind=kind, left_at=None, dismissed_at__isnull=not wanted.dismissed
    ).order_by()
    if owed:
        rows = rows.exclude(sample__in=owed)
    if wanted.dimension:
        rows = rows.filter(dimension__in=[one.id for one in rubric.dimensions if one.key == wanted.dimension])
    if wanted.domain:
        rows = rows.filter(sample__domain=wanted.domain)
    if wanted.spread:
        rows = rows.filter(spread__gte=wanted.spread)
    if wanted.scores is not None:
        rows = rows.filter(scores=wanted.scores)
    if wanted.place:
        rows = rows.filter(random=wanted.place == AT_RANDOM)
    return rows


def random_before(places: int, *, in_order: int, at_random: int) -> int:
    """Return how many of the first ``places`` of `priority.interleaved` are random, of lists of these lengths."""
    return max(min(at_random, places // EVERY), places - in_order)


def reason_of(entry: QueueEntry) -> ranking.RankingReason:
    """Return why an entry stands where it stands."""
    stored = dict(entry.reason)
    kind = ranking.ReasonKind(stored.pop("kind", ranking.ReasonKind.NOTHING))
    return ranking.RankingReason(kind=kind, values=tuple(stored.pop("values", ())), **stored)


def _taken(rows: QuerySet[QueueEntry], first: int, end: int) -> list[QueueEntry]:
    """Return the entries from place ``first`` up to ``end``, which is left out; both count from 0."""
    taken: list[QueueEntry] = []
    on_top = rows.filter(pinned_at__isnull=False)
    pinned = on_top.count()
    if first < pinned:
        taken = list(on_top.order_by("-pinned_at", "-pk")[first : min(end, pinned)])
    first, end = max(0, first - pinned), end - pinned
    if end <= first:
        return taken
    others = rows.filter(pinned_at=None)
    in_order, by_chance = others.filter(random=False), others.filter(random=True)
    # No more of either matters to places before the end, and an index counts them from its beginning.
    lengths = {"in_order": in_order[:end].count(), "at_random": by_chance[:end].count()}
    end = min(end, sum(lengths.values()))
    before = [random_before(place, **lengths) for place in range(first, end + 1)]
    if not before:
        return taken
    ordered = iter(in_order.order_by(*BY_RANK)[first - before[0] : end - before[-1]])
    drawn = iter(by_chance.order_by("draw")[before[0] : before[-1]])
    for place in range(end - first):
        one = next(drawn if before[place + 1] > before[place] else ordered, None)
        if one is not None:
            taken.append(one)
    return taken


def _rows(
    entries: Iterable[QueueEntry],
    rubric: RubricDefinition,
    queue: ReviewQueue | None,
    *,
    start: int,
    withheld: Collection[int] = (),
) -> list[QueueRow]:
    entries = list(entries)
    wanted = [entry.sample_id for entry in entries]
    if not wanted:
        return []
    samples = Sample.objects.in_bulk(wanted)
    questions, pictures = questions_of(wanted), _pictures(wanted)
    known, judged = first_round_values(wanted, rubric), read_predicted_values(queue, wanted)
    cases = {
        case.sample_id: case
        for case in Discussion.objects.filter(sample__in=wanted).exclude(state=Discussion.State.CLOSED)
    }
    now = timezone.now()
    found = []
    for number, entry in enumerate(entries):
        case = cases.get(entry.sample_id)
        covered = entry.sample_id in withheld
        own = NOTHING if covered else known.get(entry.sample_id, NOTHING)
        found.append(
            QueueRow(
                place=start + number,
                entry=entry,
                sample=samples[entry.sample_id],
                question=questions.get(entry.sample_id, ""),
                picture=pictures.get(entry.sample_id, ""),
                values=own.values,
                said={} if covered else judged.get(entry.sample_id, {}),
                since=entry.entered_at,
                discussion=case,
                overdue=case is not None and _is_overdue(case, now),
                met=own.met,
                prefilled=own.prefilled,
                withheld=covered,
            )
        )
    return found


def _pictures(samples: list[int]) -> dict[int, str]:
    firsts = SamplePicture.objects.filter(sample__in=samples, position=0)
    return dict(firsts.order_by().values_list("sample_id", "public_id"))


def _is_overdue(case: Discussion, now: datetime) -> bool:
    return case.state == Discussion.State.HANDED_OVER or (case.due_at is not None and case.due_at <= now)


def row_of(entry: QueueEntry, rubric: RubricDefinition, *, reader: Member | None) -> QueueRow:
    """Return one entry by itself; its place is not asked for and is 0."""
    withheld = sample_list.samples_owed_reason(reader, [entry.sample_id])
    return _rows([entry], rubric, queue_of(entry.study), start=0, withheld=withheld)[0]
