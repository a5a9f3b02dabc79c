"""Writes the long score table: every rating behind the agreed values, under pseudonyms."""

from annotation.releases.output_folder import OutputFolder
from judge.formats.score_table import COLUMNS, number_text, quote_cell

from .base import ReleaseFormat, RenderingOptions, SampleEntry


class ScoresWriter:
    """Writes ``scores.csv``.

    It is for machines: no cell is changed for the sake of a spreadsheet.
    """

    def __init__(self, options: RenderingOptions, output: OutputFolder) -> None:
        self._file = output.create("scores.csv")
        self._file.write((",".join(COLUMNS) + "\n").encode())

    def add(self, entry: SampleEntry) -> None:
        sample = quote_cell(entry.record["id"])
        lines = []
        for rating in entry.record["ratings"]:
            seconds = rating["seconds"]
            lines.append(
                f"{sample},{quote_cell(rating['annotator'])},{quote_cell(rating['dimension'])},{number_text(rating['value'])},"
                f"{rating['round']},{rating['at'] or ''},{'' if seconds is None else number_text(seconds)}\n"
            )
        self._file.write("".join(lines).encode())

    def finish(self) -> list[str]:
        self._file.close()
        return []


SCORES = ReleaseFormat(
    name="scores",
    title="Score table",
    sentence="One value of one annotator a line, under pseudonyms of this release.",
    leaves_out="The samples' content, and the agreed values themselves.",
    use=(
        "`manage.py import_scores` reads it, also where the samples came from another format. Open it in a "
        "spreadsheet with care: cells are as they are, also those that begin like a formula."
    ),
    writer=ScoresWriter,
    refers_to_pictures=False,
)
