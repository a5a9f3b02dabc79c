"""Writes Label Studio tasks with their agreed values, and the labelling interface.

The values of a task are one annotation.
"""

import html
import re
from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

from annotation.releases.output_folder import OutputFolder
from judge.formats.rubric import RubricDimension, RubricSpec
from judge.formats.sample_line import Image, SampleTurn
from judge.formats.score_table import number_text

from .base import JsonListWriter, ReleaseFormat, RenderingOptions, SampleEntry
from .sample_line import TEXTS

# Where Label Studio serves files of its own machine from.
LOCAL_FILES = "/data/local-files/?d="
CONTENT = "sample"
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class LabelStudioWriter:
    """Writes ``label-studio/train.json``, ``test.json`` and ``config.xml``."""

    def __init__(self, options: RenderingOptions, output: OutputFolder) -> None:
        self._rubric = options.facts.rubric
        self._with_generator = options.with_generator
        self._content = content_name(self._rubric)
        self._files = JsonListWriter(output, "label-studio/{part}.json")
        self._count = 0
        output.write("label-studio/config.xml", labeling_config(self._rubric))

    def add(self, entry: SampleEntry) -> None:
        record = entry.record
        self._count += 1
        data: dict[str, Any] = {"id": record["id"], "question_id": record["question_id"]}
        if self._with_generator and record["generator"]:
            data["generator"] = record["generator"]
        data |= {name: record[name] for name in TEXTS if record[name]}  # type: ignore[literal-required]
        data |= {"part": record["part"], "calibration": record["calibration"], "outcome": record["outcome"]}
        data["html"] = turns_to_html(entry.turns)
        result = [
            self._result(dimension, value)
            for dimension in self._rubric.dimensions
            if (value := record["final"].get(dimension.key)) is not None
        ]
        task = {"id": self._count, "data": data, "annotations": [{"result": result, "ground_truth": True}]}
        self._files.add(record["part"], task)

    def finish(self) -> list[str]:
        self._files.close()
        return []

    def _result(self, dimension: RubricDimension, value: float) -> dict[str, Any]:
        return {
            "id": f"{self._count}-{dimension.key}",
            "from_name": dimension.key,
            "to_name": self._content,
            "type": "choices",
            "value": {"choices": [number_text(value)]},
        }


def content_name(rubric: RubricSpec) -> str:
    """Return the name of the displayed content, which no dimension may have."""
    name = CONTENT
    while any(dimension.key == name for dimension in rubric.dimensions):
        name += "-shown"
    return name


def labeling_config(rubric: RubricSpec) -> str:
    """Return the labelling interface: the sample, and choices for each dimension."""
    return "\n".join(_config_lines(rubric)) + "\n"


def _config_lines(rubric: RubricSpec) -> Iterator[str]:
    content = content_name(rubric)
    yield "<View>"
    yield f'  <HyperText name={_quote_attribute(content)} value="$html"/>'
    for dimension in rubric.dimensions:
        yield f"  <Header value={_quote_attribute(f'{dimension.key}: {dimension.name}')}/>"
        names = f"name={_quote_attribute(dimension.key)} toName={_quote_attribute(content)}"
        yield f'  <Choices {names} choice="single" showInline="true">'
        for level in dimension.levels:
            hint = ". ".join(text.rstrip(".") for text in (level.label, level.anchor) if text)
            hint_attribute = f" hint={_quote_attribute(hint)}" if hint else ""
            yield f"    <Choice value={_quote_attribute(number_text(level.value))}{hint_attribute}/>"
        yield "  </Choices>"
    yield "</View>"


def turns_to_html(turns: list[SampleTurn]) -> str:
    """Return turns as one HTML page, blocks in order and texts escaped."""
    return "".join(_html_lines(turns))


def _html_lines(turns: list[SampleTurn]) -> Iterator[str]:
    for number, turn in enumerate(turns, 1):
        note = f" {number}" if len(turns) > 1 else ""
        note += " (context)" if turn.context else ""
        yield f"<section><h3>Question{note}</h3>{_paragraph(turn.question)}<h3>Answer{note}</h3>"
        for block in turn.blocks:
            if isinstance(block, Image):
                yield f'<p><img src="{html.escape(LOCAL_FILES + block.path)}" style="max-width:100%"></p>'
            else:
                yield _paragraph(block.text)
        yield "</section>"


def _paragraph(text: str) -> str:
    return f'<p style="white-space:pre-wrap">{html.escape(text)}</p>' if text else ""


def _quote_attribute(text: str) -> str:
    return quoteattr(NOT_IN_XML.sub(" ", text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


LABEL_STUDIO = ReleaseFormat(
    name="label-studio",
    title="Label Studio",
    sentence="Tasks with their agreed values as a ground-truth annotation, and the labelling interface for them.",
    leaves_out=(
        "The single ratings, whose authors Label Studio would have to know as users, distributions and metadata. "
        "A dimension that does not apply has no choice."
    ),
    use=(
        "Make a project with `config.xml`, serve this folder as `LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT` with "
        "`images` as local storage, and import the tasks."
    ),
    writer=LabelStudioWriter,
)
