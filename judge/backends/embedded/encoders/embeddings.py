"""Holds encoder vectors of many samples, with the cosines between their sides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from judge.metrics.gaps import Floats

from .folder import Role

Ints = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]
QUESTION, ANSWER, PICTURES = "question", "answer", "pictures"
SIDES: Mapping[Role, Sequence[str]] = {
    "text": (QUESTION, ANSWER),
    "image": (PICTURES,),
    "joint": (QUESTION, ANSWER, PICTURES),
}
# Sides of which an encoder knows both: what their cosine says is a feature by itself.
COSINE_PAIRS: Mapping[Role, Sequence[tuple[str, str]]] = {
    "text": ((QUESTION, ANSWER),),
    "image": (),
    "joint": ((QUESTION, ANSWER), (QUESTION, PICTURES), (ANSWER, PICTURES)),
}


@dataclass(frozen=True, slots=True)
class EmbeddingBlock:
    """The vectors of one side through one encoder.

    ``rows`` are the positions of the samples that have that side.
    """

    rows: Ints
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class EncodedSamples:
    """Blocks by encoder and side, as ``text-answer``, and cosines.

    Cosines are samples x relations, 0 where a side is missing.
    """

    count: int
    blocks: Mapping[str, EmbeddingBlock]
    cosines: Floats


def build_encoded_samples(sides: Mapping[Role, Sequence[Mapping[str, Vectors]]], count: int) -> EncodedSamples:
    """Return the encoded samples from each encoder's vectors by side."""
    blocks: dict[str, EmbeddingBlock] = {}
    cosines: list[Floats] = []
    for role, samples in sides.items():
        for side in SIDES[role]:
            positions = [position for position, vectors_of_sample in enumerate(samples) if side in vectors_of_sample]
            if positions:
                vectors = np.stack([samples[position][side] for position in positions])
                blocks[f"{role}-{side}"] = EmbeddingBlock(np.array(positions, dtype=np.int64), vectors)
        for left, right in COSINE_PAIRS[role]:
            cosines.append(np.array([_cosine(vectors.get(left), vectors.get(right)) for vectors in samples]))
    return EncodedSamples(count, blocks, np.stack(cosines, axis=1) if cosines else np.zeros((count, 0)))


def _cosine(left: Vectors | None, right: Vectors | None) -> float:
    if left is None or right is None:
        return 0.0
    size = float(np.linalg.norm(left)) * float(np.linalg.norm(right))
    return float(np.dot(left.astype(np.float64), right.astype(np.float64))) / size if size else 0.0
