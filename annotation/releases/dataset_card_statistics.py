"""The figures on a dataset card: parts, aims, agreement, protocol. No generator is named that the files do not name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .formats import RenderingOptions
from .markdown import format_number, format_share, markdown_table, markdown_text

ASKED = {
    "test_share": "share of test samples",
    "test_count": "test samples",
    "exact": "exactly that many",
    "calibration_share": "share of calibration samples",
}


def figures(options: RenderingOptions) -> Iterator[str]:
    """Yield the lines of all sections that are made of figures."""
    found = options.facts.statistics
    name_of = GeneratorLabels(found, named=options.with_generator)
    yield from _parts(options)
    yield from _split_quality_lines(found["met"])
    yield from _balance("generator", found["met"]["generator"], name_of)
    yield from _balance("domain", found["met"]["domain"], lambda value: markdown_text(value) or "(none)")
    yield from _generators(found["generators"], name_of)
    yield from _agreement(found["agreement"])
    yield from _protocol(found["protocol"])
    yield from _outcomes(found)


class GeneratorLabels:
    """What a generator is called: by its name, or by a letter where names are left out."""

    def __init__(self, found: Mapping[str, Any], *, named: bool) -> None:
        counts = {row["generator"]: row["samples"] for row in found["generators"]}
        for row in found["met"]["generator"]["values"]:
            counts.setdefault(row["value"], row["train"] + row["test"])
        # By size, as the order of the alphabet would hint at names.
        order = sorted(counts, key=lambda name: (-counts[name], name))
        self._names = {
            name: (markdown_text(name) or "(none)") if named else f"Model {_number_as_letters(number)}"
            for number, name in enumerate(order)
        }

    def __call__(self, generator: str) -> str:
        return self._names[generator]

    def sort(self, rows: Sequence[Mapping[str, Any]], key: str) -> list[Mapping[str, Any]]:
        """Return rows in the order of the names' sizes."""
        place = {name: number for number, name in enumerate(self._names)}
        return sorted(rows, key=lambda row: place[row[key]])


def _number_as_letters(number: int) -> str:
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _parts(options: RenderingOptions) -> Iterator[str]:
    found = options.facts.statistics
    yield "## Parts"
    yield ""
    rows = [(name, counts["samples"], counts["questions"]) for name, counts in found["parts"].items()]
    rows.append(("both", found["samples"], found["questions"]))
    rows.append(("calibration, within train", found["calibration"]["samples"], found["calibration"]["questions"]))
    yield from markdown_table(("part", "samples", "questions"), rows)
    asked = [
        f"{words} {found['requested'][name]}"
        for name, words in ASKED.items()
        if found["requested"].get(name) not in (None, False)
    ]
    yield f"Asked for: {', '.join([*asked, f'seed {options.facts.seed}'])}. The same seed gives the same parts."
    yield ""


def _split_quality_lines(met: Mapping[str, Any]) -> Iterator[str]:
    yield "## How well the aims of the split were met"
    yield ""
    test, grouped, sticky, pool = met["test_samples"], met["grouped"], met["sticky"], met["pool"]
    how = "exactly." if test["exact"] else f"the nearest that whole questions reach. {markdown_text(test['why'] or '')}"
    yield f"- Test samples: {test['wanted']:,} wanted, {test['got']:,} got, {how}".rstrip()
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
        if values := met[name]["values"]:
            apart = f"{100 * _largest_share_difference(values):.1f} percentage points"
            yield f"- Balance by {words}: no test share is further than {apart} from that of all samples."
    yield ""


def _largest_share_difference(values: Sequence[Mapping[str, Any]]) -> float:
    """Return how far the test share of a generator or a domain is from the whole at most, 0 to 1."""
    test = sum(row["test"] for row in values)
    overall = test / max(1, test + sum(row["train"] for row in values))
    return max(abs(row["share"] - overall) for row in values)


def _balance(name: str, balance: Mapping[str, Any], name_of: Any) -> Iterator[str]:
    values = balance["values"]
    if not values:
        return
    if isinstance(name_of, GeneratorLabels):
        values = name_of.sort(values, "value")
    rows = [(name_of(row["value"]), row["train"], row["test"], format_share(row["share"])) for row in values]
    yield from markdown_table((name, "train", "test", "share in test"), rows)


def _generators(rows: Sequence[Mapping[str, Any]], name_of: GeneratorLabels) -> Iterator[str]:
    if not rows:
        return
    yield "Where each model's samples of the study stood:"
    yield ""
    yield from markdown_table(
        ("generator", "samples", "released", "open", "overridden"),
        [
            (name_of(row["generator"]), row["samples"], row["released"], row["open"], row["overridden"])
            for row in name_of.sort(rows, "generator")
        ],
    )


def _agreement(agreement: Mapping[str, Any]) -> Iterator[str]:
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


def _protocol(protocol: Mapping[str, Any]) -> Iterator[str]:
    yield "## Protocol"
    yield ""
    rows = [
        (name.replace("_", " "), markdown_text(f"{value:g}" if isinstance(value, float) else str(value)))
        for name, value in protocol.items()
        if value not in (None, "")
    ]
    yield from markdown_table(("rule", "value"), rows)


def _outcomes(found: Mapping[str, Any]) -> Iterator[str]:
    yield "## How the values came about"
    yield ""
    outcomes = sorted({name for counts in found["outcomes"].values() for name in counts})
    if outcomes:
        rows = [
            (markdown_text(dimension), *(counts.get(name, 0) for name in outcomes))
            # As the rubric has them; the keys of stored figures have no order of their own.
            for dimension in (row["dimension"] for row in found["agreement"]["rows"])
            if (counts := found["outcomes"].get(dimension)) is not None
        ]
        yield from markdown_table(("dimension", *(markdown_text(name) for name in outcomes)), rows)
    yield from markdown_table(
        ("label origin", "samples"),
        [(markdown_text(name), count) for name, count in sorted(found["label_origins"].items())],
    )
