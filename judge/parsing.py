"""Parses the scores in a model's reply.

Dimensions may be spelled in many ways. What cannot be read is a failure, never a number.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .formats.rubric import RubricDimension, RubricSpec

# Other names under which published prompts and models know the dimensions of the answer rubric.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "textcontentcompleteness": ("Text completeness", "Text response quality", "Text content quality"),
    "imagecontentcompleteness": ("Image completeness", "Image response quality", "Image content quality"),
    "imagequality": ("Image aesthetic quality", "Image aesthetics", "Picture quality"),
    "imagetextsynergy": ("Text-image complementarity", "Synergy"),
}
NUMBER = r"[-+]?\d+(?:\.\d+)?"
# A number alone, or out of the highest level as "4/5" and "4 out of 5"; no part of a word, a range or a longer number.
SCORE = re.compile(rf"(?<![\w.])({NUMBER})(?:\s*(?:/|out\s+of)\s*({NUMBER}))?(?!\w|\.\d|\s*[-–]\s*\d)", re.IGNORECASE)
# "(0-5)", "(0–5 points)", "(out of 5)": a reminder of the scale and no score.
SCALE = re.compile(rf"[(\[<]\s*(?:{NUMBER}\s*(?:-|–|to)\s*|out\s+of\s+){NUMBER}[^)\]>\n]*[)\]>]", re.IGNORECASE)
WORD = re.compile(r"[^\W_]+")
FILLING = frozenset(
    {"a", "as", "be", "equals", "gets", "is", "of", "points", "rated", "rating", "score", "scored", "the"}
)
# How much text before a number can name what it is the score of.
REACH = 160


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """The level on each dimension asked for, or the problem."""

    values: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""


def parse_reply(text: str, rubric: RubricSpec, asked: Collection[str] | None = None) -> ParsedReply:
    """Return the scores of the dimensions ``asked`` for.

    By default these are all.

    Understood are a JSON object anywhere in the text, a JSON list in the rubric's order, and names followed by numbers
    in sentences, lists and tables. A dimension goes by its key or its name, in any case, its words in any order and
    joined by anything. Of several scores of one dimension the last counts, as models think aloud before they answer. A
    value that is no level, a foreign scale and a missing dimension are problems, and then nothing is taken.
    """
    dimensions = [dimension for dimension in rubric.dimensions if asked is None or dimension.key in asked]
    json_values, other_text = _split_json(text)
    scores = _scores_in_sentences(other_text, rubric) | _scores_in_json(json_values, rubric)
    values: dict[str, float] = {}
    for dimension in dimensions:
        score = scores.get(dimension.key)
        if score is None:
            return ParsedReply(problem=f"{dimension.key} has no score")
        value, top = score
        if top is not None and top != dimension.values[-1]:
            return ParsedReply(
                problem=f"{dimension.key} is out of {top:g}, where the highest level is {dimension.values[-1]:g}"
            )
        if value not in dimension.values:
            return ParsedReply(problem=f"{dimension.key} is {value:g}, which is none of the levels")
        values[dimension.key] = value
    return ParsedReply(values)


# A value, and what it is said to be out of.
_Score = tuple[float, float | None]


class _DimensionNames:
    """An index of dimensions by their names."""

    def __init__(self, rubric: RubricSpec) -> None:
        self._joined: dict[str, str] = {}
        self._words: dict[frozenset[str], str] = {}
        for dimension in rubric.dimensions:
            for name in _dimension_names(dimension):
                words = WORD.findall(_fold(name))
                self._joined.setdefault("".join(words), dimension.key)
                self._words.setdefault(frozenset(words) - FILLING, dimension.key)

    def find_name(self, name: str) -> str | None:
        """Return the key of the dimension with this name."""
        return self._find(WORD.findall(_fold(name)))

    def find_at_end(self, text: str) -> str | None:
        """Return the key of the dimension named at a text's end.

        Filling words are skipped; the longest name wins.
        """
        words = WORD.findall(_fold(text))
        while words and words[-1] in FILLING:
            words.pop()
        for start in range(max(0, len(words) - 12), len(words)):
            if key := self._find(words[start:]):
                return key
        return None

    def _find(self, words: list[str]) -> str | None:
        return self._joined.get("".join(words)) or self._words.get(frozenset(words) - FILLING)


def _dimension_names(dimension: RubricDimension) -> Iterator[str]:
    yield dimension.key
    yield dimension.name
    yield from ALIASES.get("".join(WORD.findall(_fold(dimension.name))), ())


def _fold(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _scores_in_sentences(text: str, rubric: RubricSpec) -> dict[str, _Score]:
    names = _DimensionNames(rubric)
    text = SCALE.sub(" ", text)
    scores: dict[str, _Score] = {}
    end = 0
    for match in SCORE.finditer(text):
        key = names.find_at_end(text[max(end, match.start() - REACH) : match.start()])
        end = match.end()
        if key is not None:
            scores[key] = (float(match[1]), float(match[2]) if match[2] else None)
    return scores


def _scores_in_json(values: Sequence[dict[str, Any] | list[Any]], rubric: RubricSpec) -> dict[str, _Score]:
    names = _DimensionNames(rubric)
    scores: dict[str, _Score] = {}
    for value in values:
        if isinstance(value, dict):
            for name, entry in value.items():
                key, score = names.find_name(name), _parse_json_score(entry)
                if key is not None and score is not None:
                    scores[key] = score
        elif len(value) == len(rubric.dimensions) and all(type(level) in (int, float) for level in value):
            scores |= {
                dimension.key: (float(level), None) for dimension, level in zip(rubric.dimensions, value, strict=True)
            }
    return scores


def _split_json(text: str) -> tuple[list[dict[str, Any] | list[Any]], str]:
    """Return the JSON values in a text, and the remaining text.

    They are objects, the outer ones whole, or the list that the text is altogether.
    """
    stripped = text.strip()
    decoder = json.JSONDecoder()
    if stripped.startswith("["):
        try:
            return [decoder.decode(stripped)], ""
        except (ValueError, RecursionError):
            pass
    values: list[dict[str, Any] | list[Any]] = []
    other_text: list[str] = []
    start, copied_until = text.find("{"), 0
    while start >= 0:
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            values.append(value)
            other_text.append(text[copied_until:start])
            copied_until = end
        start = text.find("{", end)
    return values, "\n".join([*other_text, text[copied_until:]])


def _parse_json_score(value: Any) -> _Score | None:
    if isinstance(value, dict):
        scores = [
            score for name in ("score", "rating", "value") if (score := _parse_json_score(value.get(name))) is not None
        ]
        return scores[0] if len(scores) == 1 else None
    if isinstance(value, str):
        match = SCORE.fullmatch(value.strip())
        return (float(match[1]), float(match[2]) if match[2] else None) if match else None
    return (float(value), None) if type(value) in (int, float) else None
