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

    def __init__(self, model: Any, items: ConversationBuilder, line: AnswerLine, readout: Readout) -> None:
        self._model = model
        self._items = items
        self._line = line
        self._readout = readout
        self._levels = [torch.tensor(levels, device=model.device) for levels in line.levels]

    @torch.inference_mode()
    def read(self, made: Sequence[Conversation], known: Sequence[RuleLevels]) -> Distributions:
        """Return the distributions of a batch of conversations.

        Args:
            made: the conversations.
            known: of each what rules say, which is put into the line of all dimensions and not asked.
        """
        joint = self._readout == "joint"
        before = self._line.joint_prefixes if joint else self._line.single_prefixes
        cached = _CachedBatch(self._model, [item.append(before[0]) for item in made], self._items)
        logits = [cached.start()]
        for number in range(1, len(before)):
            if joint:
                chosen = logits[-1][:, self._levels[number - 1]].argmax(-1)
                said = [self._rule_tokens(one, number - 1) for one in known]
                logits.append(cached.extend(said, self._levels[number - 1][chosen], before[number]))
            else:
                cached.rewind(len(before[number - 1]))
                logits.append(cached.extend([[]] * len(made), None, before[number]))
        return self._distributions(logits)

    def _rule_tokens(self, known: RuleLevels, number: int) -> list[int] | None:
        """Return the tokens set by rules; None where the model chooses."""
        return self._line.level_tokens(number, known[number]) if number in known else None

    def _distributions(self, logits: list[torch.Tensor]) -> Distributions:
        chances: list[Floats] = []
        masses: list[Floats] = []
        for each, levels in zip(logits, self._levels, strict=True):
            of_levels = torch.log_softmax(each.double(), -1)[:, levels]
            chances.append(np.asarray(torch.softmax(of_levels, -1).cpu()))
            masses.append(np.asarray(of_levels.exp().sum(-1).clamp(max=1.0).cpu()))
        return Distributions(chances, masses)


class _CachedBatch:
    """A batch with the model's key-value cache."""

    def __init__(self, model: Any, made: Sequence[Conversation], items: ConversationBuilder) -> None:
        self._model = model
        self._pad = items.pad
        self._axes = items.adapter.axes
        self._batch = {name: tensor.to(model.device) for name, tensor in build_batch(made, items).items()}
        self._counts = self._batch["attention_mask"]
        self._next = torch.tensor([item.next_position for item in made], device=model.device)
        self._cache: Any = None

    def start(self) -> torch.Tensor:
        """Return the logits after the conversations, samples x vocabulary."""
        return self._call(self._batch)

    def extend(
        self, said: Sequence[list[int] | None], chosen: torch.Tensor | None, then: Sequence[int]
    ) -> torch.Tensor:
        """Return the logits after some more tokens.

        Args:
            said: what comes next in each sample; where it is None, the token in ``chosen``.
            chosen: a token for each sample, on the model's device.
            then: what comes behind that in all samples.
        """
        longest = max(1 if one is None else len(one) for one in said) + len(then)
        ids = torch.full((len(said), longest), self._pad)
        counts = torch.zeros(len(said), longest, dtype=torch.long)
        for row, one in enumerate(said):
            tokens = [*([self._pad] if one is None else one), *then]
            ids[row, longest - len(tokens) :] = torch.tensor(tokens)
            counts[row, longest - len(tokens) :] = 1
        ids, counts = ids.to(self._model.device), counts.to(self._model.device)
        if chosen is not None:
            open_place = longest - len(then) - 1
            own = torch.tensor([one is None for one in said], device=ids.device)
            ids[:, open_place] = torch.where(own, chosen, ids[:, open_place])
        places = self._next[:, None] + (counts.cumsum(-1) - 1).clamp(min=0)
        self._next = self._next + counts.sum(-1)
        self._counts = torch.cat([self._counts, counts], 1)
        return self._call(
            {
                "input_ids": ids,
                "attention_mask": self._counts,
                "position_ids": merge_single_axis(places.expand(self._axes, -1, -1)),
            }
        )

    def rewind(self, count: int) -> None:
        """Drop the last tokens, the same number in all samples."""
        self._cache.crop(-count)
        self._counts = self._counts[:, :-count]
        self._next = self._next - count

    def _call(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        found = self._model(**batch, past_key_values=self._cache, use_cache=True, logits_to_keep=1)
        self._cache = found.past_key_values
        logits: torch.Tensor = found.logits[:, -1]
        return logits
