"""Reads Label Studio's tasks: the JSON that it exports, or one per line.

Of a task's ``data``, fields that samples have are taken under their names, and these under others: ``prompt``,
``instruction`` or ``query`` as question; ``response``, ``output`` or ``text`` as answer; ``img`` as image; ``model``
as generator. The rest goes into the metadata, the task's ``meta`` under that name. The id is the data's, or else the
task's. A picture in Label Studio's own storage is looked for by its path: ``/data/local-files/?d=a/b.png`` as
``a/b.png``, ``/data/upload/1/b.png`` as ``upload/1/b.png``. What people and models said of a task is not taken along.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from judge.formats.json_line import RecordError, describe_type
from judge.formats.sample_line import FIELDS, FLAT_FIELDS

from .base import Source, SourceRow

SYNONYMS = {
    "question": ("prompt", "instruction", "query"),
    "answer": ("response", "output", "text"),
    "image": ("img",),
    "generator": ("model",),
}
LEFT_OUT = ("annotations", "completions", "predictions", "drafts")
KNOWN_FIELDS = frozenset({"id", "data", "meta", *LEFT_OUT})


def is_task(data: Mapping[str, Any]) -> bool:
    """Return whether an object is a task of Label Studio."""
    return isinstance(data.get("data"), dict) and not data.keys() & {"question", "turns", "conversations"}


class LabelStudio(Source):
    """Tasks as sample lines; numbered as their file numbers them."""

    def __init__(self, base: Source) -> None:
        super().__init__(base.folders)
        self._base = base
        self._said: Counter[str] = Counter()
        self._bookkeeping: set[str] = set()

    def rows(self) -> Iterator[SourceRow]:
        for number, content, size in self._base.rows():
            try:
                if isinstance(content, RecordError):
                    raise content
                yield SourceRow(number, self._sample(content), size)
            except RecordError as error:
                yield SourceRow(number, error, size)

    def count(self) -> int | None:
        return self._base.count()

    def notes(self) -> list[str]:
        notes = [
            f"{name.capitalize()} of {_count_text(self._said[name])} were left out."
            for name in LEFT_OUT
            if self._said[name]
        ]
        if self._said["annotations"] or self._said["completions"]:
            notes.append("Scores that people gave come in as a score table, by an import of scores.")
        if self._bookkeeping:
            names = ", ".join(sorted(self._bookkeeping)[:30])
            notes.append(f"Fields that Label Studio keeps for itself were left out: {names}.")
        return notes + self._base.notes() + super().notes()

    def _sample(self, task: Mapping[str, Any]) -> dict[str, Any]:
        data = task.get("data")
        if not isinstance(data, dict):
            raise RecordError("data", f"is {describe_type(data)}; a task of Label Studio has an object there.")
        for name in LEFT_OUT:
            self._said[name] += bool(task.get(name))
        self._bookkeeping |= {name[:100] for name in task if name not in KNOWN_FIELDS}
        sample = {name: value for name, value in data.items() if name in FIELDS}
        other_fields = {name: value for name, value in data.items() if name not in FIELDS}
        for name, synonyms in SYNONYMS.items():
            synonym = next((synonym for synonym in synonyms if other_fields.get(synonym) is not None), None)
            replaced = "turns" in sample and name in FLAT_FIELDS
            if synonym and sample.get(name) is None and not replaced:
                sample[name] = other_fields.pop(synonym)
        sample.setdefault("id", task.get("id"))
        _convert_picture_paths(sample)
        if task.get("meta"):
            other_fields["meta"] = task["meta"]
        if other_fields:
            metadata = sample.get("metadata")
            sample["metadata"] = other_fields | (metadata if isinstance(metadata, dict) else {})
        return sample


def _count_text(count: int) -> str:
    return f"{count:,} task" + ("" if count == 1 else "s")


def _convert_picture_paths(sample: dict[str, Any]) -> None:
    if isinstance(sample.get("image"), list):
        sample["images"] = sample.pop("image")
    sample["image"] = _convert_path(sample.get("image"))
    if isinstance(sample.get("images"), list):
        # As a gallery lists them, or as we do.
        sample["images"] = [
            _convert_path(picture.get("url") if isinstance(picture, dict) else picture) for picture in sample["images"]
        ]
    turns = sample.get("turns")
    for turn in turns if isinstance(turns, list) else []:
        blocks = turn.get("blocks") if isinstance(turn, dict) else None
        for block in blocks if isinstance(blocks, list) else []:
            if isinstance(block, dict) and "image" in block:
                block["image"] = _convert_path(block["image"])


def _convert_path(value: Any) -> Any:
    """Return where a picture of Label Studio's own storage lies in the folder of pictures."""
    if not isinstance(value, str) or not value.startswith("/data/"):
        return value
    address = urlsplit(value)
    if address.path.startswith("/data/local-files"):
        return next(iter(parse_qs(address.query).get("d", [])), value)
    return unquote(address.path.removeprefix("/data/"))
