"""Reads the conversations of the OpenING benchmark.

A conversation has an input of steps and an output of steps, each step a text with a picture or without.

A step's text is the question or a block of the answer, without the marks ``<BEGIN>`` and ``<image>``; its picture
stands behind the text. Steps of the input that show a picture become context, which is shown and not judged; the words
of the last one are the question of the turn that its output answers. The id is ``total_uid``, or made from the numbers
of task and instance as OpenING makes it. In a folder of what a generator made, named ``…_output``, the generator's name
is added to the id, and samples of one instance are of one question.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from judge.formats.json_line import RecordError, describe_type

from .base import Source, SourceOptions, SourceRow, unreadable_file
from .folders import list_files
from .json_lines import JsonLinesReader
from .json_list import JsonList

OUTPUT = "_output"
MARKS = ("<BEGIN>", "<image>")
SINGLE_OBJECT_FIELDS = frozenset({"conversations"})
KNOWN_FIELDS = frozenset({"total_uid", "meta_task_name", "subtask_name", "conversations"})


def is_conversation(data: Mapping[str, Any]) -> bool:
    """Return whether an object is a conversation of OpenING."""
    return isinstance(data.get("conversations"), list)


class OpeningConversations(Source):
    """Conversations as sample lines.

    They are numbered as in their file, or by files where each file holds one.
    """

    def __init__(self, path: Path, options: SourceOptions) -> None:
        self._folder = path if path.is_dir() else None
        # What was asked lies beside the benchmark, what was made beside the conversations.
        super().__init__((*([options.images] if options.images else []), self._folder or path.parent))
        self._files = list_files(path, (".json", ".jsonl")) if path.is_dir() else [path]
        self._starts: list[tuple[int, Path]] = []

    def rows(self) -> Iterator[SourceRow]:
        last = 0
        for path in self._files:
            start = last
            self._starts.append((start, path))
            for number, content, size in open_objects(path).rows():
                last = start + number
                try:
                    if isinstance(content, RecordError):
                        raise content
                    yield SourceRow(last, self._sample(content, path), size)
                except RecordError as error:
                    yield SourceRow(last, error, size)

    def count(self) -> int | None:
        return len(self._files) if len(self._files) > 1 else open_objects(self._files[0]).count()

    def location(self, number: int) -> str:
        before = [path for start, path in self._starts if start < number]
        return str(before[-1].relative_to(self._folder)) if self._folder and len(self._files) > 1 and before else ""

    def _sample(self, data: Mapping[str, Any], path: Path) -> dict[str, Any]:
        uid = _make_id(data)
        turns = self._turns(data.get("conversations"), path)
        sample: dict[str, Any] = {"id": uid, "question_id": uid, "turns": turns}
        if path.parent.name.endswith(OUTPUT):
            generator = path.parent.name.removesuffix(OUTPUT)
            sample |= {"id": f"{generator}/{uid}", "generator": generator}
        for name, field in (("category", "meta_task_name"), ("topic", "subtask_name")):
            if data.get(field):
                sample[name] = data[field]
        metadata = {name: value for name, value in data.items() if name not in KNOWN_FIELDS}
        return sample | ({"metadata": metadata} if metadata else {})

    def _turns(self, conversations: Any, path: Path) -> list[dict[str, Any]]:
        if not isinstance(conversations, list):
            raise RecordError(
                "conversations", f"is {describe_type(conversations)}; write a list of inputs and outputs."
            )
        subfolder = path.parent.relative_to(self._folder) if self._folder else Path()
        turns: list[dict[str, Any]] = []
        question = ""
        for index, part in enumerate(conversations):
            at = f"conversations[{index}]"
            if not isinstance(part, dict):
                raise RecordError(at, f"is {describe_type(part)}; write an object with input or output.")
            if "input" in part:
                steps = _parse_steps(part["input"], f"{at}.input")
                context_turns, question = _make_context(steps)
                turns += context_turns
            if "output" in part:
                steps = _parse_steps(part["output"], f"{at}.output")
                turns.append({"question": question, "blocks": _make_blocks(steps, subfolder)})
                question = ""
        if not any(not turn.get("context") for turn in turns):
            raise RecordError("conversations", "have no output; there is nothing to judge.")
        return turns


def open_conversations(path: Path, options: SourceOptions) -> Source:
    """Open a file of conversations, or a folder of such files."""
    source = OpeningConversations(path, options)
    if not source._files:
        raise unreadable_file("There are no conversations in this folder; they are files that end in .json or .jsonl.")
    return source


def open_objects(path: Path) -> Source:
    """Open a file of objects: one per line, one over many lines, or a list."""
    with path.open("rb") as file:
        first = file.readline(1 << 20).strip()
    return (
        JsonLinesReader(path)
        if first.startswith(b"{") and first.endswith(b"}")
        else JsonList(path, alone=SINGLE_OBJECT_FIELDS)
    )


def _make_id(data: Mapping[str, Any]) -> Any:
    total_uid = data.get("total_uid")
    if total_uid is not None:
        return total_uid
    parts = [data.get(name) for name in ("meta_task_id", "subtask_id", "data_id")]
    if any(part is None for part in parts):
        raise RecordError("total_uid", "is missing; every conversation needs one.")
    return "".join(str(part).zfill(width) for part, width in zip(parts, (2, 2, 3), strict=True))


def _parse_steps(data: Any, at: str) -> list[tuple[str, Any]]:
    if not isinstance(data, list) or not all(isinstance(step, dict) for step in data):
        raise RecordError(at, "must be a list of steps, each with text and image.")
    steps = []
    for index, step in enumerate(data):
        text = step.get("text") or ""
        if not isinstance(text, str):
            raise RecordError(f"{at}[{index}].text", f"is {describe_type(text)}; write a text.")
        for mark in MARKS:
            text = text.replace(mark, "")
        steps.append((text.strip(), step.get("image") or None))
    return steps


def _make_context(steps: list[tuple[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """Return the context turns, and the question that the output answers."""
    if not any(image for _, image in steps):
        return [], "\n\n".join(text for text, _ in steps if text)
    context_turns: list[dict[str, Any]] = []
    words: list[str] = []
    for index, (text, image) in enumerate(steps):
        if text:
            words.append(text)
        if image:
            last = index == len(steps) - 1
            turn_words = "" if last else "\n\n".join(words)
            context_turns.append({"question": turn_words, "blocks": [{"image": image}], "context": True})
            words = words if last else []
    return context_turns, "\n\n".join(words)


def _make_blocks(steps: list[tuple[str, Any]], subfolder: Path) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    for text, image in steps:
        if text:
            blocks.append({"text": text})
        if image:
            blocks.append({"image": str(subfolder / image) if isinstance(image, str) and "/" not in image else image})
    return blocks
