"""Reads a server's replies as distributions over the levels."""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from judge.formats.prediction_line import DimensionPrediction, prediction_at_level, prediction_from_distribution
from judge.formats.rubric import RubricDimension, RubricSpec
from judge.parsing import parse_reply

# Below it the model spoke of something else than levels at this place.
MIN_MASS = 0.5


class UnreadableReply(ValueError):
    """A reply without the scores that were asked for."""


def reply_text(choice: Mapping[str, Any]) -> str:
    """Return the text of a choice.

    Raises:
        Unreadable: it has none.
    """
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, str):
        raise UnreadableReply("the reply has no text")
    return content


def predict_from_integer(text: str, rubric: RubricSpec, keys: Collection[str]) -> dict[str, DimensionPrediction]:
    """Return certain predictions of the levels that a reply names.

    Raises:
        Unreadable: one is missing.
    """
    reply = parse_reply(text, rubric, keys)
    if reply.problem:
        raise UnreadableReply(reply.problem)
    return {
        key: prediction_at_level(reply.values[key], dimension)
        for key, dimension in _asked_dimensions(rubric, keys).items()
    }


def predict_from_samples(
    texts: Sequence[str], rubric: RubricSpec, keys: Collection[str]
) -> dict[str, DimensionPrediction]:
    """Return predictions from the level counts of several replies.

    Replies that cannot be read are left out.

    Raises:
        Unreadable: none can be read.
    """
    replies = [parse_reply(text, rubric, keys) for text in texts]
    readable = [reply.values for reply in replies if not reply.problem]
    if not readable:
        raise UnreadableReply(replies[0].problem if replies else "there is no reply")
    predictions: dict[str, DimensionPrediction] = {}
    for key, dimension in _asked_dimensions(rubric, keys).items():
        counts = Counter(values[key] for values in readable)
        predictions[key] = prediction_from_distribution([float(counts[level]) for level in dimension.values], dimension)
    return predictions


def predict_from_logprobs(
    choice: Mapping[str, Any], rubric: RubricSpec, keys: Collection[str]
) -> dict[str, DimensionPrediction] | None:
    """Return predictions from the token probabilities of a reply's scores.

    None where it does not have them.

    A level has to be one token: rubrics whose levels are single digits. The token in place must be the one that the
    parser read, so that another number of the reply is never taken for a score.

    Raises:
        Unreadable: the reply has no score of a dimension.
    """
    text = reply_text(choice)
    tokens = _parse_tokens(choice)
    if tokens is None:
        return None
    reply = parse_reply(text, rubric, keys)
    if reply.problem:
        raise UnreadableReply(reply.problem)
    predictions: dict[str, DimensionPrediction] = {}
    for key, dimension in _asked_dimensions(rubric, keys).items():
        alternatives = _score_token(text, tokens, dimension, reply.values[key])
        if alternatives is None:
            return None
        positions = {_level_text(value): position for position, value in enumerate(dimension.values)}
        probabilities = [0.0] * len(positions)
        for token, probability in alternatives.items():
            if token.strip() in positions:
                probabilities[positions[token.strip()]] += probability
        mass = sum(probabilities)
        if mass < MIN_MASS:
            return None
        predictions[key] = prediction_from_distribution(probabilities, dimension, mass=min(1.0, mass))
    return predictions


def levels_are_tokens(rubric: RubricSpec) -> bool:
    """Return whether every level is written with one digit."""
    return all(len(_level_text(value)) == 1 for dimension in rubric.dimensions for value in dimension.values)


def _asked_dimensions(rubric: RubricSpec, keys: Collection[str]) -> dict[str, RubricDimension]:
    return {dimension.key: dimension for dimension in rubric.dimensions if dimension.key in keys}


def _level_text(value: float) -> str:
    return f"{value:g}"


def _parse_tokens(choice: Mapping[str, Any]) -> list[tuple[int, dict[str, float]]] | None:
    """Return the start of each token and the probabilities of its alternatives."""
    logprobs = choice.get("logprobs")
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(content, list) or not content:
        return None
    tokens: list[tuple[int, dict[str, float]]] = []
    start = 0
    for entry in content:
        token, top = (entry.get("token"), entry.get("top_logprobs")) if isinstance(entry, dict) else (None, None)
        if not isinstance(token, str) or not isinstance(top, list):
            return None
        probabilities: dict[str, float] = {}
        for alternative in top:
            name, logprob = (
                (alternative.get("token"), alternative.get("logprob"))
                if isinstance(alternative, dict)
                else (None, None)
            )
            if not isinstance(name, str) or not isinstance(logprob, int | float) or logprob > 1e-3:
                return None
            probabilities[name] = math.exp(min(0.0, logprob))
        tokens.append((start, probabilities))
        start += len(token)
    return tokens


def _score_token(
    text: str, tokens: Sequence[tuple[int, dict[str, float]]], dimension: RubricDimension, value: float
) -> dict[str, float] | None:
    """Return the token probabilities at a dimension's score in the line of scores.

    None where another number than the ``value`` of the reply stands there.
    """
    pattern = re.compile(rf'"{re.escape(dimension.key)}"\s*:\s*"?([0-9])(?![0-9.])')
    matches = list(pattern.finditer(text))
    if not matches:
        return None
    position = matches[-1].start(1)
    if text[position] != _level_text(value):
        return None
    for (start, probabilities), (end, _) in zip(tokens, [*tokens[1:], (len(text), {})], strict=True):
        # A token that holds more than the digit cannot be compared with the others.
        if start <= position < end:
            return probabilities if text[start:end].strip() == text[position] else None
    return None
