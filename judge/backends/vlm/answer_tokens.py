"""Tokenizes the line of scores: positions and tokens of the levels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from judge.backends.interface import BackendError
from judge.formats.rubric import RubricDimension, RubricLevel, RubricSpec

Encode = Callable[[str], list[int]]
MAX_LEVELS = 10


def rubric_with_digit_levels(rubric: RubricSpec) -> RubricSpec:
    """Return the rubric with single digits as levels.

    Where the levels are that already, it is the rubric itself. Otherwise each goes by its place from 0 on, with its
    value among the words that explain it; the prompt, and with it its checksum, is then another one.

    Raises:
        BackendError: a dimension has too many levels.
    """
    if all(len(f"{value:g}") == 1 for dimension in rubric.dimensions for value in dimension.values):
        return rubric
    for dimension in rubric.dimensions:
        if len(dimension.levels) > MAX_LEVELS:
            raise BackendError(
                f"{dimension.key} has {len(dimension.levels)} levels; the backend vlm reads single digits, and so at "
                f"most {MAX_LEVELS}. Use a rubric with fewer levels, or the backend embedded."
            )
    return replace(rubric, dimensions=tuple(_with_position_levels(dimension) for dimension in rubric.dimensions))


def _with_position_levels(dimension: RubricDimension) -> RubricDimension:
    levels = tuple(
        RubricLevel(
            float(position), ": ".join(part for part in (f"{level.value:g}", level.label) if part), level.anchor
        )
        for position, level in enumerate(dimension.levels)
    )
    missing = dimension.missing_value
    return replace(
        dimension, levels=levels, missing_value=None if missing is None else float(dimension.values.index(missing))
    )


@dataclass(slots=True)
class TokenizedAnswer:
    """A line of scores in tokens."""

    ids: list[int]
    is_learned: list[bool]
    """Whether a token is for the model to find; what rules say is told it."""
    level_positions: list[tuple[int, int]]
    """Where a level stands that is for the model to find, and of which dimension, by its number."""


class AnswerLine:
    """The line that `judge.prompt.answer` writes, in the tokens of one tokenizer.

    Raises:
        BackendError: a level is not a single token, or not one of its own.
    """

    def __init__(self, rubric: RubricSpec, encode: Encode, end: int) -> None:
        """Store the tokens of the rubric's keys and levels.

        ``rubric`` is as the model is told it, ``encode`` makes tokens of text, ``end`` is the token that ends a turn.
        """
        self.levels: list[list[int]] = []
        for dimension in rubric.dimensions:
            tokens = [encode(f"{value:g}") for value in dimension.values]
            if any(len(ids) != 1 for ids in tokens) or len({ids[0] for ids in tokens}) < len(tokens):
                raise BackendError(
                    f"The model's tokenizer has no single token for each level of {dimension.key} "
                    f"({', '.join(f'{value:g}' for value in dimension.values)}); use another model."
                )
            self.levels.append([ids[0] for ids in tokens])
        self.keys = [dimension.key for dimension in rubric.dimensions]
        self.joint_prefixes = [encode((", " if number else "{") + f'"{key}": ') for number, key in enumerate(self.keys)]
        """What stands before each level in the line of all dimensions."""
        self.single_prefixes = [encode(f'{{"{key}": ') for key in self.keys]
        """What stands before the level in the line of one dimension."""
        self.null_tokens = encode("null")
        self.end = [*encode("}"), end]

    def joint_answer(self, positions: Sequence[int | None], given: Sequence[bool]) -> TokenizedAnswer:
        """Return the line of all dimensions at these level positions.

        None stands for a dimension that does not apply.

        Where a place is ``given`` the model is told it.
        """
        answer = TokenizedAnswer([], [], [])
        for index, position in enumerate(positions):
            self._append_fixed(answer, self.joint_prefixes[index])
            self._append_level(answer, index, position, known=given[index])
        self._append_fixed(answer, self.end)
        return answer

    def single_answer(self, number: int, position: int, *, known: bool = False) -> TokenizedAnswer:
        """Return the line of one dimension."""
        answer = TokenizedAnswer([], [], [])
        self._append_fixed(answer, self.single_prefixes[number])
        self._append_level(answer, number, position, known=known)
        self._append_fixed(answer, self.end)
        return answer

    def level_tokens(self, number: int, position: int | None) -> list[int]:
        """Return the tokens of a level, or of null."""
        return self.null_tokens if position is None else [self.levels[number][position]]

    def _append_fixed(self, answer: TokenizedAnswer, ids: list[int]) -> None:
        answer.ids += ids
        answer.is_learned += [True] * len(ids)

    def _append_level(self, answer: TokenizedAnswer, number: int, position: int | None, *, known: bool) -> None:
        ids = self.level_tokens(number, position)
        if not known:
            answer.level_positions.append((len(answer.ids), number))
        answer.ids += ids
        answer.is_learned += [not known] * len(ids)
