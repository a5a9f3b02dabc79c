"""Renders the dataset card: contents of a release, aims, reading and verifying."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from .dataset_card_statistics import statistics_sections
from .formats import ReleaseFormat, RenderingOptions
from .formats.base import PARTS
from .formats.columns import card_features
from .markdown import markdown_table, markdown_text
from .yaml_front_matter import render_front_matter

# The formats that load_dataset can open, by reader; it takes one reader for a whole folder. The first one in a release
# is opened by default: the one that carries pictures, then the typed one.
PREFERRED_FORMATS = (("datasets", "parquet"), ("jsonl",))
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
LARGEST_SIZE = "1M<n<10M"
FIELDS = (
    ("id, question_id", "The sample, and the question that it answers. All samples of a question are in one part."),
    ("question, answer, image, images", "The sample where it is one plain turn; null stands for a missing side."),
    ("turns", "The sample where it takes more: questions with ordered blocks; a context turn is shown, not judged."),
    ("generator, metadata", "Only where this release has them."),
    ("domain, category, topic, language", "As they came with the sample."),
    ("part", "train or test. A question that was once test is test in every release of the study."),
    ("calibration", "Rated without any suggestion and to be kept out of training, for calibrating a judge."),
    ("final", "The agreed value per dimension; null where a dimension does not apply."),
    ("histogram", "How many ratings, given without others' or a judge's, each level got, in the rubric's order."),
    ("mean", "The mean of the same ratings; null where there are none."),
    ("outcome", "How the final value came about: unanimous, discussed, overridden and so on."),
    ("label_origin", "Whether annotators had seen a judge's suggestion: blind, mixed, delayed, prefilled, imported."),
    ("annotators", "How many people rated the sample without having seen others' ratings or a judge's."),
    ("rubric", "The rubric and its version; rubric.toml holds all of it."),
)


def render_card(
    options: RenderingOptions,
    formats: Sequence[ReleaseFormat],
    notes: Mapping[str, Sequence[str]],
    counts: Mapping[str, int],
) -> str:
    """Return the text of README.md.

    ``counts`` are the samples written per part.
    """
    return render_front_matter(_front_matter(options, formats, counts)) + "\n".join(
        [
            *_heading(options),
            *statistics_sections(options),
            *_rubric_section(options),
            *_files_section(formats, notes),
            *_fields_section(),
            *_verification_section(),
        ]
    )


def _front_matter(
    options: RenderingOptions, formats: Sequence[ReleaseFormat], counts: Mapping[str, int]
) -> dict[str, Any]:
    facts = options.facts
    total = sum(counts.values())
    front_matter: dict[str, Any] = {
        "pretty_name": f"{facts.title or facts.study}: {facts.name}",
        "size_categories": [next((name for limit, name in SIZES if total < limit), LARGEST_SIZE)],
        "tags": ["interleaved", "human-feedback"],
    }
    by_name = {release_format.name: release_format for release_format in formats}
    loadable = next((names for names in PREFERRED_FORMATS if any(name in by_name for name in names)), ())
    configs: list[dict[str, Any]] = []
    dataset_info: list[dict[str, Any]] = []
    for name in loadable:
        loading = by_name[name].loading if name in by_name else None
        if loading is None:
            continue
        pattern = loading(options)
        files = [{"split": part, "path": pattern.pattern.format(part=part)} for part in PARTS if counts.get(part)]
        if files:
            configs.append({"config_name": name, "data_files": files, **({} if configs else {"default": True})})
            if pattern.features is not None:
                dataset_info.append({"config_name": name, "features": card_features(pattern.features)})
    if configs:
        front_matter["configs"] = configs
    if dataset_info:
        front_matter["dataset_info"] = dataset_info
    return front_matter


def _heading(options: RenderingOptions) -> Iterator[str]:
    facts = options.facts
    yield f"# {markdown_text(facts.title or facts.study)}: {markdown_text(facts.name)}"
    yield ""
    yield (
        f"Release {facts.number} of the study {markdown_text(facts.study)}, "
        f"frozen at {facts.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC. "
        "People scored answers that mix text and images, each by several annotators without seeing one another; "
        "where they differed, they settled it as the protocol below says."
    )
    yield ""


def _rubric_section(options: RenderingOptions) -> Iterator[str]:
    rubric = options.facts.rubric
    yield "## What was scored"
    yield ""
    yield (
        f"Rubric {markdown_text(options.facts.rubric_name)}: {markdown_text(rubric.title)}. "
        "rubric.toml has the anchors of all levels."
    )
    yield ""
    rows = [
        (
            markdown_text(dimension.key),
            markdown_text(dimension.name),
            f"{dimension.values[0]:g} to {dimension.values[-1]:g}",
            markdown_text(dimension.description),
        )
        for dimension in rubric.dimensions
    ]
    yield from markdown_table(("dimension", "name", "levels", "meaning"), rows)


def _files_section(formats: Sequence[ReleaseFormat], notes: Mapping[str, Sequence[str]]) -> Iterator[str]:
    yield "## Files"
    yield ""
    yield "All formats below hold the same samples, as far as each can carry them."
    yield ""
    for release_format in formats:
        yield f"- **{release_format.title}** (`{release_format.name}`). {release_format.sentence} {release_format.use}"
        for note in notes.get(release_format.name, ()):
            yield f"  - Left out or changed: {note}"
    yield ""
    if notes.get("release"):
        yield " ".join(notes["release"])
        yield ""


def _fields_section() -> Iterator[str]:
    yield "## Fields"
    yield ""
    yield from markdown_table(("field", "meaning"), FIELDS)


def _verification_section() -> Iterator[str]:
    yield "## Verify it"
    yield ""
    yield "manifest.json lists every file with its size and SHA-256. On an installation of the platform:"
    yield ""
    yield "    manage.py verify ."
    yield ""
    yield "and anywhere else, in this folder:"
    yield ""
    yield """    jq -r '.files[] | "\\(.sha256)  \\(.path)"' manifest.json | sha256sum --check --quiet"""
    yield ""
