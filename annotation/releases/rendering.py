"""A frozen release becomes files: all formats in one folder, in one pass over the records."""

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
    """What was written: every file but the manifest, how many of them are pictures, and what could not be carried."""

    files: list[WrittenFile]
    pictures: int
    notes: dict[str, list[str]]
    """By format, and for all of them under ``release``."""


def render_release(
    *,
    records: Callable[[], Records] | Records,
    about: ReleaseFacts,
    formats: Sequence[str],
    folder: Path,
    with_generator: bool = False,
    with_metadata: bool = False,
    progress: "ProgressCallback | None" = None,
) -> RenderedFiles:
    """Write the files of a release into a folder that is new or empty, the manifest last.

    The same records and options give the same bytes. Memory does not grow with the number of records. What was written
    before a failure is left for the caller to remove; without a manifest it is no release.

    Raises:
        BadInput: there is no such format.
        WorkflowError: the folder is not empty, or a stored picture is gone.
    """
    request.RenditionRequest(tuple(formats)).check()
    options = RenderingOptions(about, with_generator=with_generator, with_metadata=with_metadata)
    # Each once and in their own order, whatever the order in which they were named.
    chosen = [one for name, one in FORMATS.items() if name in formats]
    output = OutputFolder(folder)
    counts: Counter[str] = Counter()
    notes = {"release": _left_out(options)}
    writers = [(one, one.writer(options, output)) for one in chosen]
    copies = any(one.refers_to_pictures for one in chosen)
    total = about.figures.get("samples")
    for done, record in enumerate(records() if callable(records) else records, 1):
        entry = SampleEntry(record, options)
        if copies:
            for picture in record["pictures"]:
                output.copy_picture(picture)
        for _, writer in writers:
            writer.add(entry)
        counts[record["part"]] += 1
        if progress is not None and done % SAMPLES_PER_STEP == 0:
            progress(done, total, "Writing files")
    for one, writer in writers:
        found = writer.finish()
        notes[one.name] = [*([one.leaves_out] if one.leaves_out else []), *found]
    output.write(RUBRIC, to_toml(about.rubric))
    output.write(CARD, render_card(options, chosen, notes, counts))
    files = output.files
    output.write(MANIFEST, _manifest(options, chosen, notes, files))
    if progress is not None:
        progress(counts.total(), total, "Writing files")
    return RenderedFiles(files, output.pictures, notes)


def _left_out(options: RenderingOptions) -> list[str]:
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
    about = options.about
    head: dict[str, Any] = {
        "release": {
            "study": about.study,
            "number": about.number,
            "name": about.name,
            "at": about.at.astimezone(UTC).isoformat(),
            "rubric": about.rubric_name,
            "seed": about.seed,
        },
        "formats": [one.name for one in formats],
        "generator": options.with_generator,
        "metadata": options.with_metadata,
        "notes": notes,
    }
    # A line per file, so that two manifests can be compared by eye.
    lines = [f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}," for name, value in head.items()]
    entries = ",\n".join(f"    {json.dumps(file)}" for file in files)
    return "\n".join(["{", *lines, '  "files": [', entries, "  ]", "}", ""])
