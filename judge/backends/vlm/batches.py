"""Builds model batches of conversations.

They are padded on the left, so that all answers end at the same place.
"""

from collections.abc import Sequence

import torch

from .inputs import Conversation, ConversationBuilder
from .model_adapters import ModelImage


def build_batch(
    made: Sequence[Conversation], items: ConversationBuilder, *, blank: bool = False
) -> dict[str, torch.Tensor]:
    """Return the arguments of a model: tokens, mask, positions and pixels.

    With ``blank`` a batch without a picture gets an empty one among what does not count: models that are trained side
    by side must all go the same way, with weights for pictures or without.
    """
    hidden = [items.blank_image()] if blank and not any(item.images for item in made) else []
    longest = max(len(item.ids) for item in made) + sum(len(one.ids) for one in hidden)
    shape = (len(made), longest)
    ids = torch.full(shape, items.pad)
    counts = torch.zeros(shape, dtype=torch.long)
    places = torch.zeros(items.adapter.axes, *shape, dtype=torch.long)
    for row, item in enumerate(made):
        start = longest - len(item.ids)
        ids[row, start:] = torch.tensor(item.ids)
        counts[row, start:] = 1
        places[:, row, start:] = item.positions
    for one in hidden:
        ids[0, : len(one.ids)] = torch.tensor(one.ids)
    shown: list[ModelImage] = [*hidden, *(one for item in made for one in item.images)]
    return {
        "input_ids": ids,
        "attention_mask": counts,
        "position_ids": merge_single_axis(places),
        **items.adapter.batch_images(shown),
    }


def merge_single_axis(places: torch.Tensor) -> torch.Tensor:
    """Return positions as a model takes them: a single axis is dropped.

    They are axes x samples x tokens.
    """
    return places[0] if len(places) == 1 else places
