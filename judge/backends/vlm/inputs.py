"""Builds a model's conversation from a sample: prompt, pictures and positions."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from PIL import Image as Picture
from transformers import PreTrainedTokenizerBase

from judge.formats.picture_folder import MissingPicture, PictureFolder, on_white
from judge.formats.rubric import RubricSpec
from judge.formats.sample_line import SampleRecord, TextPart
from judge.prompt import build_prompt

from .model_adapters import END, START, ModelAdapter, ModelImage, token_id


@dataclass(slots=True)
class Conversation:
    """A tokenized conversation up to where the answer begins."""

    ids: list[int]
    positions: torch.Tensor
    """Where each token is: axes x tokens."""
    next_position: int
    """The place of the next token."""
    images: list[ModelImage] = field(default_factory=list)

    def append(self, ids: Sequence[int]) -> "Conversation":
        """Return the conversation with text tokens behind it."""
        positions = self.next_position + torch.arange(len(ids)).expand(len(self.positions), -1)
        return Conversation(
            [*self.ids, *ids], torch.cat([self.positions, positions], 1), self.next_position + len(ids), self.images
        )


class ConversationBuilder:
    """A builder of conversations for one model and rubric.

    The rubric is as the model is told it.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, adapter: ModelAdapter, rubric: RubricSpec) -> None:
        self._tokenizer = tokenizer
        self._rubric = rubric
        self.adapter = adapter
        self.end = token_id(tokenizer, END)
        pad = tokenizer.pad_token_id
        self.pad = self.end if pad is None else int(pad)
        names = {*tokenizer.get_added_vocab(), *adapter.special}
        self._special = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))
        self._before = self._encode_template(adapter.system + f"{START}user\n")
        self._after = self._encode_template(f"{END}\n{START}assistant\n")

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text without special tokens.

        What is written like a special token is cut up.
        """
        cuts = [0, *(match.start() + 1 for match in self._special.finditer(text)), len(text)]
        pieces = [text[start:end] for start, end in pairwise(cuts) if start < end]
        return [token for piece in pieces for token in self._encode_plain(piece)]

    def build(self, sample: SampleRecord, pictures: PictureFolder) -> Conversation:
        """Return the conversation about a sample.

        Raises:
            MissingPicture: a picture is not there, or none that the model can take.
        """
        conversation = Conversation([], torch.zeros(self.adapter.axes, 0, dtype=torch.long), 0).append(self._before)
        for part in build_prompt(self._rubric, sample.turns):
            conversation = (
                conversation.append(self.encode(part.text))
                if isinstance(part, TextPart)
                else _append_image(conversation, self._read_image(pictures, part.path))
            )
        return conversation.append(self._after)

    def blank_image(self) -> ModelImage:
        """Return the smallest picture.

        A model that is trained on several devices sees it where a batch has no other.
        """
        return self.adapter.encode_image(Picture.new("RGB", (8, 8), "white"))

    def _read_image(self, pictures: PictureFolder, name: str) -> ModelImage:
        content = pictures.read(name)
        try:
            with Picture.open(io.BytesIO(content)) as image:
                return self.adapter.encode_image(on_white(image))
        except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
            raise MissingPicture(f"{name} cannot be shown to the model ({error})") from None

    def _encode_template(self, text: str) -> list[int]:
        """Return the tokens of a template with special tokens."""
        ids: list[int] = []
        for piece in re.split(f"({re.escape(START)}|{re.escape(END)})", text):
            if piece in (START, END):
                ids.append(token_id(self._tokenizer, piece))
            elif piece:
                ids += self._encode_plain(piece)
        return ids

    def _encode_plain(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


def _append_image(conversation: Conversation, image: ModelImage) -> Conversation:
    return Conversation(
        [*conversation.ids, *image.ids],
        torch.cat([conversation.positions, conversation.next_position + image.positions], 1),
        conversation.next_position + image.extent,
        [*conversation.images, image],
    )
