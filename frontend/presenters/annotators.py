"""Annotators as pages show them: the rows of the board and an annotator's page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotation.core.rubric_cache import RubricDefinition
from annotation.models import Member
from frontend.charts import svg

from .agreement import stored_rows
from .annotator_remarks import has_changed, noteworthy_word, remarks_text, week_number
from .stored_reports import People, StudyReports

SHOWN_WEEKS = 10
MIN_BIAS_REACH = 0.6


@dataclass(frozen=True, slots=True)
class AnnotatorBoardRow:
    """One annotator's row on the board.

    What is not known is None, and its drawing empty.
    """

    member: Member
    name: str
    scored: int | None
    last_week: int | None
    held: int
    seconds: float | None
    last_at: datetime | None
    per_week: SafeString
    bias: float | None
    interval: Sequence[float] | None
    bias_drawing: SafeString
    bias_over_weeks: SafeString
    spread: float | None
    spread_over_weeks: SafeString
    exact: float | None
    kappa: float | None
    """Mean over the others and the dimensions."""
    remarks: str
    changed: bool


@dataclass(frozen=True, slots=True)
class AnnotatorBoard:
    """The rows of all annotators, the busiest first, with the scales that they share."""

    rows: list[AnnotatorBoardRow]
    bias_scale: str
    week_bias_scale: str
    week_spread_scale: str
    dated: bool
    """It is known when at least some scores were given."""
    measured: bool
    """Somebody has scored what somebody else has scored, too."""
    has_weeks: bool
    """Somebody has figures of two weeks or more, so that there is a line to draw."""


def annotator_board(reports: StudyReports, people: People, held: Mapping[str, int]) -> AnnotatorBoard:
    """Return the rows of everybody who has scored or may score."""
    work = {row["member"]: row for row in (reports.progress or {}).get("members", [])}
    quality = _rows_by_member(reports.annotators)
    overall = {row["member"]: row for row in (reports.annotators or {}).get("overall", [])}
    kappas = mean_kappas(reports.agreement)
    weeks = last_weeks(overall.values())
    scale = svg.symmetric_scale(_interval_ends(overall.values(), "bias"), least=MIN_BIAS_REACH, step=0.2)
    week_bias = svg.symmetric_scale(_weekly_values(overall.values(), "bias", weeks), least=MIN_BIAS_REACH, step=0.2)
    week_spread = svg.scale_covering(_weekly_values(overall.values(), "spread", weeks), step=0.5)
    # Before the first calculation nobody knows; after it, whoever is not named there has scored nothing.
    default_count = None if reports.progress is None else 0
    rows = []
    for member_id, member in people.members.items():
        work_row = work.get(member_id)
        may_score = member.role == Member.Role.ANNOTATOR and member.state != Member.State.LEFT
        if work_row is None and member_id not in overall and not may_score:
            continue
        overall_row = overall.get(member_id, {})
        changed = has_changed(overall_row)
        bias = overall_row.get("bias")
        rows.append(
            AnnotatorBoardRow(
                member=member,
                name=people.name_of(member_id),
                scored=work_row["scored"] if work_row else default_count,
                last_week=work_row["last_week"] if work_row else default_count,
                held=held.get(member_id, 0),
                seconds=work_row["seconds"] if work_row else None,
                last_at=parse_datetime(work_row["last_at"]) if work_row and work_row["last_at"] else None,
                per_week=_draw_scores_per_week(work_row),
                bias=bias,
                interval=overall_row.get("interval"),
                bias_drawing=SafeString()
                if bias is None
                else svg.draw_interval(scale, bias, overall_row.get("interval"), bars=(0,), notable=changed),
                bias_over_weeks=_draw_sparkline(week_bias, overall_row, "bias", weeks, zero=0, notable=changed),
                spread=overall_row.get("spread"),
                spread_over_weeks=_draw_sparkline(week_spread, overall_row, "spread", weeks),
                exact=_weighted_mean(quality.get(member_id, []), "exact"),
                kappa=kappas.get(member_id),
                remarks=remarks_text(quality.get(member_id, []), overall_row),
                changed=changed,
            )
        )
    rows.sort(key=lambda row: (-(row.scored or 0), row.name.casefold()))
    return AnnotatorBoard(
        rows,
        _scale_ends(scale, signed=True),
        _scale_ends(week_bias, signed=True),
        _scale_ends(week_spread),
        any(row.per_week for row in rows),
        any(row.bias is not None for row in rows),
        any(row.bias_over_weeks or row.spread_over_weeks for row in rows),
    )


def _scale_ends(scale: svg.ChartScale, *, signed: bool = False) -> str:
    low, high = (svg.format_tick(end, signed=signed) for end in (scale.low, scale.high))
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def mean_kappas(agreement: Mapping[str, Any] | None) -> dict[str, float]:
    """Return each annotator's mean kappa over the others and the dimensions.

    Weighted by the number of samples in common.
    """
    sums: dict[str, float] = {}
    weights: dict[str, int] = {}
    for row in stored_rows(agreement, "ordinal", "all"):
        for pair in row["kappa"]:
            if pair["kappa"] is None:
                continue
            for member_id in pair["pair"]:
                sums[member_id] = sums.get(member_id, 0.0) + pair["kappa"] * pair["samples"]
                weights[member_id] = weights.get(member_id, 0) + pair["samples"]
    return {member_id: total / weights[member_id] for member_id, total in sums.items()}


def _draw_scores_per_week(work_row: Mapping[str, Any] | None) -> SafeString:
    if work_row is None or not any(week["n"] for week in work_row["weeks"]):
        return SafeString()
    return svg.draw_columns([week["n"] for week in work_row["weeks"]], width=72, height=22)


def _weighted_mean(rows: Iterable[Mapping[str, Any]], name: str) -> float | None:
    cells = [(row[name], row["shared"]) for row in rows if row.get(name) is not None]
    total = sum(n for _value, n in cells)
    return sum(value * n for value, n in cells) / total if total else None


def _interval_ends(rows: Iterable[Mapping[str, Any]], name: str) -> list[float]:
    return [end for row in rows if row.get(name) is not None for end in (row["interval"] or [row[name]])]


def _weekly_values(rows: Iterable[Mapping[str, Any]], name: str, weeks: Sequence[str]) -> list[float]:
    return [value for row in rows for value in values_by_week(row, name, weeks) if value is not None]


def _rows_by_member(stored: Mapping[str, Any] | None) -> dict[str, list[dict[str, Any]]]:
    rows_by_member: dict[str, list[dict[str, Any]]] = {}
    for row in (stored or {}).get("rows", []):
        rows_by_member.setdefault(row["member"], []).append(row)
    return rows_by_member


def last_weeks(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the last weeks of which anybody has values, in order."""
    return sorted({week["week"] for row in rows for week in row.get("weeks") or []})[-SHOWN_WEEKS:]


def values_by_week(row: Mapping[str, Any], name: str, weeks: Sequence[str]) -> list[float | None]:
    """Return a row's metric in each of ``weeks``, None where it is missing."""
    by_name = {week["week"]: week.get(name) for week in row.get("weeks") or []}
    return [by_name.get(week) for week in weeks]


def _draw_sparkline(
    scale: svg.ChartScale,
    row: Mapping[str, Any],
    name: str,
    weeks: Sequence[str],
    *,
    zero: float | None = None,
    notable: bool = False,
) -> SafeString:
    values = values_by_week(row, name, weeks)
    if sum(value is not None for value in values) < 2:
        return SafeString()
    return svg.draw_sparkline(scale, values, zero=zero, notable=notable)


@dataclass(frozen=True, slots=True)
class DimensionRow:
    """One dimension's line on an annotator's own page."""

    key: str
    name: str
    metrics: Mapping[str, Any]
    bias: SafeString
    remarks: str
    bias_over_weeks: SafeString
    spread_over_weeks: SafeString


@dataclass(frozen=True, slots=True)
class AnnotatorPage:
    """The metrics and drawings of one annotator's page."""

    rows: list[DimensionRow]
    whole: Mapping[str, Any] | None
    """All dimensions together."""
    whole_bias: SafeString
    axis: SafeString
    kappa: float | None
    remarks: str
    changed: bool
    speed: SafeString
    scored: SafeString
    most_a_week: int
    work: Mapping[str, Any] | None
    """What they have done, week by week."""

    @property
    def over_weeks(self) -> bool:
        """Is there a line to draw of any dimension?"""
        return any(row.bias_over_weeks or row.spread_over_weeks for row in self.rows)


def annotator_page(reports: StudyReports, public_id: str, rubric: RubricDefinition) -> AnnotatorPage:
    """Return one annotator's metrics by dimension and over the weeks."""
    rows = _rows_by_member(reports.annotators).get(public_id, [])
    by_key = {row["dimension"]: row for row in rows}
    overall = _row_of_member((reports.annotators or {}).get("overall", []), public_id)
    work = _row_of_member((reports.progress or {}).get("members", []), public_id)
    shown = [*rows, overall] if overall is not None else rows
    scale = svg.symmetric_scale(_interval_ends(shown, "bias"), least=MIN_BIAS_REACH, step=0.2, width=132, pad=12)
    weeks = last_weeks(rows)
    week_bias = svg.symmetric_scale(_weekly_values(rows, "bias", weeks), least=MIN_BIAS_REACH, step=0.2)
    week_spread = svg.scale_covering(_weekly_values(rows, "spread", weeks), step=0.5)
    lines = []
    for dimension in rubric.dimensions:
        row = by_key.get(dimension.key)
        if row is None:
            continue
        lines.append(
            DimensionRow(
                dimension.key,
                dimension.name,
                row,
                svg.draw_interval(scale, row["bias"], row["interval"], bars=(0,)),
                noteworthy_word(row["noteworthy"]) if row["noteworthy"] else "",
                _draw_over_weeks(week_bias, row, "bias", weeks, _("Bias on %s by week") % dimension.name, zero=0),
                _draw_over_weeks(week_spread, row, "spread", weeks, _("Spread on %s by week") % dimension.name),
            )
        )
    return AnnotatorPage(
        rows=lines,
        whole=overall,
        whole_bias=svg.draw_interval(scale, overall["bias"], overall["interval"], bars=(0,))
        if overall
        else SafeString(),
        axis=svg.draw_axis(scale, [scale.low, 0, scale.high]),
        kappa=mean_kappas(reports.agreement).get(public_id),
        remarks=remarks_text(rows, overall or {}),
        changed=has_changed(overall or {}),
        speed=_draw_seconds_per_week(work),
        scored=_draw_scored_per_week(work),
        most_a_week=max((week["n"] for week in work["weeks"]), default=0) if work else 0,
        work=work,
    )


def _row_of_member(rows: Iterable[dict[str, Any]], public_id: str) -> dict[str, Any] | None:
    return next((row for row in rows if row["member"] == public_id), None)


def _draw_over_weeks(
    scale: svg.ChartScale,
    row: Mapping[str, Any],
    name: str,
    weeks: Sequence[str],
    label: str,
    *,
    zero: float | None = None,
) -> SafeString:
    values = values_by_week(row, name, weeks)
    if sum(value is not None for value in values) < 2:
        return SafeString()
    return svg.draw_weekly_values(scale, values, week_labels(weeks), zero=zero, label=label)


def _draw_seconds_per_week(work: Mapping[str, Any] | None) -> SafeString:
    rows = work["weeks"] if work else []
    seconds = [row["seconds"] for row in rows if row["seconds"] is not None]
    if len(seconds) < 2:
        return SafeString()
    scale = svg.ChartScale(0, svg.scale_covering(seconds, step=30).high)
    names = week_labels([row["week"] for row in rows])
    return svg.draw_weekly_values(
        scale, [row["seconds"] for row in rows], names, label=_("Median seconds per sample by week")
    )


def _draw_scored_per_week(work: Mapping[str, Any] | None) -> SafeString:
    rows = work["weeks"] if work else []
    if not any(row["n"] for row in rows):
        return SafeString()
    names = week_labels([row["week"] for row in rows])
    label = _("Samples scored by week")
    return svg.draw_columns([row["n"] for row in rows], names=names, width=320, height=112, label=label)


def week_labels(names: Sequence[str]) -> list[str]:
    """Return ISO weeks as an axis shows them: week 44."""
    return [_("week %s") % week_number(name) for name in names]
