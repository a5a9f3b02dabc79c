"""Agreement as pages show it: rows with drawings, heat maps and stance changes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from annotation.core.rubric_cache import RubricDefinition
from frontend.charts import svg

from .annotator_remarks import format_signed, format_two_decimals
from .stored_reports import People

LEVELS = ("ordinal", "interval", "nominal")
GROUPS = ("all", "generator", "domain")
# Krippendorff's customary bars for tentative and for firm conclusions.
ALPHA_THRESHOLDS = (0.67, 0.8)
# More do not fit side by side; the files have them all.
HEAT_MAP_PEOPLE = 16


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """The metrics of a dimension, or of one group of samples on it."""

    key: str
    name: str
    group: str
    metrics: Mapping[str, Any]
    drawing: SafeString


@dataclass(frozen=True, slots=True)
class DimensionBlock:
    """The rows of one dimension."""

    key: str
    name: str
    rows: list[AgreementRow]


@dataclass(frozen=True, slots=True)
class AgreementTable:
    """Agreement at one level of measurement; all rows share one scale."""

    level: str
    by: str
    blocks: list[DimensionBlock]
    axis: SafeString

    @property
    def rows(self) -> list[AgreementRow]:
        return [row for block in self.blocks for row in block.rows]

    @property
    def reasons(self) -> list[str]:
        """Return why a correlation is undefined, each reason once.

        Only where alpha is defined.
        """
        reasons: dict[str, None] = {}
        for row in self.rows:
            for name in ("icc", "icc_two_way"):
                why = row.metrics[name]["undefined"]
                if why and row.metrics["alpha"] is not None:
                    reasons.setdefault(
                        _("%(form)s undefined: %(why)s") % {"form": row.metrics[name]["form"], "why": why}
                    )
        return list(reasons)


def stored_rows(agreement: Mapping[str, Any] | None, level: str, by: str) -> list[dict[str, Any]]:
    """Return the stored rows of one level and one grouping."""
    if agreement is None:
        return []
    rows: list[dict[str, Any]] = agreement.get("levels", {}).get(level, {}).get(by, [])
    return rows


def agreement_table(
    agreement: Mapping[str, Any] | None, rubric: RubricDefinition, *, level: str, by: str = "all", width: float = 300
) -> AgreementTable:
    """Return agreement by dimension in the rubric's order, with groups by name."""
    rows = stored_rows(agreement, level, by)
    scale = svg.alpha_scale(
        (min([row["alpha"], *(row.get("interval") or [])]) for row in rows if row.get("alpha") is not None),
        width=width,
    )
    blocks = []
    for dimension in rubric.dimensions:
        dimension_rows = [row for row in rows if row["dimension"] == dimension.key]
        if by != "all":
            dimension_rows.sort(key=lambda row: group_name(row, by).casefold())
        if dimension_rows:
            blocks.append(
                DimensionBlock(
                    dimension.key,
                    dimension.name,
                    [_agreement_row(row, dimension.name, by, scale) for row in dimension_rows],
                )
            )
    return AgreementTable(level, by, blocks, svg.draw_axis(scale, svg.alpha_ticks(scale)))


def group_name(row: Mapping[str, Any], by: str) -> str:
    """Return the name of a group of samples."""
    return str(row.get("group", {}).get(by) or _("none given"))


def _agreement_row(row: Mapping[str, Any], name: str, by: str, scale: svg.ChartScale) -> AgreementRow:
    group = group_name(row, by) if by != "all" else ""
    drawing = svg.draw_interval(scale, row.get("alpha"), row.get("interval"), bars=ALPHA_THRESHOLDS)
    return AgreementRow(row["dimension"], name, group, row, drawing)


def summary_sentence(shown: AgreementTable) -> str:
    """Return the sentence that the page of agreement opens with."""
    rows = [row for row in shown.rows if row.metrics.get("alpha") is not None]
    if not rows:
        return _("Agreement cannot be told yet")
    best = max(rows, key=lambda row: row.metrics["alpha"])
    least = min(rows, key=lambda row: row.metrics["alpha"])
    if best is least:
        return _("On %(what)s annotators agree with an alpha of %(alpha)s") % {
            "what": best.name,
            "alpha": format_two_decimals(best.metrics["alpha"]),
        }
    if shown.by != "all":
        return _("Agreement runs from %(low)s (%(least)s) to %(high)s (%(best)s)") % {
            "low": format_two_decimals(least.metrics["alpha"]),
            "least": f"{least.group}, {least.name}",
            "high": format_two_decimals(best.metrics["alpha"]),
            "best": f"{best.group}, {best.name}",
        }
    return _("Annotators agree most on %(best)s (alpha %(high)s), least on %(least)s (%(low)s)") % {
        "best": best.name,
        "high": format_two_decimals(best.metrics["alpha"]),
        "least": least.name,
        "low": format_two_decimals(least.metrics["alpha"]),
    }


@dataclass(frozen=True, slots=True)
class HeatMapCell:
    """A metric of one pair of people."""

    value: float | None
    shade: int | None
    description: str
    text: str = ""
    """What stands in the cell where it is not the value with two decimals."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Metrics of pairs of people, in one order on both sides.

    Of kappa the lower half of the square.
    """

    key: str
    name: str
    columns: list[str]
    rows: list[tuple[str, list[HeatMapCell]]]
    left_out: int = 0
    """People for whom there is no room."""


def kappa_heat_maps(rows: Iterable[Mapping[str, Any]], rubric: RubricDefinition, people: People) -> list[HeatMap]:
    """Return a heat map of kappa for each dimension.

    A dimension that no two people have scored has none.
    """
    by_key = {row["dimension"]: row for row in rows}
    maps = []
    for dimension in rubric.dimensions:
        pairs = by_key.get(dimension.key, {}).get("kappa") or []
        if pairs:
            maps.append(_heat_map(dimension.key, dimension.name, pairs, people))
    return maps


def overall_kappa_heat_map(rows: Iterable[Mapping[str, Any]], people: People) -> HeatMap | None:
    """Return a heat map of each pair's mean kappa over the dimensions.

    Only dimensions on which kappa is defined count.
    """
    pair_cells: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        for pair in row.get("kappa") or []:
            pair_cells.setdefault(_sorted_pair(pair), []).append(pair)
    if not pair_cells:
        return None
    pairs = []
    for pair, cells in pair_cells.items():
        values = [cell["kappa"] for cell in cells if cell.get("kappa") is not None]
        pairs.append(
            {
                "pair": list(pair),
                "kappa": sum(values) / len(values) if values else None,
                "samples": max(cell.get("samples") or 0 for cell in cells),
                "undefined": None if values else next((c.get("undefined") for c in cells if c.get("undefined")), None),
            }
        )
    return _heat_map("", _("all dimensions"), pairs, people)


def _sorted_pair(cell: Mapping[str, Any]) -> tuple[str, str]:
    first, second = sorted(cell["pair"])
    return first, second


def _heat_map(key: str, name: str, pairs: Iterable[Mapping[str, Any]], people: People) -> HeatMap:
    cells = {_sorted_pair(pair): pair for pair in pairs}
    weight: Counter[str] = Counter()
    for pair, cell in cells.items():
        weight.update(dict.fromkeys(pair, cell["samples"] or 0))
    order = people.in_order({member for member, _n in weight.most_common(HEAT_MAP_PEOPLE)})
    rows = []
    for place, member in enumerate(order[1:], start=1):
        line = [_kappa_cell(cells.get((min(member, other), max(member, other)))) for other in order[:place]]
        rows.append((people.name_of(member), line))
    return HeatMap(key, name, [people.name_of(member) for member in order[:-1]], rows, len(weight) - len(order))


def _kappa_cell(pair: Mapping[str, Any] | None) -> HeatMapCell:
    if pair is None:
        return HeatMapCell(None, None, _("no sample in common"))
    value = pair.get("kappa")
    count = pair.get("samples") or 0
    description = ngettext("%(n)s sample in common", "%(n)s samples in common", count) % {"n": count}
    if value is None and pair.get("undefined"):
        description = f"{description}: {pair['undefined']}"
    return HeatMapCell(value, svg.shade_index(value), description)


@dataclass(frozen=True, slots=True)
class StanceChangeRow:
    """What the discussions of one dimension changed in the values from before them."""

    key: str
    name: str
    metrics: Mapping[str, Any]
    share: float | None
    drawing: SafeString
    towards: list[tuple[str, int, float]]
    """Towards what, how many and which share of those who moved."""


def stance_change_rows(agreement: Mapping[str, Any] | None, rubric: RubricDefinition) -> list[StanceChangeRow]:
    """Return the stance changes of each dimension that was discussed."""
    rows: list[Mapping[str, Any]] = (agreement or {}).get("moved") or []
    by_key = {row["dimension"]: row for row in rows if row.get("stances")}
    most = max((max(row["down"], row["up"]) for row in by_key.values()), default=0)
    change_rows = []
    for dimension in rubric.dimensions:
        row = by_key.get(dimension.key)
        if row is None:
            continue
        count = row["moved"]
        towards = row.get("towards") or {}
        change_rows.append(
            StanceChangeRow(
                dimension.key,
                dimension.name,
                row,
                count / row["stances"],
                svg.draw_diverging_bars(row["down"], row["up"], most=most),
                [
                    (word, towards.get(name) or 0, (towards.get(name) or 0) / count if count else 0)
                    for name, word in _direction_words()
                ],
            )
        )
    return change_rows


def _direction_words() -> Sequence[tuple[str, str]]:
    return (
        ("majority", _("the majority")),
        ("highest", _("the highest")),
        ("lowest", _("the lowest")),
        ("other", _("in between")),
    )


def stance_change_sentence(rows: Sequence[StanceChangeRow]) -> str:
    """Return a sentence on the stance changes; empty where no discussion is over."""
    stances = sum(row.metrics["stances"] for row in rows)
    if not stances:
        return ""
    count = sum(row.metrics["moved"] for row in rows)
    mean = sum((row.metrics["mean_change"] or 0) * row.metrics["stances"] for row in rows) / stances
    return _("Discussions moved %(share)s of the first values; the mean of all went by %(mean)s levels.") % {
        "share": format_percent(count / stances),
        "mean": format_signed(mean),
    }


def format_percent(value: float) -> str:
    """Return a share in whole per cent."""
    return f"{100 * value:.0f} %"


def adoption_heat_map(agreement: Mapping[str, Any] | None, people: People) -> HeatMap | None:
    """Return a heat map of how often each person adopted another's first value.

    Who moved is in the rows, whose first value it was in the columns.

    A cell is a share of the times that the two had begun on different values.
    """
    cells = {(row["from"], row["to"]): row for row in (agreement or {}).get("pairwise") or [] if row["of"]}
    if not cells:
        return None
    weight: Counter[str] = Counter()
    for (member, other), row in cells.items():
        weight.update({member: row["of"], other: row["of"]})
    order = people.in_order({member for member, _n in weight.most_common(HEAT_MAP_PEOPLE)})
    rows = [(people.name_of(member), [_adoption_cell(member, other, cells) for other in order]) for member in order]
    return HeatMap("", "", [people.name_of(member) for member in order], rows, len(weight) - len(order))


def _adoption_cell(member: str, other: str, cells: Mapping[tuple[str, str], Mapping[str, Any]]) -> HeatMapCell:
    row = cells.get((member, other))
    if row is None:
        return HeatMapCell(None, None, "" if member == other else _("never apart"))
    part = row["n"] / row["of"]
    description = _("%(n)s of %(of)s times") % {"n": row["n"], "of": row["of"]}
    return HeatMapCell(part, svg.shade_index(part), description, format_percent(part))


def evaluation_counts(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return what agreement was evaluated on.

    Ratings in sum, samples and annotators at most.
    """
    return {
        "ratings": sum(row.get("ratings") or 0 for row in rows),
        "samples": max((row.get("samples") or 0 for row in rows), default=0),
        "annotators": max((row.get("annotators") or 0 for row in rows), default=0),
    }
