"""Runs a frozen encoder: texts and pictures in, unit vectors out.

Every batch has one of a few fixed shapes, filled up where need be. A vector then depends on its own text or picture
alone and not on what it was asked together with, so that a run that was cut short goes on to the same result.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers
from PIL import Image
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from .folder import EncoderFolder

BATCH_SIZE = 8
# A text of more tokens is read in several windows. Longer ones cost more and say little more.
WINDOW = 256
# Windows are filled up to one of these lengths.
LENGTHS = (32, 64, 128, WINDOW)
# Weights by these names may be missing: what they belong to is not asked.
UNUSED = "pooler"
# They read what a text is filled up with as well, and were trained so.
UNMASKED = ("siglip", "siglip2")
# From so many times as long as it is wide on, a picture is a strip.
MAX_ASPECT = 16
Vectors = npt.NDArray[np.float32]


class Encoder:
    """A frozen model with its tokenizer and image processor."""

    def __init__(self, folder: EncoderFolder) -> None:
        """Load an encoder.

        Raises:
            BackendError: the folder holds something else.
        """
        self._folder = folder
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tokenizer: Any = None
        self._processor: Any = None
        self._model: Any = None
        # It would write bars between our lines.
        transformers.utils.logging.disable_progress_bar()
        transformers.utils.logging.set_verbosity(logging.CRITICAL)
        local = {"local_files_only": True, "trust_remote_code": False}
        try:
            if folder.role != "image":
                self._tokenizer = AutoTokenizer.from_pretrained(folder.path, **local)
            if folder.role != "text":
                # The other one needs torchvision, which gets into the way of the libraries that training needs.
                self._processor = AutoImageProcessor.from_pretrained(folder.path, backend="pil", **local)
            self._model, loaded = AutoModel.from_pretrained(
                folder.path, use_safetensors=True, output_loading_info=True, dtype=torch.float32, **local
            )
        except Exception as error:  # of whatever kind: each of the libraries below has its own
            raise folder.build_error(
                f"cannot be loaded ({str(error).splitlines()[0] if str(error) else error!r})"
            ) from error
        missing = sorted(name for name in loaded["missing_keys"] if UNUSED not in name)
        if missing or loaded["mismatched_keys"]:
            raise folder.build_error(f"lacks weights of its model ({', '.join(missing[:3]) or 'of another shape'})")
        if folder.role == "joint" and not hasattr(self._model, "get_text_features"):
            raise folder.build_error("holds no model of texts and pictures, as CLIP or SigLIP are")
        if folder.role == "text" and self._model.config.is_encoder_decoder:
            self._model = self._model.get_encoder()
        self._model.requires_grad_(requires_grad=False).eval().to(self._device)
        if self._tokenizer is not None:
            self._before, self._after = self._special_tokens()
            self._window_length = self._max_window()

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return a vector of each text, a row each.

        It is that of all windows of the text.
        """
        windows = [
            (text_index, window) for text_index, text in enumerate(texts) for window in self._split_windows(text)
        ]
        by_length: dict[int, list[int]] = {}
        for number, (_, window) in enumerate(windows):
            by_length.setdefault(self._padded_length(len(window)), []).append(number)
        sums: list[Any] = [0.0] * len(texts)
        for length, numbers in sorted(by_length.items()):
            for batch in _batches(numbers):
                vectors = self._encode_windows([windows[number][1] for number in batch], length)
                for number, vector in zip(batch, vectors, strict=False):
                    text_index = windows[number][0]
                    sums[text_index] = sums[text_index] + vector.astype(np.float64)
        return np.stack([_normalise(total) for total in sums])

    def encode_pictures(self, pictures: Sequence[Image.Image]) -> Vectors:
        """Return a vector of each picture, a row each."""
        by_shape: dict[tuple[Any, ...], list[int]] = {}
        inputs = [self._processor(images=[_crop_strip(picture)], return_tensors="pt") for picture in pictures]
        for number, model_input in enumerate(inputs):
            by_shape.setdefault(tuple(value.shape for value in model_input.values()), []).append(number)
        vectors: list[Any] = [None] * len(pictures)
        for numbers in by_shape.values():
            for batch_numbers in _batches(numbers):
                full = [inputs[number] for number in _fill_batch(batch_numbers)]
                batch = {name: torch.cat([each[name] for each in full]).to(self._device) for name in full[0]}
                for number, vector in zip(batch_numbers, self._encode_picture_batch(batch), strict=False):
                    vectors[number] = _normalise(vector)
        return np.stack(vectors)

    @torch.inference_mode()
    def _encode_windows(self, windows: Sequence[list[int]], length: int) -> Vectors:
        pad = self._tokenizer.pad_token_id
        pad = 0 if pad is None else pad
        full = _fill_batch(windows)
        ids = torch.tensor([window + [pad] * (length - len(window)) for window in full], device=self._device)
        mask = torch.tensor([[1] * len(window) + [0] * (length - len(window)) for window in full], device=self._device)
        if self._folder.role == "joint":
            masked = {} if self._model.config.model_type in UNMASKED else {"attention_mask": mask}
            output = self._model.get_text_features(input_ids=ids, **masked)
            return _to_numpy(torch.nn.functional.normalize(_pooled_output(output), dim=-1))
        hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
        # The sum: windows of one text are added up, and its length does not matter in the end.
        return _to_numpy((hidden * mask.unsqueeze(-1)).sum(dim=1))

    @torch.inference_mode()
    def _encode_picture_batch(self, batch: dict[str, Any]) -> Vectors:
        if self._folder.role == "joint":
            return _to_numpy(_pooled_output(self._model.get_image_features(**batch)))
        hidden = self._model(**batch).last_hidden_state
        # Tokens are batch x places x width; maps of convolutions are batch x width x height x breadth.
        return _to_numpy(hidden.mean(dim=1) if hidden.ndim == 3 else hidden.flatten(2).mean(dim=2))

    def _split_windows(self, text: str) -> list[list[int]]:
        tokens = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        content_length = self._window_length - len(self._before) - len(self._after)
        starts = range(0, max(1, len(tokens)), content_length)
        return [self._before + tokens[start : start + content_length] + self._after for start in starts]

    def _padded_length(self, length: int) -> int:
        if self._folder.role == "joint":
            return self._window_length
        return next((padded for padded in LENGTHS if length <= padded <= self._window_length), self._window_length)

    def _special_tokens(self) -> tuple[list[int], list[int]]:
        """Return the tokens that the tokenizer puts before and after a text."""
        bare = self._tokenizer("a", add_special_tokens=False)["input_ids"]
        framed = self._tokenizer("a")["input_ids"]
        for start in range(len(framed) - len(bare) + 1):
            if framed[start : start + len(bare)] == bare:
                return framed[:start], framed[start + len(bare) :]
        raise self._folder.build_error("has a tokenizer that changes texts in an unknown way")

    def _max_window(self) -> int:
        config = self._model.config.get_text_config()
        positions = getattr(config, "max_position_embeddings", None) or WINDOW
        return int(min(self._tokenizer.model_max_length, positions, WINDOW))


def _pooled_output(output: Any) -> Any:
    """Return the pooled vectors of an output.

    Later versions of the library wrap them.
    """
    return getattr(output, "pooler_output", output)


def _batches(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), BATCH_SIZE):
        yield numbers[start : start + BATCH_SIZE]


def _fill_batch(batch: Sequence[Any]) -> list[Any]:
    """Return a batch filled up to the fixed size.

    The results of what fills it up are not used.
    """
    return [*batch, *[batch[0]] * (BATCH_SIZE - len(batch))]


def _crop_strip(picture: Image.Image) -> Image.Image:
    """Return a picture, of a long strip only its middle.

    Enlarged until its shorter side fits, a strip would fill the memory.
    """
    width, height = picture.size
    longest = MAX_ASPECT * min(width, height)
    left, top = max(0, width - longest) // 2, max(0, height - longest) // 2
    return picture.crop((left, top, left + min(width, longest), top + min(height, longest)))


def _normalise(vector: Any) -> Vectors:
    wide = np.asarray(vector, dtype=np.float64)
    return np.asarray(wide / max(float(np.linalg.norm(wide)), 1e-12), dtype=np.float32)


def _to_numpy(tensor: Any) -> Vectors:
    return np.asarray(tensor.float().cpu().numpy(), dtype=np.float32)
