"""The sample line of a release: what `judge.formats.sample_line.parse_sample` reads, and what people agreed on it."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotation.releases.record import FrozenRecord, ReleaseFacts

TEXTS = ("domain", "category", "topic", "language")


def sample_line(
    record: FrozenRecord, facts: ReleaseFacts, pictures: Sequence[str], *, with_generator: bool, with_metadata: bool
) -> dict[str, Any]:
    """Return the line of a record, its keys in a fixed order; pictures are named as in ``pictures``."""
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
    line["final"] = {one.key: plain_number(record["final"].get(one.key)) for one in dimensions}
    line["histogram"] = {one.key: record["histogram"].get(one.key) or [0] * len(one.levels) for one in dimensions}
    line["mean"] = {one.key: plain_number(record["mean"].get(one.key)) for one in dimensions}
    line["outcome"] = {one.key: record["outcome"].get(one.key) for one in dimensions}
    line["label_origin"] = record["label_origin"]
    line["annotators"] = record["annotators"]
    line["rubric"] = facts.rubric_name
    return line


def single_plain_turn(turns: Sequence[Mapping[str, Any]]) -> tuple[str, str | None, list[int]] | None:
    """Return question, text and pictures where the short form says all; None where it takes turns to say it."""
    if len(turns) != 1 or turns[0].get("context") or not turns[0].get("question"):
        return None
    blocks = turns[0]["blocks"]
    texts = [block["text"] for block in blocks[:1] if "text" in block]
    shown = blocks[len(texts) :]
    if not all("picture" in block for block in shown):
        return None
    return turns[0]["question"], texts[0] if texts else None, [block["picture"] for block in shown]


def plain_number(value: float | None) -> float | None:
    """Return a whole number as one, which is then written as 4 and not as 4.0."""
    return value if value is None or not float(value).is_integer() else int(value)


def content_fields(turns: Sequence[Mapping[str, Any]], pictures: Sequence[str]) -> dict[str, Any]:
    """Return what is judged as a line says it: in the short form where that says all, else as turns."""
    flat = single_plain_turn(turns)
    if flat is None:
        return {"turns": [_turn(turn, pictures) for turn in turns]}
    question, answer, shown = flat
    images = [pictures[index] for index in shown]
    if len(images) > 1:
        return {"question": question, "answer": answer, "images": images}
    return {"question": question, "answer": answer, "image": images[0] if images else None}


def _turn(turn: Mapping[str, Any], pictures: Sequence[str]) -> dict[str, Any]:
    blocks = [
        {"image": pictures[block["picture"]]} if "picture" in block else {"text": block["text"]}
        for block in turn["blocks"]
    ]
    return {"question": turn.get("question") or "", "blocks": blocks, "context": bool(turn.get("context"))}
