"""Renders a frozen release as files: all formats in one folder, in one pass."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from judge.formats.rubric_toml import to_toml

from . import request
from .dataset_card import render_card
from .file_names import CARD, MANIFEST, RUBRIC
from .formats import FORMATS, ReleaseFormat, RenderingOptions, SampleEntry
from .output_folder import OutputFolder, WrittenFile
from .record import FrozenRecord, ReleaseFacts

if TYPE_CHECKING:
    from annotation.jobs.progress import ProgressCallback

Records = Iterable[FrozenRecord]
SAMPLES_PER_STEP = 20


@dataclass(frozen=True, slots=True)
class RenderedFiles:
    """The files that were written, and notes on what could not be carried.

    ``files`` are all but the manifest, ``pictures`` the number of pictures among them.
    """

    files: list[WrittenFile]
    pictures: int
    notes: dict[str, list[str]]
    """By format, and for all of them under ``release``."""


def render_release(
    *,
    records: Callable[[], Records] | Records,
    facts: ReleaseFacts,
    formats: Sequence[str],
    folder: Path,
    with_generator: bool = False,
    with_metadata: bool = False,
    progress: "ProgressCallback | None" = None,
) -> RenderedFiles:
    """Write the files of a release to an empty or new folder, manifest last.

    The same records and options give the same bytes. Memory does not grow with the number of records. What was written
    before a failure is left for the caller to remove; without a manifest it is no release.

    Raises:
        BadInput: there is no such format.
        WorkflowError: the folder is not empty, or a stored picture is gone.
    """
    request.RenditionRequest(tuple(formats)).check()
    options = RenderingOptions(facts, with_generator=with_generator, with_metadata=with_metadata)
    # Each once and in their own order, in whatever order they were named.
    chosen_formats = [release_format for name, release_format in FORMATS.items() if name in formats]
    output = OutputFolder(folder)
    counts: Counter[str] = Counter()
    notes = {"release": _omission_notes(options)}
    writers = [(release_format, release_format.writer(options, output)) for release_format in chosen_formats]
    copies_pictures = any(release_format.refers_to_pictures for release_format in chosen_formats)
    total = facts.statistics.get("samples")
    for done, record in enumerate(records() if callable(records) else records, 1):
        entry = SampleEntry(record, options)
        if copies_pictures:
            for picture in record["pictures"]:
                output.copy_picture(picture)
        for _, writer in writers:
            writer.add(entry)
        counts[record["part"]] += 1
        if progress is not None and done % SAMPLES_PER_STEP == 0:
            progress(done, total, "Writing files")
    for release_format, writer in writers:
        writer_notes = writer.finish()
        notes[release_format.name] = [
            *([release_format.leaves_out] if release_format.leaves_out else []),
            *writer_notes,
        ]
    output.write(RUBRIC, to_toml(facts.rubric))
    output.write(CARD, render_card(options, chosen_formats, notes, counts))
    files = output.files
    output.write(MANIFEST, _manifest(options, chosen_formats, notes, files))
    if progress is not None:
        progress(counts.total(), total, "Writing files")
    return RenderedFiles(files, output.pictures, notes)


def _omission_notes(options: RenderingOptions) -> list[str]:
    left_out = []
    if not options.with_generator:
        left_out.append("Which model made a sample is left out.")
    if not options.with_metadata:
        left_out.append("Metadata of the samples are left out.")
    return left_out


def _manifest(
    options: RenderingOptions,
    formats: Sequence[ReleaseFormat],
    notes: dict[str, list[str]],
    files: Sequence[WrittenFile],
) -> str:
    facts = options.facts
    head: dict[str, Any] = {
        "release": {
            "study": facts.study,
            "number": facts.number,
            "name": facts.name,
            "at": facts.at.astimezone(UTC).isoformat(),
            "rubric": facts.rubric_name,
            "seed": facts.seed,
        },
        "formats": [release_format.name for release_format in formats],
        "generator": options.with_generator,
        "metadata": options.with_metadata,
        "notes": notes,
    }
    # A line per file, so that two manifests can be compared by eye.
    lines = [f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}," for name, value in head.items()]
    entries = ",\n".join(f"    {json.dumps(file)}" for file in files)
    return "\n".join(["{", *lines, '  "files": [', entries, "  ]", "}", ""])
