"""Extracts colour features: number, strength, and shares of named colours."""

import math

import numpy as np
import numpy.typing as npt

from judge.metrics.gaps import Floats

# Sixths of the colour circle, from red on.
_HUES = {"red": (-0.35, 0.25), "orange": (0.25, 0.75), "yellow": (0.75, 1.25), "green": (1.25, 2.6)}
_HUES |= {"blue": (2.6, 4.25), "purple": (4.25, 5.1), "pink": (5.1, 5.65)}
COLOURS = ("black", "white", "grey", "brown", *_HUES)
HUES = 6
NAMES: tuple[str, ...] = (
    *("colourfulness", "saturation_mean", "saturation_sd", "saturation_high", "hue_entropy", "warmth", "palette"),
    *("red_mean", "green_mean", "blue_mean"),
    *(f"hue_{number}" for number in range(HUES)),
    *(f"is_{name}" for name in COLOURS),
)


def colour_features(rgb: npt.NDArray[np.uint8]) -> list[float]:
    """Return the colour features of an RGB array, in the order of `NAMES`.

    The array is height x width x 3 bytes.
    """
    pixels = rgb.reshape(-1, 3).astype(np.float32) / 255
    red, green, blue = pixels.T
    high, low = pixels.max(axis=1), pixels.min(axis=1)
    chroma = high - low
    saturation = np.where(high > 1e-6, chroma / np.maximum(high, 1e-6), 0)
    hue = _compute_hue(red, green, blue, high, chroma)
    weight = np.bincount((hue.astype(np.int64)) % HUES, saturation * high, HUES)
    shares = weight / max(float(weight.sum()), 1e-6)
    positive = shares[shares > 0]
    return [
        _colourfulness(red, green, blue),
        float(saturation.mean()),
        float(saturation.std()),
        float(np.quantile(saturation, 0.95)),
        float(-(positive * np.log2(positive)).sum()) if len(positive) else 0.0,
        float(red.mean() - blue.mean()),
        _palette_size(rgb),
        *(float(channel.mean()) for channel in (red, green, blue)),
        *shares.tolist(),
        *_colour_shares(hue, saturation, high),
    ]


def _compute_hue(red: Floats, green: Floats, blue: Floats, high: Floats, chroma: Floats) -> Floats:
    """Return the hue in sixths of the circle, 0 to below 6.

    It is 0 where there is none.
    """
    divisor = np.maximum(chroma, 1e-6)
    hue = np.where(
        high == red,
        ((green - blue) / divisor) % 6,
        np.where(high == green, (blue - red) / divisor + 2, (red - green) / divisor + 4),
    )
    return np.where(chroma > 1e-6, hue, 0) % 6


def _colourfulness(red: Floats, green: Floats, blue: Floats) -> float:
    """Return the colourfulness after Hasler and Suesstrunk (2003)."""
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    return math.hypot(float(red_green.std()), float(yellow_blue.std())) + 0.3 * math.hypot(
        float(red_green.mean()), float(yellow_blue.mean())
    )


def _palette_size(rgb: npt.NDArray[np.uint8]) -> float:
    """Return the logarithm of the number of colours that cover 95 %.

    They are counted among 512 coarse colours.
    """
    coarse = (rgb.reshape(-1, 3) >> 5).astype(np.int64)
    counts = np.sort(np.bincount(coarse @ np.array([64, 8, 1]), minlength=512))[::-1]
    return math.log(1 + int(np.searchsorted(counts.cumsum(), 0.95 * counts.sum())))


def _colour_shares(hue: Floats, saturation: Floats, high: Floats) -> list[float]:
    black = high < 0.2
    grey = ~black & (saturation < 0.15)
    white = grey & (high > 0.85)
    strong = ~black & ~grey
    centred_hue = np.where(hue > 5.65, hue - 6, hue)
    brown = strong & (centred_hue >= -0.2) & (centred_hue < 0.9) & (high < 0.68)
    # A light red has a name of its own.
    rose = strong & (centred_hue < _HUES["red"][1]) & (high > 0.8) & (saturation < 0.55)
    masks = {"black": black, "white": white, "grey": grey & ~white, "brown": brown}
    for name, (start, end) in _HUES.items():
        masks[name] = strong & ~brown & ~rose & (centred_hue >= start) & (centred_hue < end)
    masks["pink"] |= rose
    return [np.count_nonzero(masks[name]) / masks[name].size for name in COLOURS]
