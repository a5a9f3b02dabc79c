"""A release of scored samples written straight to files, as large as the judge is meant to learn from."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

from .programs import ROOT

RUBRIC = ROOT / "fixtures" / "rubrics" / "interleaved-answer.toml"
SAMPLES_PER_QUESTION = 4
RATERS = 3
# Rare enough that there is something left to learn from each of them.
NO_TEXT, NO_PICTURE = 0.04, 0.04
SUBJECTS = ("river", "robin", "bridge", "kettle", "harbour", "violin", "glacier", "orchard", "lantern", "engine")
COLOURS = ("red", "green", "blue", "brown", "golden", "grey")
SENTENCES = (
    "The {subject} in the first picture is {colour} where the light falls on it, and darker towards its foot.",
    "Begin with the outline of the {subject}; the shadow at noon is a third of the one at four.",
    "Nobody who has seen a {colour} {subject} from close by will take it for another one.",
    "As the picture below shows, two of its parts move while the third one stays where it is.",
    "It costs little to keep, lasts for about {number} years, and is easily mended.",
    "Compare both sides: the left one is cut away by the water, the right one collects what was cut.",
    "That is why the {subject} is found in the north, and hardly ever south of the {number}th degree.",
)


def write_release(folder: Path, pictures: Path, *, train: int, test: int, pictured: int, seed: int = 1) -> None:
    """Write so many samples of either part; people's scores follow from their texts, by and large.

    Pictures ``0.jpg`` to ``pictured - 1`` go round; no two samples have the same text.
    """
    folder.mkdir()
    shutil.copyfile(RUBRIC, folder / "rubric.toml")
    (folder / "images").symlink_to(pictures)
    chance = random.Random(seed)
    first = 0
    for part, count in (("train", train), ("test", test)):
        with (folder / f"{part}.jsonl").open("w") as file:
            for number in range(first, first + count):
                file.write(json.dumps(_line(number, part, f"images/{number % pictured}.jpg", chance)) + "\n")
        first += count


def _line(number: int, part: str, picture: str, chance: random.Random) -> dict[str, Any]:
    question = number // SAMPLES_PER_QUESTION
    subject, quality = SUBJECTS[question % len(SUBJECTS)], chance.random()
    sentences = [
        chance.choice(SENTENCES).format(
            subject=subject if chance.random() < 0.3 + 0.7 * quality else chance.choice(SUBJECTS),
            colour=chance.choice(COLOURS),
            number=chance.randrange(3, 90),
        )
        for _ in range(2 + round(6 * quality * chance.random()))
    ]
    has_text = chance.random() >= NO_TEXT
    has_picture = not has_text or chance.random() >= NO_PICTURE
    ratings = {
        "TCC": _ratings(quality, chance) if has_text else [],
        "ICC": _ratings(chance.random(), chance) if has_picture else [],
        "IQ": _ratings(chance.random(), chance) if has_picture else [],
        "ITS": _ratings(quality, chance) if has_text and has_picture else [],
    }
    return {
        "id": f"sample-{number}",
        "question_id": f"question-{question}",
        "question": f"How would you know a {subject} when you see one, case {question}? Show it.",
        "answer": f"{' '.join(sentences)} (Case {number}.)" if has_text else None,
        "image": picture if has_picture else None,
        "part": part,
        "final": {key: sorted(some)[RATERS // 2] if some else None for key, some in ratings.items()},
        "histogram": {key: [some.count(level) for level in range(6)] for key, some in ratings.items()},
        "mean": {key: sum(some) / RATERS if some else None for key, some in ratings.items()},
        "label_origin": "blind",
    }


def _ratings(quality: float, chance: random.Random) -> list[int]:
    return [min(5, max(0, round(5 * quality + chance.gauss(0, 0.6)))) for _ in range(RATERS)]
