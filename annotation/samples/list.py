"""The list of a study's samples: filtered, sorted, paged. Read-only."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.core.rubric_cache import RubricDefinition
from annotation.core.sample_content import questions_of
from annotation.discussions.deadlines import handed_over_condition
from annotation.models import Discussion, FinalScore, Member, Participant, Sample, Stance, Study, Topic

from . import filtering
from .question_search import question_contains
from .sorting import page_of_samples

ANY = "any"
# Fewer samples than this are named one by one once they are found.
FEW = 2_000
# Longer lists are not counted to the end.
COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class SampleFilter:
    """The filters of the list."""

    state: str = ""
    generator: str = ""
    domain: str = ""
    disputed: str = ""
    """The key of a dimension that is or was discussed, or `ANY`."""
    outcome: str = ""
    """How some final value came about."""
    search: str = ""
    """The beginning of the external id, or a part of a question."""

    @property
    def narrowed(self) -> bool:
        """Whether any filter is set."""
        return self != SampleFilter()


@dataclass(frozen=True, slots=True)
class SampleFinalValue:
    """A final value in the list."""

    value: float | None
    outcome: str


@dataclass(slots=True)
class SampleLine:
    """One sample in the list."""

    sample: Sample
    question: str
    finals: dict[str, SampleFinalValue]
    disputed: tuple[str, ...]
    """Dimensions of its last discussion."""
    spread: float | None
    """The widest range of first values in its last discussion; None where there was none, or while it is withheld."""
    withheld: bool


@dataclass(slots=True)
class SamplePage:
    """A page of samples, and where the next one begins."""

    rows: list[SampleLine] = field(default_factory=list)
    next: str = ""
    count: int = 0
    """Of the whole list; one that is narrowed is counted up to `COUNTED`."""


def read_sample_page(
    study: Study,
    rubric: RubricDefinition,
    wanted: SampleFilter,
    *,
    order: str,
    after: str = "",
    limit: int,
    reader: Member | None,
) -> SamplePage:
    """Return the samples that follow the place named ``after``, which comes from an earlier page."""
    rows, count, few = _count_and_filter(study, wanted)
    places = page_of_samples(study, rows, order=order, after=after, limit=limit + 1, narrowed=wanted.narrowed, few=few)
    return SamplePage(
        rows=_build_lines([pk for _place, pk in places[:limit]], rubric, reader=reader),
        next=places[limit - 1][0] if len(places) > limit else "",
        count=count,
    )


def _count_and_filter(study: Study, wanted: SampleFilter) -> tuple[QuerySet[Sample], int, bool]:
    """Return the listed samples, their number (up to `COUNTED` if filtered), and whether they are few.

    Few are named one by one from here on, so that whatever they were found by is looked for once.
    """
    rows = visible_samples(study, wanted).order_by()
    if [name for name, value in asdict(wanted).items() if value] in ([], ["state"]):
        count = rows.count()
        return rows, count, wanted.narrowed and count < FEW
    first = list(rows.values_list("pk", flat=True)[:FEW])
    if len(first) < FEW:
        return Sample.objects.filter(pk__in=first), len(first), True
    return rows, rows[:COUNTED].count(), False


def generators_and_domains(study: Study) -> tuple[list[str], list[str]]:
    """Return the generators and the domains of a study's samples, by name."""
    rows = Sample.objects.filter(study=study).order_by()
    generators = rows.exclude(generator="").values_list("generator", flat=True).distinct()
    return sorted(generators), domains_of(study)


def domains_of(study: Study) -> list[str]:
    """Return the domains of a study's samples, by name."""
    rows = Sample.objects.filter(study=study).order_by()
    return sorted(rows.exclude(domain="").values_list("domain", flat=True).distinct())


def visible_samples(study: Study, wanted: SampleFilter) -> QuerySet[Sample]:
    """Return the samples of a study that a list shows, unordered."""
    rows = filtering.filter_samples(
        Sample.objects.filter(study=study),
        state=wanted.state,
        generator=wanted.generator or None,
        domain=wanted.domain or None,
        disputed="" if wanted.disputed == ANY else wanted.disputed,
    )
    if wanted.disputed == ANY:
        rows = rows.filter(Exists(Discussion.objects.filter(sample=OuterRef("pk"))))
    if wanted.outcome:
        finals = FinalScore.objects.filter(sample=OuterRef("pk"), current=True, outcome=wanted.outcome)
        rows = rows.filter(Exists(finals))
    if wanted.search:
        rows = rows.filter(Q(external_id__istartswith=wanted.search) | question_contains(wanted.search))
    return rows


def _build_lines(wanted: Sequence[int], rubric: RubricDefinition, *, reader: Member | None) -> list[SampleLine]:
    keys = {dimension.id: dimension.key for dimension in rubric.dimensions}
    values = {level.id: level.value for dimension in rubric.dimensions for level in dimension.levels}
    samples = Sample.objects.in_bulk(wanted)
    questions = questions_of(wanted)
    finals: dict[int, dict[str, SampleFinalValue]] = {}
    rows = FinalScore.objects.filter(sample__in=wanted, current=True)
    for final in rows:
        value = None if final.level_id is None else values[final.level_id]
        finals.setdefault(final.sample_id, {})[keys[final.dimension_id]] = SampleFinalValue(value, final.outcome)
    spreads: dict[int, float] = {}
    disputed: dict[int, list[str]] = {}
    cases = {case.pk: case for case in Discussion.objects.filter(sample__in=wanted).order_by("number")}
    latest = {case.sample_id: case for case in cases.values()}
    for case in latest.values():
        spreads[case.sample_id] = case.spread
    order = list(keys)
    for topic in Topic.objects.filter(discussion__in=latest.values()):
        disputed.setdefault(cases[topic.discussion_id].sample_id, []).append(keys[topic.dimension_id])
    withheld = samples_owed_reason(reader, wanted)
    positions = {keys[pk]: place for place, pk in enumerate(order)}
    return [
        SampleLine(
            sample=samples[pk],
            question=questions.get(pk, ""),
            finals=finals.get(pk, {}),
            disputed=tuple(sorted(disputed.get(pk, ()), key=positions.__getitem__)),
            spread=None if pk in withheld else spreads.get(pk),
            withheld=pk in withheld,
        )
        for pk in wanted
        if pk in samples
    ]


def samples_owed_reason(reader: Member | None, samples: Iterable[int]) -> set[int]:
    """Return the samples in whose open discussion the reader owes a reason."""
    if reader is None:
        return set()
    owed = Stance.objects.filter(
        participant__member=reader,
        participant__state=Participant.State.ACTIVE,
        participant__discussion__sample__in=list(samples),
        reasoned_at=None,
        dimension__in=Topic.objects.filter(discussion=OuterRef("participant__discussion"), closed_at=None).values(
            "dimension"
        ),
    ).exclude(participant__discussion__state=Discussion.State.CLOSED)
    if reader.role == Member.Role.ADMIN:
        told = Discussion.objects.filter(handed_over_condition(timezone.now()), pk=OuterRef("participant__discussion"))
        owed = owed.exclude(Exists(told))
    first = Q(participant__discussion__sample__protocol__reason_first=True)
    unruled = Q(participant__discussion__sample__protocol__isnull=True)
    return set(owed.filter(first | unruled).values_list("participant__discussion__sample_id", flat=True))
