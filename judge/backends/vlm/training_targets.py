"""Builds training targets: the line of scores, and the spread of ratings."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from judge import missing_side_rules
from judge.formats.picture_folder import PictureFolder
from judge.formats.prediction_line import nearest
from judge.formats.release_line import LabelledSample
from judge.formats.rubric import RubricDimension, RubricSpec

from .answer_tokens import AnswerLine, TokenizedAnswer
from .batches import build_batch
from .inputs import Conversation, ConversationBuilder
from .options import Readout

# What torch's cross-entropy leaves out.
LEFT_OUT = -100


@dataclass(slots=True)
class TrainingExample:
    """A conversation with its answer, and the rating spread at each level."""

    item: Conversation
    answer: TokenizedAnswer
    spreads: list[list[float]]


@dataclass(frozen=True, slots=True)
class Exercise:
    """A sample and the dimension it is asked about.

    None: all dimensions in one line.
    """

    sample: LabelledSample
    dimension: int | None = None


def build_exercises(samples: Sequence[LabelledSample], rubric: RubricSpec, readout: Readout) -> list[Exercise]:
    """Return the exercises of the samples.

    Samples of which everything follows from rules have none.
    """
    found: list[Exercise] = []
    for one in samples:
        asked = [key for key in missing_side_rules.asked_keys(one.sample, rubric) if _is_labelled(one, key)]
        if readout == "joint":
            found += [Exercise(one)] if asked else []
        else:
            found += [Exercise(one, number) for number, it in enumerate(rubric.dimensions) if it.key in asked]
    return found


class TrainingExamples(torch.utils.data.Dataset[TrainingExample]):
    """A dataset of exercises, tokenized when they are read."""

    def __init__(
        self,
        made: Sequence[Exercise],
        rubric: RubricSpec,
        items: ConversationBuilder,
        line: AnswerLine,
        pictures: PictureFolder,
    ) -> None:
        """Store the rubric as it was released.

        Its levels have the order of those that the model is told.
        """
        self._exercises = made
        self._rubric = rubric
        self._items = items
        self._line = line
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._exercises)

    def __getitem__(self, number: int) -> TrainingExample:
        """Return an example; `MissingPicture` where a picture cannot be shown."""
        exercise = self._exercises[number]
        one, dimensions = exercise.sample, self._rubric.dimensions
        if exercise.dimension is None:
            answer = self._joint_answer(one)
        else:
            place = _level_position(one, dimensions[exercise.dimension])
            answer = self._line.single_answer(exercise.dimension, place)
        spreads = [_rating_shares(one, dimensions[number]) for _, number in answer.level_positions]
        return TrainingExample(self._items.build(one.sample, self._pictures), answer, spreads)

    def _joint_answer(self, one: LabelledSample) -> TokenizedAnswer:
        by_rule = missing_side_rules.locked_keys(one.sample, self._rubric)
        places: list[int | None] = []
        known: list[bool] = []
        for dimension in self._rubric.dimensions:
            rule = by_rule.get(dimension.key)
            if rule is None:
                places.append(_level_position(one, dimension))
            else:
                places.append(None if rule.value is None else dimension.values.index(rule.value))
            known.append(rule is not None or not _is_labelled(one, dimension.key))
        return self._line.joint_answer(places, known)


def collate(
    examples: Sequence[TrainingExample], items: ConversationBuilder, line: AnswerLine, *, blank: bool = False
) -> dict[str, torch.Tensor]:
    """Return a batch with the targets of its last tokens.

    ``labels`` are the tokens to write, samples x tokens, `LEFT_OUT` where nothing is learned. At the same places
    ``levels`` are the tokens of the levels and ``spreads`` the chances of these, samples x tokens x levels; the chances
    are all 0 where no level stands.
    """
    batch = build_batch([one.item.append(one.answer.ids) for one in examples], items, blank=blank)
    longest = max(len(one.answer.ids) for one in examples)
    most = max(len(levels) for levels in line.levels)
    labels = torch.full((len(examples), longest), LEFT_OUT)
    levels = torch.zeros(len(examples), longest, most, dtype=torch.long)
    spreads = torch.zeros(len(examples), longest, most)
    for row, one in enumerate(examples):
        start = longest - len(one.answer.ids)
        labels[row, start:] = torch.tensor(
            [
                token if learned else LEFT_OUT
                for token, learned in zip(one.answer.ids, one.answer.is_learned, strict=True)
            ]
        )
        for (place, number), spread in zip(one.answer.level_positions, one.spreads, strict=True):
            levels[row, start + place, : len(spread)] = torch.tensor(line.levels[number])
            spreads[row, start + place, : len(spread)] = torch.tensor(spread)
    return batch | {"labels": labels, "levels": levels, "spreads": spreads}


def _is_labelled(one: LabelledSample, key: str) -> bool:
    return key in one.final or any(one.histogram.get(key, ()))


def _level_position(one: LabelledSample, dimension: RubricDimension) -> int:
    """Return the position of the level in a line.

    It is the middle one, which is not learned, where nobody scored.
    """
    values = dimension.values
    if dimension.key in one.final:
        return values.index(one.final[dimension.key])
    counts = one.histogram.get(dimension.key, [])
    if any(counts):
        mean = sum(value * count for value, count in zip(values, counts, strict=True)) / sum(counts)
        return values.index(nearest(mean, values))
    return (len(values) - 1) // 2


def _rating_shares(one: LabelledSample, dimension: RubricDimension) -> list[float]:
    counts = one.histogram.get(dimension.key, [])
    if any(counts):
        return [count / sum(counts) for count in counts]
    place = _level_position(one, dimension)
    return [float(number == place) for number in range(len(dimension.values))]
