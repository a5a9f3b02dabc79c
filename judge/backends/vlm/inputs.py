"""From a sample to what a model takes: the prompt of every judge as a conversation, pictures in their places."""

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
class Item:
    """A conversation up to where the answer begins."""

    ids: list[int]
    places: torch.Tensor
    """Where each token is: axes x tokens."""
    extent: int
    """The place of the next token."""
    shown: list[ModelImage] = field(default_factory=list)

    def followed_by(self, ids: Sequence[int]) -> "Item":
        """Return it with text behind it."""
        places = self.extent + torch.arange(len(ids)).expand(len(self.places), -1)
        return Item([*self.ids, *ids], torch.cat([self.places, places], 1), self.extent + len(ids), self.shown)


class Items:
    """Makes items for one model under one rubric, as it is spoken."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, family: ModelAdapter, rubric: RubricSpec) -> None:
        self._tokenizer = tokenizer
        self._rubric = rubric
        self.family = family
        self.end = token_id(tokenizer, END)
        pad = tokenizer.pad_token_id
        self.pad = self.end if pad is None else int(pad)
        names = {*tokenizer.get_added_vocab(), *family.special}
        self._special = re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))
        self._before = self._marked(family.system + f"{START}user\n")
        self._after = self._marked(f"{END}\n{START}assistant\n")

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, in which nothing is special: what is written like a special token is cut up."""
        cuts = [0, *(match.start() + 1 for match in self._special.finditer(text)), len(text)]
        pieces = [text[start:end] for start, end in pairwise(cuts) if start < end]
        return [one for piece in pieces for one in self._plain(piece)]

    def of(self, sample: SampleRecord, pictures: PictureFolder) -> Item:
        """Return the conversation about a sample.

        Raises:
            MissingPicture: a picture is not there, or none that the model can take.
        """
        item = Item([], torch.zeros(self.family.axes, 0, dtype=torch.long), 0).followed_by(self._before)
        for part in build_prompt(self._rubric, sample.turns):
            item = (
                item.followed_by(self.encode(part.text))
                if isinstance(part, TextPart)
                else _with(item, self._shown(pictures, part.path))
            )
        return item.followed_by(self._after)

    def blank(self) -> ModelImage:
        """Return the smallest picture, of which a model that is trained with others sees one where it has no other."""
        return self.family.show(Picture.new("RGB", (8, 8), "white"))

    def _shown(self, pictures: PictureFolder, name: str) -> ModelImage:
        content = pictures.read(name)
        try:
            with Picture.open(io.BytesIO(content)) as image:
                return self.family.show(on_white(image))
        except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
            raise MissingPicture(f"{name} cannot be shown to the model ({error})") from None

    def _marked(self, text: str) -> list[int]:
        """Return the tokens of a text of our own, in which special tokens are."""
        ids: list[int] = []
        for piece in re.split(f"({re.escape(START)}|{re.escape(END)})", text):
            if piece in (START, END):
                ids.append(token_id(self._tokenizer, piece))
            elif piece:
                ids += self._plain(piece)
        return ids

    def _plain(self, text: str) -> list[int]:
        found: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return found


def _with(item: Item, shown: ModelImage) -> Item:
    return Item(
        [*item.ids, *shown.ids],
        torch.cat([item.places, item.extent + shown.places], 1),
        item.extent + shown.extent,
        [*item.shown, shown],
    )
