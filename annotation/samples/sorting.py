"""Sorts and pages lists of samples. Read-only.

A place names the last row, not a number of rows, so that a late page costs what the first one does. It reads
"RUN.KEY.ID": a list comes in one or two runs, those that have what it is sorted by before those that do not.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery

from annotation.models import Discussion, HistoryEntry, Sample, Study

NEWEST, OLDEST, WIDEST, CHANGED = "newest", "oldest", "widest", "changed"
ORDERS = (OLDEST, NEWEST, WIDEST, CHANGED)
# No key and no id that a place can name is larger.
MOST = 2**53

Place = tuple[str, int]
Run = Callable[[tuple[float, int] | None, int], list[tuple[float, int]]]


def page_of_samples(
    study: Study, rows: QuerySet[Sample], *, order: str, after: str, limit: int, narrowed: bool, few: bool
) -> list[Place]:
    """Return the primary keys of the samples after a place, with their own cursors.

    Args:
        study: whose samples they are.
        rows: the samples of the list; all of the study unless ``narrowed``.
        order: one of `ORDERS`.
        after: the name of a place, or nothing for the first page.
        limit: how many at most.
        narrowed: whether some of the study's samples are not in the list.
        few: whether so few are in it that the last step of each can be looked up; else the steps are walked back.
    """
    runs = _ordered_runs(study, rows, order, narrowed=narrowed, few=few)
    number, last = _parse_place(after, len(runs))
    places: list[Place] = []
    for current in range(number, len(runs)):
        found = runs[current](last if current == number else None, limit - len(places))
        places += [(f"{current}.{key}.{pk}", pk) for key, pk in found]
        if len(places) >= limit:
            break
    return places


def _parse_place(after: str, runs: int) -> tuple[int, tuple[float, int] | None]:
    """Return the run and position of a cursor; the beginning for an invalid one."""
    try:
        run, rest = after.split(".", 1)
        key, pk = rest.rsplit(".", 1)
        if 0 <= int(run) < runs and abs(float(key)) < MOST and abs(int(pk)) < MOST:
            return int(run), (float(key), int(pk))
    except ValueError:
        pass
    return 0, None


def _ordered_runs(study: Study, rows: QuerySet[Sample], order: str, *, narrowed: bool, few: bool) -> list[Run]:
    if order == WIDEST:
        later = Discussion.objects.filter(sample=OuterRef("sample"), number__gt=OuterRef("number"))
        cases = Discussion.objects.filter(~Exists(later), study=study)
        if narrowed:
            cases = cases.filter(sample__in=rows)
        never = rows.filter(~Exists(Discussion.objects.filter(sample=OuterRef("pk"))))
        return [_descending(cases, "spread", "sample_id"), _by_age(never)]
    if order == CHANGED:
        return [
            _by_last_step(study, rows, narrowed=narrowed, few=few),
            _by_age(rows.filter(~Exists(_steps())), newest=True),
        ]
    return [_by_age(rows, newest=order == NEWEST)]


def _steps() -> QuerySet[HistoryEntry]:
    return HistoryEntry.objects.filter(sample=OuterRef("pk"))


def _by_age(rows: QuerySet[Sample], *, newest: bool = False) -> Run:
    def take(last: tuple[float, int] | None, limit: int) -> list[tuple[float, int]]:
        following = rows if last is None else rows.filter(**{"pk__lt" if newest else "pk__gt": last[1]})
        return [(0, pk) for pk in following.order_by("-pk" if newest else "pk").values_list("pk", flat=True)[:limit]]

    return take


def _descending(rows: QuerySet[Any], key: str, pk: str) -> Run:
    def take(last: tuple[float, int] | None, limit: int) -> list[tuple[float, int]]:
        following = rows
        if last is not None:
            following = rows.filter(Q(**{f"{key}__lt": last[0]}) | Q(**{key: last[0], f"{pk}__gt": last[1]}))
        return list(following.order_by(f"-{key}", pk).values_list(key, pk)[:limit])

    return take


def _by_last_step(study: Study, rows: QuerySet[Sample], *, narrowed: bool, few: bool) -> Run:
    if few:
        last_step = _steps().order_by().values("sample").annotate(last=Max("pk")).values("last")
        return _descending(rows.annotate(step=Subquery(last_step)).filter(step__isnull=False), "step", "pk")
    later = HistoryEntry.objects.filter(sample=OuterRef("sample"), pk__gt=OuterRef("pk"))
    steps = HistoryEntry.objects.filter(~Exists(later), study=study, sample__isnull=False)
    if narrowed:
        steps = steps.filter(sample__in=rows)
    return _descending(steps, "pk", "sample_id")
