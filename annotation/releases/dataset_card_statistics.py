"""Renders the statistics on a dataset card: parts, aims, agreement and protocol.

No generator is named that the files do not name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .formats import RenderingOptions
from .markdown import format_number, format_share, markdown_table, markdown_text

REQUEST_LABELS = {
    "test_share": "share of test samples",
    "test_count": "test samples",
    "exact": "exactly that many",
    "calibration_share": "share of calibration samples",
}


def statistics_sections(options: RenderingOptions) -> Iterator[str]:
    """Yield the lines of all sections that consist of statistics."""
    statistics = options.facts.statistics
    label_of = GeneratorLabels(statistics, named=options.with_generator)
    yield from _parts_section(options)
    yield from _aims_section(statistics["met"])
    yield from _balance_table("generator", statistics["met"]["generator"], label_of)
    yield from _balance_table("domain", statistics["met"]["domain"], lambda value: markdown_text(value) or "(none)")
    yield from _generators_table(statistics["generators"], label_of)
    yield from _agreement_section(statistics["agreement"])
    yield from _protocol_section(statistics["protocol"])
    yield from _outcomes_section(statistics)


class GeneratorLabels:
    """The labels of generators: their names, or letters where names are left out."""

    def __init__(self, statistics: Mapping[str, Any], *, named: bool) -> None:
        counts = {row["generator"]: row["samples"] for row in statistics["generators"]}
        for row in statistics["met"]["generator"]["values"]:
            counts.setdefault(row["value"], row["train"] + row["test"])
        # By size, as the order of the alphabet would hint at names.
        order = sorted(counts, key=lambda name: (-counts[name], name))
        self._labels = {
            name: (markdown_text(name) or "(none)") if named else f"Model {_number_as_letters(number)}"
            for number, name in enumerate(order)
        }

    def __call__(self, generator: str) -> str:
        return self._labels[generator]

    def sort(self, rows: Sequence[Mapping[str, Any]], key: str) -> list[Mapping[str, Any]]:
        """Return rows in the order of the labels, largest generator first."""
        place = {name: number for number, name in enumerate(self._labels)}
        return sorted(rows, key=lambda row: place[row[key]])


def _number_as_letters(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, remainder = divmod(number - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return letters


def _parts_section(options: RenderingOptions) -> Iterator[str]:
    statistics = options.facts.statistics
    yield "## Parts"
    yield ""
    rows = [(name, counts["samples"], counts["questions"]) for name, counts in statistics["parts"].items()]
    rows.append(("both", statistics["samples"], statistics["questions"]))
    rows.append(
        ("calibration, within train", statistics["calibration"]["samples"], statistics["calibration"]["questions"])
    )
    yield from markdown_table(("part", "samples", "questions"), rows)
    requested = [
        f"{words} {statistics['requested'][name]}"
        for name, words in REQUEST_LABELS.items()
        if statistics["requested"].get(name) not in (None, False)
    ]
    yield f"Asked for: {', '.join([*requested, f'seed {options.facts.seed}'])}. The same seed gives the same parts."
    yield ""


def _aims_section(aims: Mapping[str, Any]) -> Iterator[str]:
    yield "## How well the aims of the split were met"
    yield ""
    test, grouped, sticky, pool = aims["test_samples"], aims["grouped"], aims["sticky"], aims["pool"]
    result = (
        "exactly." if test["exact"] else f"the nearest that whole questions reach. {markdown_text(test['why'] or '')}"
    )
    yield f"- Test samples: {test['wanted']:,} wanted, {test['got']:,} got, {result}".rstrip()
    yield f"- Grouped by question: {grouped['questions']:,} questions, {grouped['in_both']:,} of them in both parts."
    yield (
        f"- Parts stay: {sticky['train']:,} questions were train before and {sticky['test']:,} test; "
        f"{sticky['moved']:,} have moved."
    )
    if pool["reserved"]:
        yield (
            f"- Test questions come from the reserved pool of {pool['questions']:,} questions; "
            f"{pool['outside']:,} come from outside of it."
        )
    else:
        yield "- No pool was reserved: any question could become a test question."
    for name, words in (("generator", "model"), ("domain", "domain")):
        if values := aims[name]["values"]:
            difference = f"{100 * _largest_share_difference(values):.1f} percentage points"
            yield f"- Balance by {words}: no test share is further than {difference} from that of all samples."
    yield ""


def _largest_share_difference(values: Sequence[Mapping[str, Any]]) -> float:
    """Return the largest difference between a test share and that of all samples."""
    test = sum(row["test"] for row in values)
    overall = test / max(1, test + sum(row["train"] for row in values))
    return max(abs(row["share"] - overall) for row in values)


def _balance_table(name: str, balance: Mapping[str, Any], label_of: Any) -> Iterator[str]:
    values = balance["values"]
    if not values:
        return
    if isinstance(label_of, GeneratorLabels):
        values = label_of.sort(values, "value")
    rows = [(label_of(row["value"]), row["train"], row["test"], format_share(row["share"])) for row in values]
    yield from markdown_table((name, "train", "test", "share in test"), rows)


def _generators_table(rows: Sequence[Mapping[str, Any]], label_of: GeneratorLabels) -> Iterator[str]:
    if not rows:
        return
    yield "Where each model's samples of the study stood:"
    yield ""
    yield from markdown_table(
        ("generator", "samples", "released", "open", "overridden"),
        [
            (label_of(row["generator"]), row["samples"], row["released"], row["open"], row["overridden"])
            for row in label_of.sort(rows, "generator")
        ],
    )


def _agreement_section(agreement: Mapping[str, Any]) -> Iterator[str]:
    yield "## Agreement"
    yield ""
    yield (
        f"Krippendorff's alpha at the {agreement['level']} level of measurement, from independent ratings alone, "
        "before anything was discussed; with a 95 % interval over samples."
    )
    yield ""
    rows = []
    for row in agreement["rows"]:
        interval = row["interval"]
        rows.append(
            (
                markdown_text(row["dimension"]),
                format_number(row["alpha"]),
                f"{format_number(interval[0])} to {format_number(interval[1])}" if interval else "–",
                row["samples"],
                row["ratings"],
                format_share(row["exact"]),
                format_share(row["within_one"]),
                format_number(row["mad"]),
            )
        )
    head = ("dimension", "alpha", "interval", "samples", "ratings", "exact", "within one", "mean difference")
    yield from markdown_table(head, rows)
    undefined = [
        f"{markdown_text(row['dimension'])}: {markdown_text(row['undefined'])}"
        for row in agreement["rows"]
        if row["undefined"]
    ]
    if undefined:
        yield "No alpha can be given for " + "; ".join(undefined)
        yield ""


def _protocol_section(protocol: Mapping[str, Any]) -> Iterator[str]:
    yield "## Protocol"
    yield ""
    rows = [
        (name.replace("_", " "), markdown_text(f"{value:g}" if isinstance(value, float) else str(value)))
        for name, value in protocol.items()
        if value not in (None, "")
    ]
    yield from markdown_table(("rule", "value"), rows)


def _outcomes_section(statistics: Mapping[str, Any]) -> Iterator[str]:
    yield "## How the values came about"
    yield ""
    outcomes = sorted({name for counts in statistics["outcomes"].values() for name in counts})
    if outcomes:
        rows = [
            (markdown_text(dimension), *(counts.get(name, 0) for name in outcomes))
            # As the rubric has them; the keys of stored figures have no order of their own.
            for dimension in (row["dimension"] for row in statistics["agreement"]["rows"])
            if (counts := statistics["outcomes"].get(dimension)) is not None
        ]
        yield from markdown_table(("dimension", *(markdown_text(name) for name in outcomes)), rows)
    yield from markdown_table(
        ("label origin", "samples"),
        [(markdown_text(name), count) for name, count in sorted(statistics["label_origins"].items())],
    )
