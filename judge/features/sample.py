"""Joins the features of text, relation and pictures into a sample's vector."""

from collections.abc import Sequence

import numpy as np

from judge.formats.sample_line import SampleRecord, TextPart
from judge.metrics.gaps import Floats

from . import colour, picture, relation, text

# Judges remember it: one that was trained on other features is not asked about these.
VERSION = 1
NAMES: tuple[str, ...] = (
    *(f"text.{name}" for name in text.NAMES),
    *(f"relation.{name}" for name in relation.NAMES),
    *(f"picture.{name}" for name in picture.NAMES),
)
_COLOURS = {name: picture.NAMES.index(f"is_{name}") for name in colour.COLOURS}


def question_text(sample: SampleRecord) -> str:
    """Return the questions and the context texts of a sample."""
    parts: list[str] = []
    for turn in sample.turns:
        parts.append(turn.question)
        if turn.context:
            parts += [block.text for block in turn.blocks if isinstance(block, TextPart)]
    return "\n".join(part for part in parts if part)


def answer_text(sample: SampleRecord) -> str:
    """Return the text of the judged answer."""
    return "\n".join(
        block.text for turn in sample.turns if not turn.context for block in turn.blocks if isinstance(block, TextPart)
    )


def judged_pictures(sample: SampleRecord) -> list[str]:
    """Return the paths of the pictures of the judged answer, in their order."""
    return [
        block.path
        for turn in sample.turns
        if not turn.context
        for block in turn.blocks
        if not isinstance(block, TextPart)
    ]


def sample_features(sample: SampleRecord, checksums: Sequence[str], pictures: Sequence[Floats]) -> Floats:
    """Return the vector of a sample in the order of `NAMES`.

    ``checksums`` and ``pictures`` are of its judged pictures in their order; without any, their places hold 0.
    """
    answer = answer_text(sample)
    mean = np.mean(pictures, axis=0) if len(pictures) else np.zeros(len(picture.NAMES))
    colours = {name: float(mean[place]) for name, place in _COLOURS.items()} if len(pictures) else None
    parts = [
        text.text_features(answer),
        relation.relation_features(sample.turns, question_text(sample), answer, checksums, colours),
        mean,
    ]
    # As exact as the store keeps it, so that a vector from there is the same one.
    return np.concatenate(parts).astype(np.float32).astype(np.float64)
