"""Pictures of the size that people meet, drawn by chance, so that none has to be shipped."""

import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1024, 768)
SHAPES = 14


def draw(folder: Path, count: int, size: tuple[int, int] = SIZE) -> None:
    """Draw ``0.jpg``, ``1.jpg`` … unless they are there; no two are the same."""
    folder.mkdir(exist_ok=True)
    grain = Image.effect_noise(size, 40).convert("RGB")
    for number in range(count):
        path = folder / f"{number}.jpg"
        if not path.exists():
            _picture(number, grain).save(path, quality=88)


def _picture(number: int, grain: Image.Image) -> Image.Image:
    chance = random.Random(number)
    size = grain.size
    picture = Image.linear_gradient("L").resize(size).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for _ in range(SHAPES):
        left, top = chance.randrange(size[0]), chance.randrange(size[1])
        right, bottom = left + chance.randrange(40, 400), top + chance.randrange(40, 400)
        color = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
        (pen.ellipse if chance.random() < 0.5 else pen.rectangle)((left, top, right, bottom), fill=color)
    # A photograph is neither flat nor sharp: both would compress far better than one does.
    return Image.blend(picture.filter(ImageFilter.BoxBlur(2)), grain, 0.15)
