"""Builds the sample line of a release, which `judge.formats.sample_line.parse_sample` reads.

It also has what annotators agreed on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from annotation.releases.record import FrozenRecord, ReleaseFacts

TEXTS = ("domain", "category", "topic", "language")


def sample_line(
    record: FrozenRecord, facts: ReleaseFacts, pictures: Sequence[str], *, with_generator: bool, with_metadata: bool
) -> dict[str, Any]:
    """Return the line of a record, its keys in a fixed order.

    Pictures are named as in ``pictures``.
    """
    line: dict[str, Any] = {"id": record["id"], "question_id": record["question_id"]}
    line |= content_fields(record["turns"], pictures)
    if with_generator and record["generator"]:
        line["generator"] = record["generator"]
    for name in TEXTS:
        if record[name]:  # type: ignore[literal-required]
            line[name] = record[name]  # type: ignore[literal-required]
    if with_metadata and record["metadata"]:
        line["metadata"] = record["metadata"]
    dimensions = facts.rubric.dimensions
    line["part"] = record["part"]
    line["calibration"] = record["calibration"]
    line["final"] = {dimension.key: plain_number(record["final"].get(dimension.key)) for dimension in dimensions}
    line["histogram"] = {
        dimension.key: record["histogram"].get(dimension.key) or [0] * len(dimension.levels) for dimension in dimensions
    }
    line["mean"] = {dimension.key: plain_number(record["mean"].get(dimension.key)) for dimension in dimensions}
    line["outcome"] = {dimension.key: record["outcome"].get(dimension.key) for dimension in dimensions}
    line["label_origin"] = record["label_origin"]
    line["annotators"] = record["annotators"]
    line["rubric"] = facts.rubric_name
    return line


def single_plain_turn(turns: Sequence[Mapping[str, Any]]) -> tuple[str, str | None, list[int]] | None:
    """Return question, text and pictures of a sample of one plain turn, else None."""
    if len(turns) != 1 or turns[0].get("context") or not turns[0].get("question"):
        return None
    blocks = turns[0]["blocks"]
    texts = [block["text"] for block in blocks[:1] if "text" in block]
    shown = blocks[len(texts) :]
    if not all("picture" in block for block in shown):
        return None
    return turns[0]["question"], texts[0] if texts else None, [block["picture"] for block in shown]


def plain_number(value: float | None) -> float | None:
    """Return a whole number as an int, which is written without a fraction."""
    return value if value is None or not float(value).is_integer() else int(value)


def content_fields(turns: Sequence[Mapping[str, Any]], pictures: Sequence[str]) -> dict[str, Any]:
    """Return the content as fields of a line: the short form if possible, else turns."""
    flat = single_plain_turn(turns)
    if flat is None:
        return {"turns": [_turn_fields(turn, pictures) for turn in turns]}
    question, answer, shown = flat
    images = [pictures[index] for index in shown]
    if len(images) > 1:
        return {"question": question, "answer": answer, "images": images}
    return {"question": question, "answer": answer, "image": images[0] if images else None}


def _turn_fields(turn: Mapping[str, Any], pictures: Sequence[str]) -> dict[str, Any]:
    blocks = [
        {"image": pictures[block["picture"]]} if "picture" in block else {"text": block["text"]}
        for block in turn["blocks"]
    ]
    return {"question": turn.get("question") or "", "blocks": blocks, "context": bool(turn.get("context"))}
