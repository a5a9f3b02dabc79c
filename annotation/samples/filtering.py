"""Filters samples by origin, state, dispute and outcome."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation.models import Discussion, FinalScore, Sample, Topic


def filter_samples(
    rows: QuerySet[Sample],
    *,
    state: str = "",
    generator: str | None = None,
    domain: str | None = None,
    category: str | None = None,
    question: str | None = None,
    scored: int = 0,
    disputed: str = "",
    spread: float = 0,
    outcome: str = "",
    search: str = "",
) -> QuerySet[Sample]:
    """Return the samples that meet all given filters.

    Args:
        rows: samples of one study.
        state: one of `Sample.State`.
        generator: the model that made it; "" is none, here as for ``domain`` and ``category``.
        domain: of the imported file.
        category: of the imported file.
        question: key of the question that it answers.
        scored: at least so many standing scores.
        disputed: key of a dimension that is or was discussed.
        spread: first values that differ on a discussed dimension by at least so much.
        outcome: how one of its current final values came about.
        search: beginning of its external id or its question's key, or its whole opaque id.
    """
    exactly = {"generator": generator, "domain": domain, "category": category, "question__key": question}
    rows = rows.filter(**{field: value for field, value in exactly.items() if value is not None})
    if state:
        rows = rows.filter(state=state)
    if scored:
        rows = rows.filter(scores_in__gte=scored)
    if disputed:
        rows = rows.filter(pk__in=Topic.objects.filter(dimension__key=disputed).values("discussion__sample"))
    if spread:
        rows = rows.filter(pk__in=Discussion.objects.filter(spread__gte=spread).values("sample"))
    if outcome:
        rows = rows.filter(Exists(FinalScore.objects.filter(sample=OuterRef("pk"), current=True, outcome=outcome)))
    if search:
        begins = Q(external_id__startswith=search) | Q(question__key__startswith=search)
        rows = rows.filter(begins | Q(public_id=search))
    return rows
