"""Figures, the aims that they are held against, and the one table that shows them."""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure should at least, or at most, be."""

    bound: float
    at_least: bool

    def met(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {written(self.bound)}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    title: str
    unit: str
    aims: Mapping[str, Aim] = field(default_factory=dict)


def row(title: str, unit: str, *, least: float | None = None, most: float | None = None) -> Row:
    """Return a row whose aim is the same on every database."""
    if least is not None:
        return Row(title, unit, dict.fromkeys(DATABASES, Aim(least, at_least=True)))
    if most is not None:
        return Row(title, unit, dict.fromkeys(DATABASES, Aim(most, at_least=False)))
    return Row(title, unit)


# What one repetition of a benchmark yields, one by one, so that an interrupted run has something to show.
Measured = Iterator[tuple[Row, float]]


class Table:
    """Collects what the repetitions measured."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self._rows: dict[str, Row] = {}

    def add(self, row: Row, database: str, value: float) -> None:
        self._rows.setdefault(row.title, row)
        self._values[row.title][database].append(value)

    def missed(self) -> list[str]:
        """Name every figure that falls short."""
        return [
            f"{row.title} on {DATABASES[database]}"
            for row, database, value in self._medians()
            if database in row.aims and not row.aims[database].met(value)
        ]

    def markdown(self) -> str:
        """Return the table: medians, with the lowest and the highest where the runs differed."""
        head = ["Measured", *DATABASES.values(), "Aim"]
        lines = [head, ["---", *["---:"] * len(DATABASES), "---:"]]
        for row in self._rows.values():
            cells = [self._cell(row, database) for database in DATABASES]
            lines.append([f"{row.title}, {row.unit}" if row.unit else row.title, *cells, aim_text(row.aims)])
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def _medians(self) -> Iterable[tuple[Row, str, float]]:
        for title, row in self._rows.items():
            for database, values in self._values[title].items():
                yield row, database, statistics.median(values)

    def _cell(self, row: Row, database: str) -> str:
        values = self._values[row.title].get(database)
        if not values:
            return ""
        middle = statistics.median(values)
        text = written(middle)
        if database in row.aims:
            text = f"{text} {'✓' if row.aims[database].met(middle) else '✗'}"
        low, high = written(min(values)), written(max(values))
        return f"{text} ({low}–{high})" if low != high else text


def aim_text(aims: Mapping[str, Aim]) -> str:
    """Write the aims of a row, once where all databases share one."""
    texts = list(dict.fromkeys(str(aim) for aim in aims.values()))
    return " / ".join(texts)


def written(value: float) -> str:
    """Write a figure with as many digits as it is worth."""
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value below which ``share`` of all lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
