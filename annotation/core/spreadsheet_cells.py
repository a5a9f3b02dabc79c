"""Tables for people's spreadsheets, which run a text that begins like a formula. Others stay as they are."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Without it spreadsheets take UTF-8 for the alphabet of the machine.
BYTE_ORDER_MARK = "\ufeff"


def escape_formula(cell: str) -> str:
    """Return a text that no spreadsheet runs: one that begins like a formula gets an apostrophe before it."""
    return "'" + cell if cell.startswith(FORMULA) else cell


def format_cell(value: Any) -> Any:
    """Return a value as it stands in a file for people: nothing for None, texts never as formulas."""
    if value is None:
        return ""
    return escape_formula(value) if isinstance(value, str) else value


def format_csv(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV for people."""
    out = io.StringIO()
    # With this line ending the writer quotes carriage returns too: bare ones would begin a row of their own.
    csv.writer(out, lineterminator="\r\n").writerows([format_cell(value) for value in row] for row in rows)
    return out.getvalue()
