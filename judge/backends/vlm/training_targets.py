"""Builds training targets: the line of scores, and the spread of ratings."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from judge import missing_side_rules
from judge.formats.picture_folder import PictureFolder
from judge.formats.prediction_line import nearest_level
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

    conversation: Conversation
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
    exercises: list[Exercise] = []
    for labelled in samples:
        keys = [key for key in missing_side_rules.asked_keys(labelled.sample, rubric) if _is_labelled(labelled, key)]
        if readout == "joint":
            exercises += [Exercise(labelled)] if keys else []
        else:
            exercises += [
                Exercise(labelled, number)
                for number, dimension in enumerate(rubric.dimensions)
                if dimension.key in keys
            ]
    return exercises


class TrainingExamples(torch.utils.data.Dataset[TrainingExample]):
    """A dataset of exercises, tokenized when they are read."""

    def __init__(
        self,
        exercises: Sequence[Exercise],
        rubric: RubricSpec,
        builder: ConversationBuilder,
        line: AnswerLine,
        pictures: PictureFolder,
    ) -> None:
        """Store the rubric as it was released.

        Its levels have the order of those that the model is told.
        """
        self._exercises = exercises
        self._rubric = rubric
        self._builder = builder
        self._line = line
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._exercises)

    def __getitem__(self, number: int) -> TrainingExample:
        """Return an example; `MissingPicture` where a picture cannot be shown."""
        exercise = self._exercises[number]
        labelled, dimensions = exercise.sample, self._rubric.dimensions
        if exercise.dimension is None:
            answer = self._joint_answer(labelled)
        else:
            position = _level_position(labelled, dimensions[exercise.dimension])
            answer = self._line.single_answer(exercise.dimension, position)
        spreads = [_rating_shares(labelled, dimensions[number]) for _, number in answer.level_positions]
        return TrainingExample(self._builder.build(labelled.sample, self._pictures), answer, spreads)

    def _joint_answer(self, labelled: LabelledSample) -> TokenizedAnswer:
        locked = missing_side_rules.locked_keys(labelled.sample, self._rubric)
        positions: list[int | None] = []
        known: list[bool] = []
        for dimension in self._rubric.dimensions:
            rule = locked.get(dimension.key)
            if rule is None:
                positions.append(_level_position(labelled, dimension))
            else:
                positions.append(None if rule.value is None else dimension.values.index(rule.value))
            known.append(rule is not None or not _is_labelled(labelled, dimension.key))
        return self._line.joint_answer(positions, known)


def collate(
    examples: Sequence[TrainingExample], builder: ConversationBuilder, line: AnswerLine, *, blank: bool = False
) -> dict[str, torch.Tensor]:
    """Return a batch with the targets of its last tokens.

    ``labels`` are the tokens to write, samples x tokens, `LEFT_OUT` where nothing is learned. At the same places
    ``levels`` are the tokens of the levels and ``spreads`` the chances of these, samples x tokens x levels; the chances
    are all 0 where no level stands.
    """
    batch = build_batch([example.conversation.append(example.answer.ids) for example in examples], builder, blank=blank)
    longest = max(len(example.answer.ids) for example in examples)
    level_count = max(len(levels) for levels in line.levels)
    labels = torch.full((len(examples), longest), LEFT_OUT)
    levels = torch.zeros(len(examples), longest, level_count, dtype=torch.long)
    spreads = torch.zeros(len(examples), longest, level_count)
    for row, example in enumerate(examples):
        start = longest - len(example.answer.ids)
        labels[row, start:] = torch.tensor(
            [
                token if learned else LEFT_OUT
                for token, learned in zip(example.answer.ids, example.answer.is_learned, strict=True)
            ]
        )
        for (position, number), spread in zip(example.answer.level_positions, example.spreads, strict=True):
            levels[row, start + position, : len(spread)] = torch.tensor(line.levels[number])
            spreads[row, start + position, : len(spread)] = torch.tensor(spread)
    return batch | {"labels": labels, "levels": levels, "spreads": spreads}


def _is_labelled(labelled: LabelledSample, key: str) -> bool:
    return key in labelled.final or any(labelled.histogram.get(key, ()))


def _level_position(labelled: LabelledSample, dimension: RubricDimension) -> int:
    """Return the position of the level in a line.

    It is the middle one, which is not learned, where nobody scored.
    """
    values = dimension.values
    if dimension.key in labelled.final:
        return values.index(labelled.final[dimension.key])
    counts = labelled.histogram.get(dimension.key, [])
    if any(counts):
        mean = sum(value * count for value, count in zip(values, counts, strict=True)) / sum(counts)
        return values.index(nearest_level(mean, values))
    return (len(values) - 1) // 2


def _rating_shares(labelled: LabelledSample, dimension: RubricDimension) -> list[float]:
    counts = labelled.histogram.get(dimension.key, [])
    if any(counts):
        return [count / sum(counts) for count in counts]
    position = _level_position(labelled, dimension)
    return [float(number == position) for number in range(len(dimension.values))]
