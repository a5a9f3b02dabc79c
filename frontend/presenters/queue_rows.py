"""The rows of the review queue: explanation, chart and address of each entry."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from annotation.core.rubric_cache import RubricDefinition
from annotation.models import QueueEntry, Study
from annotation.review_queue.list import QueueRow, parse_reason
from annotation.review_queue.ranking import ReasonKind

from .queue_actions import QueueAction, available_actions
from .queue_chart import QueueChart, build_queue_chart
from .queue_reasons import RankExplanation, dimension_key, explain_rank


@dataclass(frozen=True, slots=True)
class ShownQueueRow:
    """One line of the list."""

    row: QueueRow
    key: str
    """Of the dimension that it is about; empty where it is about none."""
    explanation: RankExplanation
    drawing: QueueChart | None
    url: str
    """Where it is read: its discussion where one is open, else its sample's page."""
    address: str
    """Of what can be done with it; each step's lies below."""
    thumb: str
    dismissed_by: str
    """Who dismissed it, to those who lead."""
    actions: tuple[QueueAction, ...]
    """What its state allows to be done with it."""


def shown_queue_row(
    row: QueueRow, study: Study, rubric: RubricDefinition, *, names: bool, widest: bool = False
) -> ShownQueueRow:
    """Return one entry as it is shown.

    ``widest``: of the entries in order no other has so wide a range.
    """
    by = row.entry.dismissed_by
    return ShownQueueRow(
        row=row,
        key=dimension_key(row.entry, rubric),
        explanation=explain_rank(row, rubric, widest=widest),
        drawing=_build_chart(row, rubric),
        url=_entry_url(row, study),
        address=reverse("queue-entry", args=[study.slug, row.entry.public_id]),
        thumb=reverse("api:picture", args=[row.picture, "web"]) if row.picture else "",
        dismissed_by=str(by) if names and by is not None else "",
        actions=available_actions(row.sample),
    )


def is_widest(row: QueueRow, rows: list[QueueRow]) -> bool:
    """Tell whether an unfiltered list's first entry has the widest range of those in order.

    What follows it in order is no wider, on later pages either; what is drawn by chance may be.
    """
    reason = row.reason
    if (
        reason is None
        or reason.kind is not ReasonKind.SPREAD
        or row.entry.kind != QueueEntry.Kind.DISPUTED
        or row.pinned
    ):
        return False
    others = [other_row.entry.spread for other_row in rows if other_row is not row and not other_row.random]
    return all((reason.range or 0) > other for other in others)


CSV_HEADER = (
    *("place", "sample", "domain", "state", "why", "dimension", "values", "range", "chance_of_2_or_more", "expected"),
    *("gap", "ensemble_sd", "final", "half_widths", "random", "pinned", "scores", "since", "dismissed", "question"),
)


def queue_csv_rows(rows: Iterable[QueueRow], rubric: RubricDefinition) -> Iterator[Sequence[Any]]:
    """Yield the header and the entries of a list as CSV rows."""
    yield CSV_HEADER
    for row in rows:
        entry, sample = row.entry, row.sample
        reason = parse_reason(entry)
        yield [
            *(
                row.place,
                sample.external_id,
                sample.domain,
                sample.state,
                reason.kind.value,
                dimension_key(entry, rubric),
            ),
            " ".join(f"{value:g}" for value in reason.values),
            *(reason.range, reason.chance, reason.expected, reason.gap, reason.ensemble_sd, reason.final),
            reason.half_widths,
            *(int(row.random), int(row.pinned), entry.scores, row.since.isoformat()),
            entry.dismissed_because,
            row.question,
        ]


def _build_chart(row: QueueRow, rubric: RubricDefinition) -> QueueChart | None:
    if row.withheld:
        return None
    dimensions = [dimension for dimension in rubric.dimensions if dimension.id == row.entry.dimension_id]
    if not dimensions:
        return None
    key, prediction = dimensions[0].key, row.predictions.get(dimensions[0].key)
    reason = row.reason
    final = reason.final if reason is not None else None
    chart = build_queue_chart(
        dimensions[0],
        row.values.get(key, ()),
        expected=prediction.expected if prediction is not None else None,
        # Where the agreed value is held against the judge, it is held against this.
        interval=prediction.interval if prediction is not None and final is not None else None,
        final=final,
    )
    return None if chart.empty else chart


def _entry_url(row: QueueRow, study: Study) -> str:
    if row.withheld and row.discussion is not None:
        return reverse("discuss-one", args=[study.slug, row.discussion.public_id])
    if row.discussion is not None:
        return reverse("discussion", args=[study.slug, row.discussion.public_id])
    return reverse("sample", args=[study.slug, row.sample.public_id])
