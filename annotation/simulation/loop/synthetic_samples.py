"""Generates the samples of the loop, with qualities that a judge can learn.

The longer the text, the more complete it is; the more things an image shows, the more complete it is; the sharper, the
better; and the colours that the text names are shown in the image, or are not.
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
QUESTIONS = (
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
# Quality of their samples, on every scale from 0 to 5.
GENERATORS = {"heron": 3.9, "wader": 2.7, "plover": 1.6}
TOP = 5
WITHOUT_PICTURE = 0.05
SIZE = (224, 160)

Truth = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file of samples and the folder of its images."""

    lines: Path
    images: Path


def true_values(batch: str, *, questions: int, seed: int) -> dict[str, Truth]:
    """Return the true values of a batch by sample id and dimension.

    They may lie between levels.
    """
    return {sample.name: sample.truth for sample in _generate_samples(batch, questions, seed)}


def write_batch(batch: str, folder: Path, *, questions: int, seed: int) -> SampleFile:
    """Write the samples of a batch and their images.

    The same arguments give the same bytes.
    """
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    lines = folder / f"{batch}.jsonl"
    lines.write_text(
        "".join(json.dumps(sample.write_line(images)) + "\n" for sample in _generate_samples(batch, questions, seed)),
        encoding="utf-8",
    )
    return SampleFile(lines, images)


@dataclass(frozen=True, slots=True)
class _SyntheticSample:
    name: str
    question: str
    question_text: str
    subject: str
    generator: str
    truth: Truth
    rng: random.Random

    def write_line(self, images: Path) -> dict[str, object]:
        """Return the sample's line, and write its image."""
        shown = self.rng.sample(list(COLOURS), 3)
        image_name = None
        if self.rng.random() >= WITHOUT_PICTURE:
            image_name = f"{self.name}.png"
            _draw_image(self.truth, shown, self.rng).save(images / image_name)
        return {
            "id": self.name,
            "question_id": self.question,
            "question": self.question_text,
            "answer": _write_text(self.truth, shown, self.rng),
            "image": image_name,
            "generator": self.generator,
            "domain": self.subject,
        }


def _generate_samples(batch: str, questions: int, seed: int) -> Iterator[_SyntheticSample]:
    for number in range(questions):
        subject = SUBJECTS[number % len(SUBJECTS)]
        for generator, quality in GENERATORS.items():
            name = f"{batch}-{number + 1:02}-{generator}"
            rng = random.Random(f"{seed} {name}")  # noqa: S311 - synthetic answers
            sample_quality = quality + rng.gauss(0, 0.8)
            truth = {key: min(TOP, max(0.0, sample_quality + rng.gauss(0, 0.8))) for key in ("TCC", "ICC", "IQ", "ITS")}
            question_text = QUESTIONS[number // len(SUBJECTS) % len(QUESTIONS)].format(subject=_with_article(subject))
            yield _SyntheticSample(name, f"{batch}-{number + 1:02}", question_text, subject, generator, truth, rng)


def _with_article(subject: str) -> str:
    if subject.endswith("works"):
        return subject
    return f"{'an' if subject[0] in 'aeiou' else 'a'} {subject}"


def _write_text(truth: Truth, shown: list[str], rng: random.Random) -> str:
    """Return sentences: more for a complete text, more of them true for a fitting one.

    The sentences that fit the image say so.
    """
    absent = [colour for colour in COLOURS if colour not in shown]
    count = 2 + round(2 * truth["TCC"])
    fitting = round(count * truth["ITS"] / TOP)
    sentences = []
    for number in range(count):
        colour = rng.choice(shown if number < fitting else absent)
        sentence = rng.choice(SENTENCES).format(colour=colour, thing=rng.choice(THINGS))
        sentences.append(sentence[:-1] + ", as the picture shows." if number < fitting else sentence)
    rng.shuffle(sentences)
    return " ".join(sentences)


def _draw_image(truth: Truth, colours: list[str], rng: random.Random) -> Image.Image:
    """Return an image with more things for completeness, and sharper for quality."""
    image = Image.new("RGB", SIZE, (236, 232, 220))
    draw = ImageDraw.Draw(image)
    for number in range(3 + round(4 * truth["ICC"])):
        x, y = rng.randrange(SIZE[0] - 40), rng.randrange(SIZE[1] - 36)
        box = (x, y, x + rng.randint(18, 40), y + rng.randint(18, 36))
        fill = COLOURS[colours[number % len(colours)]]
        (draw.rectangle if number % 2 else draw.ellipse)(box, fill=fill, outline=(34, 48, 60), width=2)
    return image.filter(ImageFilter.GaussianBlur(0.9 * (TOP - truth["IQ"])))
