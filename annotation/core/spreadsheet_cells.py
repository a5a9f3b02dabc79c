"""CSV for spreadsheets, with texts that begin like a formula escaped."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")
# Without it spreadsheets take UTF-8 for the alphabet of the machine.
BYTE_ORDER_MARK = "\ufeff"


def escape_formula(cell: str) -> str:
    """Return a text with an apostrophe before it where it begins like a formula."""
    return "'" + cell if cell.startswith(FORMULA) else cell


def format_cell(value: Any) -> Any:
    """Return a value as a spreadsheet cell: empty for None, formulas escaped."""
    if value is None:
        return ""
    return escape_formula(value) if isinstance(value, str) else value


def format_csv(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV for spreadsheets."""
    out = io.StringIO()
    # With this line ending the writer quotes carriage returns too: bare ones would begin a row of their own.
    csv.writer(out, lineterminator="\r\n").writerows([format_cell(value) for value in row] for row in rows)
    return out.getvalue()
