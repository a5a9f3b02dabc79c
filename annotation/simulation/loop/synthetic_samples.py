"""Samples drawn for the loop: what is good about them can be seen in text and picture, so that a judge can learn it.

The longer the text the more complete it is, the more the picture holds the more complete that is, the sharper the
better, and what the text says of colours is shown, or is not. Beside the lines stands what each deserves.
"""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

SUBJECTS = (
    *("lighthouse", "market", "harbour", "mountain hut", "orchard", "railway station", "library", "canal lock"),
    *("windmill", "vineyard", "fire station", "greenhouse", "bakery", "observatory", "ferry", "beehive"),
    *("quarry", "aqueduct", "school yard", "salt works"),
)
ASKED = (
    "What belongs to {subject}, and what is it for? Name its parts one by one, and show them in a picture.",
    "How does a day at {subject} pass? Tell it in order, and draw what one would see.",
)
THINGS = ("door", "roof", "wall", "path", "sign", "tower", "boat", "cart", "tree", "lamp", "fence", "bench")
SENTENCES = (
    "The {colour} {thing} is the first thing that a visitor notices.",
    "Behind it there is a {colour} {thing}, which nobody there would do without.",
    "In the morning somebody looks after the {colour} {thing}.",
    "What keeps it all going is the {colour} {thing} at its side.",
    "A {colour} {thing} stands a little further away.",
    "On bad days people wait next to the {colour} {thing} until the weather turns.",
    "The {colour} {thing} has been mended many times.",
)
COLOURS = {
    "red": (196, 48, 40),
    "green": (62, 128, 60),
    "blue": (52, 96, 184),
    "yellow": (226, 196, 52),
    "purple": (120, 60, 150),
    "orange": (228, 128, 36),
}
# What their models are worth, on every scale from 0 to 5.
GENERATORS = {"heron": 3.9, "wader": 2.7, "plover": 1.6}
TOP = 5
WITHOUT_PICTURE = 0.05
SIZE = (224, 160)

Truth = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file of samples beside its pictures."""

    lines: Path
    images: Path


def true_values(batch: str, *, questions: int, seed: int) -> dict[str, Truth]:
    """Return what each sample of a batch deserves on each dimension, between levels too, by its id."""
    return {one.name: one.truth for one in _samples(batch, questions, seed)}


def write_batch(batch: str, folder: Path, *, questions: int, seed: int) -> SampleFile:
    """Write the samples of a batch and their pictures; the same words give the same bytes."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    lines = folder / f"{batch}.jsonl"
    lines.write_text(
        "".join(json.dumps(one.line(images)) + "\n" for one in _samples(batch, questions, seed)), encoding="utf-8"
    )
    return SampleFile(lines, images)


@dataclass(frozen=True, slots=True)
class _Sample:
    name: str
    question: str
    asked: str
    subject: str
    generator: str
    truth: Truth
    chance: random.Random

    def line(self, images: Path) -> dict[str, object]:
        """Return the sample's line; its picture is drawn now."""
        shown = self.chance.sample(list(COLOURS), 3)
        picture = None
        if self.chance.random() >= WITHOUT_PICTURE:
            picture = f"{self.name}.png"
            _picture(self.truth, shown, self.chance).save(images / picture)
        return {
            "id": self.name,
            "question_id": self.question,
            "question": self.asked,
            "answer": _text(self.truth, shown, self.chance),
            "image": picture,
            "generator": self.generator,
            "domain": self.subject,
        }


def _samples(batch: str, questions: int, seed: int) -> Iterator[_Sample]:
    for number in range(questions):
        subject = SUBJECTS[number % len(SUBJECTS)]
        for generator, worth in GENERATORS.items():
            name = f"{batch}-{number + 1:02}-{generator}"
            chance = random.Random(f"{seed} {name}")  # noqa: S311 - made-up answers
            usual = worth + chance.gauss(0, 0.8)
            truth = {key: min(TOP, max(0.0, usual + chance.gauss(0, 0.8))) for key in ("TCC", "ICC", "IQ", "ITS")}
            asked = ASKED[number // len(SUBJECTS) % len(ASKED)].format(subject=_named(subject))
            yield _Sample(name, f"{batch}-{number + 1:02}", asked, subject, generator, truth, chance)


def _named(subject: str) -> str:
    if subject.endswith("works"):
        return subject
    return f"{'an' if subject[0] in 'aeiou' else 'a'} {subject}"


def _text(truth: Truth, shown: list[str], chance: random.Random) -> str:
    """Return as many sentences as the text is complete; as many of them as it deserves fit the picture and say so."""
    absent = [colour for colour in COLOURS if colour not in shown]
    count = 2 + round(2 * truth["TCC"])
    fitting = round(count * truth["ITS"] / TOP)
    said = []
    for number in range(count):
        colour = chance.choice(shown if number < fitting else absent)
        sentence = chance.choice(SENTENCES).format(colour=colour, thing=chance.choice(THINGS))
        said.append(sentence[:-1] + ", as the picture shows." if number < fitting else sentence)
    chance.shuffle(said)
    return " ".join(said)


def _picture(truth: Truth, colours: list[str], chance: random.Random) -> Image.Image:
    """Return a picture that holds as many things as it is complete, and is as sharp as it is good."""
    image = Image.new("RGB", SIZE, (236, 232, 220))
    pencil = ImageDraw.Draw(image)
    for number in range(3 + round(4 * truth["ICC"])):
        x, y = chance.randrange(SIZE[0] - 40), chance.randrange(SIZE[1] - 36)
        box = (x, y, x + chance.randint(18, 40), y + chance.randint(18, 36))
        fill = COLOURS[colours[number % len(colours)]]
        (pencil.rectangle if number % 2 else pencil.ellipse)(box, fill=fill, outline=(34, 48, 60), width=2)
    return image.filter(ImageFilter.GaussianBlur(0.9 * (TOP - truth["IQ"])))
