"""Tables as commands print them: columns of one width, texts to the left and figures to the right."""

from collections.abc import Container, Iterator, Sequence


def table_lines(head: Sequence[str], rows: Sequence[Sequence[str]], *, texts: Container[int]) -> Iterator[str]:
    """Yield the lines of a table; ``texts`` has the places of the columns that are texts, from 0 on."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        cells = [
            cell.ljust(width) if column in texts else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
