"""The review queue as those who read results look through it, a page at a time. Read-only.

The order is `priority.interleaved`'s: pinned entries first, then those in order and those at random, each read by its
own index. A page begins at a place, as the order itself changes while scores come in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from . import priority, sample_list
from .fair_predictions import fair_predictions
from .inbox import UNFINISHED, questions_of
from .models import (
    Arm,
    Discussion,
    Job,
    Member,
    Prediction,
    QueueEntry,
    Rating,
    ReviewQueue,
    Sample,
    SamplePicture,
    Score,
    Study,
)
from .rubrics import RubricDefinition

EVERY = round(1 / priority.LEAST_SHARE)
"""Every so many places one is random."""
IN_ORDER, AT_RANDOM = "order", "random"
PLACES = (IN_ORDER, AT_RANDOM)
REFRESH = "refresh_queue"
"""The kind of job that makes the queues anew."""
BY_RANK = ("-first", "-second", "-third", "draw")


@dataclass(frozen=True, slots=True)
class Wanted:
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
class Counted:
    """How many entries a queue has."""

    total: int = 0
    random: int = 0
    dismissed: int = 0
    """Not among the others."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the judge says of one dimension."""

    expected: float
    sd: float
    interval: tuple[float, float] | None
    p_dispute: float
    ensemble_sd: float | None


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
    said: Mapping[str, Said]
    """By dimension; without those that a rule decides."""
    since: datetime
    discussion: Discussion | None
    """The open one."""
    overdue: bool
    """The discussion is past its deadline."""
    withheld: bool
    """The reader owes the sample's discussion a reason first: neither values nor why it stands here are for them."""

    @property
    def random(self) -> bool:
        """Was its place drawn by chance?"""
        return self.entry.random

    @property
    def pinned(self) -> bool:
        """Did an admin put it first?"""
        return self.entry.pinned_at is not None

    @property
    def reason(self) -> priority.Reason | None:
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


@dataclass(frozen=True, slots=True)
class Standing:
    """What the page says above its list."""

    queue: ReviewQueue | None
    """None where it has never been made."""
    job: Job | None
    """The one that makes it anew now."""
    counts: Mapping[str, Counted]
    """By kind."""
    domains: Sequence[str]
    """That a list can be narrowed by."""

    @property
    def dismissed(self) -> dict[str, int]:
        """Return how many entries were dismissed, by kind."""
        return {kind: counted.dismissed for kind, counted in self.counts.items()}


def standing(study: Study) -> Standing:
    """Return how the queues of a study stand."""
    queue = queue_of(study)
    job = Job.objects.filter(study=study, kind=REFRESH, state__in=UNFINISHED, cancel_requested=False).first()
    domains = sample_list.domains(study) if queue is None or queue.domains is None else queue.domains
    return Standing(queue, job, _counts(study, queue), domains)


def counted(study: Study) -> dict[str, Counted]:
    """Count the entries of each queue of a study, one by one; what is stored of it is for pages."""
    rows = QueueEntry.objects.filter(study=study, left_at=None).order_by().values("kind")
    standing, by_chance = Q(dismissed_at=None), Q(random=True)
    found = {
        row["kind"]: Counted(row["total"], row["by_chance"], row["gone"])
        for row in rows.annotate(
            total=Count("pk", filter=standing),
            by_chance=Count("pk", filter=standing & by_chance),
            gone=Count("pk", filter=~standing),
        )
    }
    return {kind: found.get(kind, Counted()) for kind in QueueEntry.Kind.values}


def _counts(study: Study, queue: ReviewQueue | None) -> dict[str, Counted]:
    if queue is None or not queue.counts:
        return counted(study)
    return {kind: Counted(**queue.counts[kind]) for kind in QueueEntry.Kind.values}


def queue_of(study: Study) -> ReviewQueue | None:
    """Return how far a study's queues are and the run that they rest on, without what only a refresh needs."""
    return ReviewQueue.objects.select_related("run").defer("foresight", "cuts").filter(study=study).first()


def page(
    study: Study,
    rubric: RubricDefinition,
    kind: str,
    wanted: Wanted,
    *,
    queue: ReviewQueue | None,
    start: int = 1,
    limit: int,
    reader: Member | None,
) -> QueuePage:
    """Return the entries from place ``start`` on, at most ``limit``; ``queue`` is the study's, see `queue_of`."""
    start = max(1, start)
    rows = narrowed(study, rubric, kind, wanted)
    if wanted == Wanted():
        whole = _counts(study, queue)[kind]
        count, chance = whole.total, whole.random
    else:
        counts = rows.aggregate(count=Count("pk"), by_chance=Count("pk", filter=Q(random=True)))
        count, chance = counts["count"], counts["by_chance"]
    # One more than is shown tells whether there is a page after it.
    if wanted.dismissed:
        taken = list(rows.order_by("-dismissed_at", "-pk")[start - 1 : start + limit])
    else:
        taken = _taken(rows, start - 1, start + limit)
    return QueuePage(
        rows=_rows(taken[:limit], rubric, queue, start=start, reader=reader),
        start=start,
        count=count,
        random=chance,
        next=start + limit if len(taken) > limit else None,
        previous=max(1, start - limit) if start > 1 else None,
    )


def narrowed(study: Study, rubric: RubricDefinition, kind: str, wanted: Wanted) -> QuerySet[QueueEntry]:
    """Return the entries of a queue that a list shows, in no order."""
    rows = QueueEntry.objects.filter(
        study=study, kind=kind, left_at=None, dismissed_at__isnull=not wanted.dismissed
    ).order_by()
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


def reason_of(entry: QueueEntry) -> priority.Reason:
    """Return why an entry stands where it stands."""
    stored = dict(entry.reason)
    kind = priority.Kind(stored.pop("kind", priority.Kind.NOTHING))
    return priority.Reason(kind=kind, values=tuple(stored.pop("values", ())), **stored)


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
    reader: Member | None,
) -> list[QueueRow]:
    entries = list(entries)
    wanted = [entry.sample_id for entry in entries]
    if not wanted:
        return []
    samples = Sample.objects.in_bulk(wanted)
    questions, pictures = questions_of(wanted), _pictures(wanted)
    values, said = _values(wanted, rubric), _said(queue, wanted)
    cases = {
        case.sample_id: case
        for case in Discussion.objects.filter(sample__in=wanted).exclude(state=Discussion.State.CLOSED)
    }
    now = timezone.now()
    withheld = sample_list.owed_by(reader, wanted)
    found = []
    for number, entry in enumerate(entries):
        case = cases.get(entry.sample_id)
        covered = entry.sample_id in withheld
        found.append(
            QueueRow(
                place=start + number,
                entry=entry,
                sample=samples[entry.sample_id],
                question=questions.get(entry.sample_id, ""),
                picture=pictures.get(entry.sample_id, ""),
                values={} if covered else values.get(entry.sample_id, {}),
                said={} if covered else said.get(entry.sample_id, {}),
                since=entry.entered_at,
                discussion=case,
                overdue=case is not None and _is_overdue(case, now),
                withheld=covered,
            )
        )
    return found


def _pictures(samples: list[int]) -> dict[int, str]:
    firsts = SamplePicture.objects.filter(sample__in=samples, position=0)
    return dict(firsts.order_by().values_list("sample_id", "public_id"))


def _values(samples: list[int], rubric: RubricDefinition) -> dict[int, dict[str, tuple[float, ...]]]:
    """Return the standing independent values of each sample by dimension; prefilled ones are none."""
    keys = {dimension.id: dimension.key for dimension in rubric.dimensions}
    given = Rating.objects.filter(
        score__sample__in=samples,
        score__round=1,
        score__voided_at=None,
        score__origin__in=(Score.Origin.GIVEN, Score.Origin.IMPORTED),
    ).exclude(score__arm=Arm.PREFILLED)
    found: dict[int, dict[str, list[float]]] = {}
    for sample, dimension, level in given.values_list("score__sample_id", "dimension_id", "level_id"):
        found.setdefault(sample, {}).setdefault(keys[dimension], []).append(rubric.value_of(level))
    return {
        sample: {key: tuple(sorted(own[key])) for key in keys.values() if key in own} for sample, own in found.items()
    }


def _is_overdue(case: Discussion, now: datetime) -> bool:
    return case.state == Discussion.State.HANDED_OVER or (case.due_at is not None and case.due_at <= now)


def _said(queue: ReviewQueue | None, samples: list[int]) -> dict[int, dict[str, Said]]:
    """Return what the judge that the queue rests on says of each sample by dimension."""
    if queue is None or queue.run is None:
        return {}
    predictions = fair_predictions(queue.run).filter(sample__in=samples, status=Prediction.Status.OK)
    return {
        sample: {key: _one(said) for key, said in dimensions.items() if said.get("rule") is None}
        for sample, dimensions in predictions.values_list("sample_id", "dimensions")
    }


def _one(said: Mapping[str, object]) -> Said:
    interval = said.get("interval")
    return Said(
        expected=float(said["expected"]),  # type: ignore[arg-type]
        sd=float(said["sd"]),  # type: ignore[arg-type]
        interval=(float(interval[0]), float(interval[1])) if isinstance(interval, list) else None,
        p_dispute=float(said["p_dispute"]),  # type: ignore[arg-type]
        ensemble_sd=said.get("ensemble_sd"),  # type: ignore[arg-type]
    )


def row_of(entry: QueueEntry, rubric: RubricDefinition, *, reader: Member | None) -> QueueRow:
    """Return one entry by itself; its place is not asked for and is 0."""
    return _rows([entry], rubric, queue_of(entry.study), start=0, reader=reader)[0]
