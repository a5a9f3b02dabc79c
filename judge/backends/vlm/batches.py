"""Builds model batches of conversations.

They are padded on the left, so that all answers end at the same place.
"""

from collections.abc import Sequence

import torch

from .inputs import Conversation, ConversationBuilder
from .model_adapters import ModelImage


def build_batch(
    conversations: Sequence[Conversation], builder: ConversationBuilder, *, blank: bool = False
) -> dict[str, torch.Tensor]:
    """Return the arguments of a model: tokens, mask, positions and pixels.

    With ``blank`` a batch without a picture gets an empty one among what does not count: models that are trained side
    by side must all go the same way, with weights for pictures or without.
    """
    padding_images = (
        [builder.blank_image()] if blank and not any(conversation.images for conversation in conversations) else []
    )
    longest = max(len(conversation.ids) for conversation in conversations) + sum(
        len(image.ids) for image in padding_images
    )
    shape = (len(conversations), longest)
    ids = torch.full(shape, builder.pad)
    mask = torch.zeros(shape, dtype=torch.long)
    positions = torch.zeros(builder.adapter.axes, *shape, dtype=torch.long)
    for row, conversation in enumerate(conversations):
        start = longest - len(conversation.ids)
        ids[row, start:] = torch.tensor(conversation.ids)
        mask[row, start:] = 1
        positions[:, row, start:] = conversation.positions
    for image in padding_images:
        ids[0, : len(image.ids)] = torch.tensor(image.ids)
    shown: list[ModelImage] = [
        *padding_images,
        *(image for conversation in conversations for image in conversation.images),
    ]
    return {
        "input_ids": ids,
        "attention_mask": mask,
        "position_ids": merge_single_axis(positions),
        **builder.adapter.batch_images(shown),
    }


def merge_single_axis(positions: torch.Tensor) -> torch.Tensor:
    """Return positions as a model takes them: a single axis is dropped.

    They are axes x samples x tokens.
    """
    return positions[0] if len(positions) == 1 else positions
