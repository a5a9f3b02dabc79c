"""Writes pieces of a Markdown page: tables, and texts without markup."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~$&]")


def markdown_text(value: str) -> str:
    """Return a text on one line, escaped so that it shows as it is."""
    return MARKUP.sub(lambda match: "\\" + match[0], " ".join(value.split()))


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return a table; columns of numbers are aligned to the right."""
    body = [[_cell(cell) for cell in row] for row in rows]
    right = [column > 0 and all(_is_number(row[column]) for row in body) for column in range(len(head))]
    return [
        "| " + " | ".join(head) + " |",
        "|" + "|".join("---:" if is_number else "---" for is_number in right) + "|",
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


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[\d,]*\.?\d+%?|–", cell))
