"""Writes JSON Lines: the sample line with its agreed scores, the most complete format."""

from annotation.releases.output_folder import OutputFolder

from .base import JsonLinesWriter, LoadingPattern, ReleaseFormat, RenderingOptions, SampleEntry
from .columns import line_columns


class JsonlWriter:
    """Writes ``train.jsonl`` and ``test.jsonl``."""

    def __init__(self, options: RenderingOptions, output: OutputFolder) -> None:
        self._files = JsonLinesWriter(output, "{part}.jsonl")

    def add(self, entry: SampleEntry) -> None:
        self._files.add(entry.record["part"], entry.line)

    def finish(self) -> list[str]:
        self._files.close()
        return []


def loading_pattern(options: RenderingOptions) -> LoadingPattern:
    columns = line_columns(options)
    # Metadata are any object here; a reader has to find out.
    return LoadingPattern("{part}.jsonl", None if options.with_metadata else columns)


JSONL = ReleaseFormat(
    name="jsonl",
    title="JSON Lines",
    sentence="One sample a line with its agreed scores; the format that carries most.",
    leaves_out="The single ratings; their counts per level are in it, and the score table has all of them.",
    use=(
        "Pictures are named relative to this folder. Without the fields from `part` on, a line is one that "
        "`manage.py import_samples` reads."
    ),
    writer=JsonlWriter,
    loading=loading_pattern,
)
