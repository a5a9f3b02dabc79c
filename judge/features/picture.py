"""Extracts picture features: size, light, colour, sharpness, noise, naturalness and composition."""

import io
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from judge.metrics.gaps import Floats

from . import colour, naturalness

# The longest side on which light, edges and composition are measured.
SIDE = 256
# Sharpness and noise are lost in a smaller copy: they are measured on the middle as it is.
CROP = 256
SMALL = 96
MAX_PIXELS = 100_000_000

_SIZE = ("log_pixels", "log_aspect", "is_square", "bytes_per_pixel")
_LIGHT = (
    *("light_mean", "light_sd", "light_low", "light_median", "light_high", "light_range", "light_entropy"),
    *("dark_share", "bright_share", "light_skew"),
)
_EDGES = (
    *("edge_mean", "edge_high", "edge_share", "edge_entropy", "laplacian", "laplacian_small", "noise", "blocks"),
    *("band_low", "band_middle", "band_high", "band_highest", "spectrum_slope", "spectrum_rest"),
)
_COMPOSITION = (
    *("mirror", "mirror_upright", "centre_light", "centre_edges", "thirds_edges", "edge_spread", "top_light"),
    *("flat_share", "detail_variation"),
)
NAMES: tuple[str, ...] = (
    *_SIZE,
    *_LIGHT,
    *_EDGES,
    *_COMPOSITION,
    *colour.NAMES,
    *(f"crop_{name}" for name in naturalness.NAMES),
    *(f"whole_{name}" for name in naturalness.NAMES),
)


class UnreadablePicture(ValueError):
    """A file that is not a picture or is cut short."""


def picture_features(content: bytes) -> Floats:
    """Return the features of a picture's file, in the order of `NAMES`.

    Raises:
        UnreadablePicture: it cannot be decoded, or would take too much memory.
    """
    rgb, size = open_picture(content)
    grey = rgb.convert("L")
    light = _light_array(_shrink(grey, SIDE))
    crop = _light_array(_crop_middle(grey, CROP))
    edge, half = _gradient(light), _halve(light)
    features = [
        *_size_features(size, len(content)),
        *_light_features(light),
        *_edge_features(light, edge, half, crop),
        *_composition_features(light, edge),
        *colour.colour_features(np.asarray(rgb.resize((SMALL, SMALL), Image.Resampling.BILINEAR, reducing_gap=2.0))),
        *naturalness.naturalness_features(crop),
        *naturalness.naturalness_features(half),
    ]
    # As exact as the store keeps it, so that a vector from there is the same one.
    vector = np.array(features).astype(np.float32).astype(np.float64)
    return np.nan_to_num(vector, nan=0.0, posinf=0.0, neginf=0.0)


def open_picture(content: bytes) -> tuple[Image.Image, tuple[int, int]]:
    """Return a picture in RGB on white, and its original size.

    A picture far larger than what is measured is decoded to a smaller copy.

    Raises:
        UnreadablePicture: it cannot be decoded, or would take too much memory.
    """
    try:
        image: Image.Image = Image.open(io.BytesIO(content))
        size = image.size
        if size[0] * size[1] > MAX_PIXELS:
            raise UnreadablePicture(f"has {size[0]} x {size[1]} pixels; at most {MAX_PIXELS:,} are possible")
        # Only JPEG knows this: it decodes at a fraction of its size, still larger than what is looked at.
        image.draft("RGB", (4 * SIDE, 4 * SIDE))
        return _opaque(image), size
    except UnreadablePicture:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadablePicture(f"cannot be read as a picture ({error})") from None


def _opaque(image: Image.Image) -> Image.Image:
    """Return the picture on white where it is transparent, as people saw it."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def _shrink(image: Image.Image, side: int) -> Image.Image:
    longest = max(image.size)
    if longest <= side:
        return image
    width, height = (max(1, round(length * side / longest)) for length in image.size)
    return image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)


def _crop_middle(image: Image.Image, side: int) -> Image.Image:
    width, height = image.size
    left, top = max(0, (width - side) // 2), max(0, (height - side) // 2)
    return image.crop((left, top, min(width, left + side), min(height, top + side)))


def _light_array(image: Image.Image) -> Floats:
    """Return light between 0 and 1, padded to at least 8 x 8."""
    array = np.asarray(image, dtype=np.float32) / 255
    height, width = array.shape
    if height < 8 or width < 8:
        array = np.pad(array, ((0, max(0, 8 - height)), (0, max(0, 8 - width))), mode="edge")
    return array


def _size_features(size: tuple[int, int], length: int) -> list[float]:
    pixels = size[0] * size[1]
    aspect = math.log(size[0] / size[1])
    return [math.log(pixels), aspect, float(abs(aspect) < 0.01), length / pixels]


def _light_features(light: Floats) -> list[float]:
    low, median, high = _quantiles(light, (0.05, 0.5, 0.95))
    mean, sd = float(light.mean()), float(light.std())
    away = (light - mean) / max(sd, 1e-6)
    # A power of three is taken by a slow general function.
    skew = float((away * away * away).mean()) if sd > 1e-6 else 0.0
    return [
        *(mean, sd, low, median, high, high - low, _entropy(light)),
        *(_share_of_true(light < 0.08), _share_of_true(light > 0.92), skew),
    ]


def _edge_features(light: Floats, edge: Floats, half: Floats, crop: Floats) -> list[float]:
    return [
        float(edge.mean()),
        *_quantiles(edge, (0.95,)),
        _share_of_true(edge > 0.1),
        _entropy(np.minimum(edge * 2, 1)),
        math.log(_laplacian(crop).var() + 1e-8),
        math.log(_laplacian(light).var() + 1e-8),
        _noise_sd(crop),
        _block_strength(crop),
        *_spectrum_features(half),
    ]


def _composition_features(light: Floats, edge: Floats) -> list[float]:
    height, width = light.shape
    middle = (slice(height // 4, height - height // 4), slice(width // 4, width - width // 4))
    total = float(edge.sum()) + 1e-9
    rows, columns = edge.sum(axis=1) / total, edge.sum(axis=0) / total
    tiles = _tile_means(edge, 8)
    return [
        float(np.abs(light - light[:, ::-1]).mean()),
        float(np.abs(light - light[::-1]).mean()),
        float(light[middle].mean() - light.mean()),
        float(edge[middle].sum()) / total,
        sum(float(side[len(side) // 4 : len(side) * 5 // 12].sum()) for side in (rows, columns)),
        _spread(rows) + _spread(columns),
        float(light[: height // 3].mean() - light[-(height // 3) :].mean()),
        _share_of_true(tiles < 0.01),
        float(tiles.std() / (tiles.mean() + 1e-6)),
    ]


def _share_of_true(true: npt.NDArray[np.bool_]) -> float:
    # The mean of truth values makes numbers of them first.
    return np.count_nonzero(true) / true.size


def _halve(light: Floats) -> Floats:
    height, width = (length // 2 * 2 for length in light.shape)
    if min(height, width) < 16:
        return light
    even = light[:height, :width]
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4


def _entropy(values: Floats) -> float:
    """Return the entropy of values between 0 and 1 in 64 classes, in bits."""
    counts = np.bincount((values * 63.999).astype(np.int64).ravel(), minlength=64)
    shares = counts[counts > 0] / values.size
    return float(-(shares * np.log2(shares)).sum())


def _quantiles(values: Floats, shares: Sequence[float]) -> list[float]:
    """Return quantiles of values between 0 and about 1 to a thousandth, by counting."""
    counts = np.bincount((values.ravel() * 1000).astype(np.int64)).cumsum()
    return [float(place) / 1000 for place in np.searchsorted(counts, [share * values.size for share in shares])]


def _gradient(light: Floats) -> Floats:
    down, right = np.diff(light, axis=0)[:, :-1], np.diff(light, axis=1)[:-1]
    return np.asarray(np.sqrt(down * down + right * right))


def _laplacian(light: Floats) -> Floats:
    middle = light[1:-1, 1:-1]
    return light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:] - 4 * middle


def _noise_sd(light: Floats) -> float:
    """Return the standard deviation of noise (Immerkaer 1996).

    It is what a difference of two Laplacians leaves.
    """
    across = light[:, :-2] - 2 * light[:, 1:-1] + light[:, 2:]
    both = across[:-2] - 2 * across[1:-1] + across[2:]
    return float(np.abs(both).mean()) * math.sqrt(math.pi / 2) / 6


def _block_strength(light: Floats) -> float:
    """Return how much higher steps are at JPEG block borders.

    The borders are every eighth column and row.
    """
    total = 0.0
    for axis in (0, 1):
        step = np.abs(np.diff(light, axis=axis)).mean(axis=1 - axis)
        best = max(float(step[start::8].mean()) for start in range(8)) if len(step) >= 8 else 0.0
        total += best / (float(step.mean()) + 1e-6)
    return total / 2


def _spectrum_features(light: Floats) -> list[float]:
    """Return the power shares of four bands, and the spectrum's slope and residual.

    The slope is that of log power over log frequency.
    """
    power = np.abs(np.fft.rfft2(light - light.mean())) ** 2
    height, width = light.shape
    down, right = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    frequency = np.hypot(down, right)
    ring = np.minimum((frequency * 64).astype(np.int64), 31)
    sums = np.bincount(ring.ravel(), power.ravel(), 32)
    counts = np.bincount(ring.ravel(), minlength=32)
    total = float(sums.sum()) + 1e-9
    bands = [float(sums[start:end].sum()) / total for start, end in ((0, 2), (2, 6), (6, 14), (14, 32))]
    x = np.log(np.arange(1, 32) / 64)
    y = np.log(sums[1:] / np.maximum(counts[1:], 1) + 1e-9)
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    residual = float((y - y.mean() - slope * (x - x.mean())).std())
    return [*bands, slope, residual]


def _spread(shares: Floats) -> float:
    place = np.linspace(0, 1, len(shares))
    centre = float((shares * place).sum())
    return math.sqrt(max(0.0, float((shares * (place - centre) ** 2).sum())))


def _tile_means(values: Floats, count: int) -> Floats:
    height, width = (max(1, length // count) for length in values.shape)
    cut = values[: height * (values.shape[0] // height), : width * (values.shape[1] // width)]
    return np.asarray(
        cut.reshape(cut.shape[0] // height, height, cut.shape[1] // width, width).mean(axis=(1, 3)), dtype=np.float64
    )
