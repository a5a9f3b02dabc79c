"""Pieces of a Markdown page: tables, and texts of people in which nothing is read as markup."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~$&]")


def markdown_text(value: str) -> str:
    """Return a text on one line that shows as it is."""
    return MARKUP.sub(lambda found: "\\" + found[0], " ".join(value.split()))


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return a table: the first column to the left, the others to the right where they are numbers."""
    body = [[_cell(cell) for cell in row] for row in rows]
    right = [column > 0 and all(_is_figure(row[column]) for row in body) for column in range(len(head))]
    return [
        "| " + " | ".join(head) + " |",
        "|" + "|".join("---:" if one else "---" for one in right) + "|",
        *("| " + " | ".join(row) + " |" for row in body),
        "",
    ]


def format_number(value: float | None, digits: int = 3) -> str:
    """Return a number with a fixed count of digits, or a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def format_share(value: float | None) -> str:
    """Return a share in per cent."""
    return "–" if value is None else f"{value:.1%}"


def _cell(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _is_figure(cell: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[\d,]*\.?\d+%?|–", cell))
