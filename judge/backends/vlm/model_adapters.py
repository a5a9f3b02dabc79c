"""Adapters of the kinds of models: templates, image tokens, positions and pixels.

Written by hand because the processors of transformers want torchvision, and take no sample without a picture. The
places are those of the models' own code (M-RoPE, arXiv 2409.12191, for Qwen2.5-VL); tests compare both.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from PIL import Image
from transformers import AutoImageProcessor, PreTrainedTokenizerBase

from judge.backends.interface import BackendError

START, END = "<|im_start|>", "<|im_end|>"


@dataclass(slots=True)
class ModelImage:
    """A picture as a model takes it."""

    ids: list[int]
    positions: torch.Tensor
    """Where its tokens are, counted from its first one: axes x tokens."""
    extent: int
    """By how much places advance over it."""
    pixels: torch.Tensor
    grid: torch.Tensor | None
    """How many patches in time, height and width, where the model wants to know."""


class ModelAdapter(Protocol):
    """What differs between the kinds of models."""

    system: str
    """What stands before a conversation."""
    axes: int
    """How many numbers say where a token is."""
    special: tuple[str, ...]
    """Tokens that no text of a sample may contain."""

    def encode_image(self, picture: Image.Image) -> ModelImage:
        """Return a picture as the model takes it.

        It raises `ValueError` where the model cannot take it.
        """
        ...

    def batch_images(self, images: list[ModelImage]) -> dict[str, torch.Tensor]:
        """Return the model's arguments for the pictures of a batch."""
        ...


def load_adapter(kind: str, folder: Path, tokenizer: PreTrainedTokenizerBase, picture_tokens: int) -> ModelAdapter:
    """Return the adapter of a kind of model, set up by its folder."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil", local_files_only=True)
    adapter_classes: dict[str, Any] = {"qwen2_5_vl": QwenAdapter, "internvl": InternAdapter}
    adapter: ModelAdapter = adapter_classes[kind](config, processor, tokenizer, picture_tokens)
    return adapter


class QwenAdapter:
    """Qwen2.5-VL: pictures in nearly their own size.

    Tokens have positions in time, height and width.
    """

    system = f"{START}system\nYou are a helpful assistant.{END}\n"
    axes = 3
    special = (START, END, "<|vision_start|>", "<|image_pad|>", "<|vision_end|>")

    def __init__(
        self, config: dict[str, Any], processor: Any, tokenizer: PreTrainedTokenizerBase, picture_tokens: int
    ) -> None:
        self._processor = processor
        self._merge = processor.merge_size
        self._start, self._end = (token_id(tokenizer, name) for name in ("<|vision_start|>", "<|vision_end|>"))
        self._pad = config["image_token_id"]
        side = processor.patch_size * self._merge
        most = picture_tokens * side * side
        self._size = {"shortest_edge": min(most, processor.size["shortest_edge"]), "longest_edge": most}

    def encode_image(self, picture: Image.Image) -> ModelImage:
        processed = self._processor(images=[picture], size=self._size, return_tensors="pt")
        grid = processed["image_grid_thw"]
        rows, columns = (int(count) // self._merge for count in grid[0, 1:])
        count = rows * columns
        # The marker before it is at 0, so that the picture begins at 1.
        positions = torch.zeros(3, count + 2, dtype=torch.long)
        positions[0, 1:-1] = 1
        positions[1, 1:-1] = 1 + torch.arange(rows).repeat_interleave(columns)
        positions[2, 1:-1] = 1 + torch.arange(columns).repeat(rows)
        extent = 1 + max(rows, columns)
        positions[:, -1] = extent
        ids = [self._start, *[self._pad] * count, self._end]
        return ModelImage(ids, positions, extent + 1, processed["pixel_values"], grid)

    def batch_images(self, images: list[ModelImage]) -> dict[str, torch.Tensor]:
        if not images:
            return {}
        return {
            "pixel_values": torch.cat([image.pixels for image in images]),
            "image_grid_thw": torch.cat([image.grid for image in images if image.grid is not None]),
        }


class InternAdapter:
    """InternVL: pictures in tiles of one size beside the whole picture.

    Tokens have consecutive positions.
    """

    system = ""
    axes = 1
    special = (START, END, "<img>", "<IMG_CONTEXT>", "</img>")

    def __init__(
        self, config: dict[str, Any], processor: Any, tokenizer: PreTrainedTokenizerBase, picture_tokens: int
    ) -> None:
        self._processor = processor
        self._start, self._end = (token_id(tokenizer, name) for name in ("<img>", "</img>"))
        self._pad = config["image_token_id"]
        self._tile = _tokens_per_tile(config)
        # One of them is the whole picture.
        self._tiles = max(1, picture_tokens // self._tile - 1)

    def encode_image(self, picture: Image.Image) -> ModelImage:
        processed = self._processor(
            images=[picture], crop_to_patches=True, max_patches=self._tiles, return_tensors="pt"
        )
        tiles: torch.Tensor = processed["pixel_values"]
        count = self._tile * len(tiles)
        ids = [self._start, *[self._pad] * count, self._end]
        return ModelImage(ids, torch.arange(len(ids)).unsqueeze(0), len(ids), tiles, None)

    def batch_images(self, images: list[ModelImage]) -> dict[str, torch.Tensor]:
        return {"pixel_values": torch.cat([image.pixels for image in images])} if images else {}


def _tokens_per_tile(config: dict[str, Any]) -> int:
    vision = config["vision_config"]
    sides = [
        size // patch for size, patch in zip(_pair(vision["image_size"]), _pair(vision["patch_size"]), strict=True)
    ]
    return round(math.prod(sides) * config.get("downsample_ratio", 0.5) ** 2)


def _pair(size: int | list[int]) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)


def token_id(tokenizer: PreTrainedTokenizerBase, name: str) -> int:
    """Return the number of a token.

    Raises:
        BackendError: the tokenizer does not have it.
    """
    token = tokenizer.get_vocab().get(name)
    if token is None:
        raise BackendError(f"The model's tokenizer has no {name}; its files are not those of a model of this kind.")
    return int(token)
