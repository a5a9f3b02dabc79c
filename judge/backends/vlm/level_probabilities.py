"""Reads distributions over the levels in the line of scores.

The prompt goes through the model once. What follows is some tokens for each dimension, for which the model looks back
at what it kept of the prompt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from judge.metrics.gaps import Floats

from .answer_tokens import AnswerLine
from .batches import build_batch, merge_single_axis
from .inputs import Conversation, ConversationBuilder
from .options import Readout

# For each dimension the place of the level that a rule says; None where it says that there is none.
RuleLevels = dict[int, int | None]


@dataclass(slots=True)
class Distributions:
    """The distributions of a batch, a list entry for each dimension."""

    chances: list[Floats]
    """Samples x levels, adding up to one."""
    masses: list[Floats]
    """How much of its probability the model gave to the levels, of each sample."""


class LevelProbabilityReader:
    """A reader of level probabilities from one model."""

    def __init__(self, model: Any, builder: ConversationBuilder, line: AnswerLine, readout: Readout) -> None:
        self._model = model
        self._builder = builder
        self._line = line
        self._readout = readout
        self._levels = [torch.tensor(levels, device=model.device) for levels in line.levels]

    @torch.inference_mode()
    def read(self, conversations: Sequence[Conversation], rule_levels: Sequence[RuleLevels]) -> Distributions:
        """Return the distributions of a batch of conversations.

        Args:
            made: the conversations.
            known: of each what rules say, which is put into the line of all dimensions and not asked.
        """
        joint = self._readout == "joint"
        prefixes = self._line.joint_prefixes if joint else self._line.single_prefixes
        batch = _CachedBatch(
            self._model, [conversation.append(prefixes[0]) for conversation in conversations], self._builder
        )
        logits = [batch.start()]
        for number in range(1, len(prefixes)):
            if joint:
                likeliest = logits[-1][:, self._levels[number - 1]].argmax(-1)
                continuations = [self._rule_tokens(rules, number - 1) for rules in rule_levels]
                logits.append(batch.extend(continuations, self._levels[number - 1][likeliest], prefixes[number]))
            else:
                batch.rewind(len(prefixes[number - 1]))
                logits.append(batch.extend([[]] * len(conversations), None, prefixes[number]))
        return self._distributions(logits)

    def _rule_tokens(self, rule_levels: RuleLevels, number: int) -> list[int] | None:
        """Return the tokens set by rules; None where the model chooses."""
        return self._line.level_tokens(number, rule_levels[number]) if number in rule_levels else None

    def _distributions(self, logits: list[torch.Tensor]) -> Distributions:
        probabilities: list[Floats] = []
        masses: list[Floats] = []
        for position_logits, levels in zip(logits, self._levels, strict=True):
            level_logs = torch.log_softmax(position_logits.double(), -1)[:, levels]
            probabilities.append(np.asarray(torch.softmax(level_logs, -1).cpu()))
            masses.append(np.asarray(level_logs.exp().sum(-1).clamp(max=1.0).cpu()))
        return Distributions(probabilities, masses)


class _CachedBatch:
    """A batch with the model's key-value cache."""

    def __init__(self, model: Any, conversations: Sequence[Conversation], builder: ConversationBuilder) -> None:
        self._model = model
        self._pad = builder.pad
        self._axes = builder.adapter.axes
        self._batch = {name: tensor.to(model.device) for name, tensor in build_batch(conversations, builder).items()}
        self._counts = self._batch["attention_mask"]
        self._next = torch.tensor([conversation.next_position for conversation in conversations], device=model.device)
        self._cache: Any = None

    def start(self) -> torch.Tensor:
        """Return the logits after the conversations, samples x vocabulary."""
        return self._call(self._batch)

    def extend(
        self, continuations: Sequence[list[int] | None], chosen: torch.Tensor | None, suffix: Sequence[int]
    ) -> torch.Tensor:
        """Return the logits after some more tokens.

        Args:
            said: what comes next in each sample; where it is None, the token in ``chosen``.
            chosen: a token for each sample, on the model's device.
            then: what comes behind that in all samples.
        """
        longest = max(1 if continuation is None else len(continuation) for continuation in continuations) + len(suffix)
        ids = torch.full((len(continuations), longest), self._pad)
        mask = torch.zeros(len(continuations), longest, dtype=torch.long)
        for row, continuation in enumerate(continuations):
            tokens = [*([self._pad] if continuation is None else continuation), *suffix]
            ids[row, longest - len(tokens) :] = torch.tensor(tokens)
            mask[row, longest - len(tokens) :] = 1
        ids, mask = ids.to(self._model.device), mask.to(self._model.device)
        if chosen is not None:
            chosen_position = longest - len(suffix) - 1
            takes_chosen = torch.tensor([continuation is None for continuation in continuations], device=ids.device)
            ids[:, chosen_position] = torch.where(takes_chosen, chosen, ids[:, chosen_position])
        positions = self._next[:, None] + (mask.cumsum(-1) - 1).clamp(min=0)
        self._next = self._next + mask.sum(-1)
        self._counts = torch.cat([self._counts, mask], 1)
        return self._call(
            {
                "input_ids": ids,
                "attention_mask": self._counts,
                "position_ids": merge_single_axis(positions.expand(self._axes, -1, -1)),
            }
        )

    def rewind(self, count: int) -> None:
        """Drop the last tokens, the same number in all samples."""
        self._cache.crop(-count)
        self._counts = self._counts[:, :-count]
        self._next = self._next - count

    def _call(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        output = self._model(**batch, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        self._cache = output.past_key_values
        logits: torch.Tensor = output.logits[:, -1]
        return logits
