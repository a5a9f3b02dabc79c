"""The influence report as its page shows it: rows with drawings on shared scales."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from annotation.core.rubric_cache import RubricDefinition
from annotation.models import Member
from frontend.charts import influence as drawing
from frontend.charts.svg import ChartScale

from . import influence_text as words
from .agreement import format_percent
from .stored_reports import People

Report = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InfluenceRow:
    """One dimension in one arm.

    The last row of an arm has no key and is about all dimensions.
    """

    key: str
    name: str
    metrics: Mapping[str, Any]
    anchoring: SafeString
    shares: SafeString
    acceptance: str
    coincidence: str
    agreed_before: str
    moved: str
    """Which share changed, in the delayed arm."""


@dataclass(frozen=True, slots=True)
class ArmBlock:
    """The rows of one arm."""

    arm: str
    arm_name: str
    rows: list[InfluenceRow]


@dataclass(frozen=True, slots=True)
class ArmRow:
    """One arm over all dimensions."""

    arm_name: str
    metrics: Mapping[str, Any]
    seconds: SafeString
    within_one: SafeString
    acceptance: str


@dataclass(frozen=True, slots=True)
class AnnotatorInfluenceRow:
    """One annotator in one arm."""

    member: str
    name: str
    arm: str
    metrics: Mapping[str, Any]
    acceptance: str
    coincidence: str
    shares: SafeString
    rubber_stamp_reason: str
    """Why it looks like a rubber stamp, where it does."""


@dataclass(frozen=True, slots=True)
class InfluencePage:
    """The whole report."""

    headline: str
    evaluated_on: str
    alarm: bool
    blocks: list[ArmBlock]
    anchoring_axis: SafeString
    shares_axis: SafeString
    arms: list[ArmRow]
    people: list[AnnotatorInfluenceRow]
    reasons: list[str]
    """Why a pull is undefined, each once."""
    delayed: bool
    """Somebody has met the judge after locking their own values."""


def influence_page(report: Report, rubric: RubricDefinition, people: People) -> InfluencePage:
    """Return the report as its page shows it."""
    limit = report["limit"]
    scale = drawing.anchoring_scale(report["rows"], limit)
    names = {dimension.key: dimension.name for dimension in rubric.dimensions}
    blocks: list[ArmBlock] = []
    for row in report["rows"]:
        if not blocks or blocks[-1].arm != row["arm"]:
            blocks.append(ArmBlock(row["arm"], str(words.ARMS[row["arm"]]), []))
        blocks[-1].rows.append(_influence_row(row, names.get(row["dimension"], ""), scale, limit))
    reasons = dict.fromkeys(row["undefined"] for row in report["rows"] if row["undefined"])
    return InfluencePage(
        headline=words.summary_sentence(report, rubric),
        evaluated_on=words.evaluated_on_text(report),
        alarm=report["alarm"],
        blocks=blocks,
        anchoring_axis=drawing.draw_anchoring_axis(scale, limit),
        shares_axis=drawing.draw_shares_axis(),
        arms=_arm_rows(report["arms"]),
        people=annotator_influence_rows(report["people"], people),
        reasons=list(reasons),
        delayed=any(block.arm == "delayed" for block in blocks),
    )


def _influence_row(row: Mapping[str, Any], name: str, scale: ChartScale, limit: float) -> InfluenceRow:
    return InfluenceRow(
        key=row["dimension"] or "",
        name=name,
        metrics=row,
        anchoring=drawing.draw_anchoring(scale, row, limit),
        shares=drawing.draw_share_and_blind_share(row["acceptance"], row["coincidence"]),
        acceptance=_format_share(row["acceptance"]),
        coincidence=_format_share(row["coincidence"]),
        agreed_before=_format_share(row["agreed_before"]),
        moved=_format_share(row["moved"]["share"]) if row["moved"] else "",
    )


def _arm_rows(rows: Sequence[Mapping[str, Any]]) -> list[ArmRow]:
    most = drawing.largest_amount([row["seconds"] for row in rows])
    blind = rows[0] if rows else {"seconds": None, "within_one": None}
    return [
        ArmRow(
            arm_name=str(words.ARMS[row["arm"]]),
            metrics=row,
            seconds=drawing.draw_amount(row["seconds"], most, blind_value=blind["seconds"]),
            within_one=drawing.draw_amount(row["within_one"], 1.0, blind_value=blind["within_one"]),
            acceptance=_format_share(row["acceptance"]),
        )
        for row in rows
    ]


def rows_of_annotator(report: Report | None, member: Member, *, names: bool) -> list[AnnotatorInfluenceRow]:
    """Return the rows of one annotator, one for each arm."""
    rows = [row for row in (report or {}).get("people", []) if row["member"] == member.public_id]
    return annotator_influence_rows(rows, People({member.public_id: member}, names))


def annotator_influence_rows(rows: Sequence[Mapping[str, Any]], people: People) -> list[AnnotatorInfluenceRow]:
    """Return a row per annotator and arm, rubber stamps first, then by name."""
    influence_rows = [
        AnnotatorInfluenceRow(
            member=row["member"],
            name=people.name_of(row["member"]),
            arm=str(words.ARMS[row["arm"]]),
            metrics=row,
            acceptance=_format_share(row["acceptance"]),
            coincidence=_format_share(row["coincidence"]),
            shares=drawing.draw_share_and_blind_share(
                row["acceptance"], row["coincidence"], notable=row["rubber_stamp"]
            ),
            rubber_stamp_reason=words.rubber_stamp_text(row) if row["rubber_stamp"] else "",
        )
        for row in rows
    ]
    return sorted(
        influence_rows, key=lambda row: (not row.rubber_stamp_reason, row.name.casefold(), row.member, row.arm)
    )


def _format_share(value: float | None) -> str:
    return "–" if value is None else format_percent(value)
