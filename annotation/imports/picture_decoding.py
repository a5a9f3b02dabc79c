"""Checks picture files by decoding them, and makes the copies for display."""

import io
from dataclasses import dataclass

from django.conf import settings
from PIL import AvifImagePlugin, Image, ImageCms, ImageOps, JpegImagePlugin, MpoImagePlugin, WebPImagePlugin

from .strip_metadata import DamagedPicture, strip_jpeg, strip_png, strip_webp

# Our own limit on pixels, checked before any is decoded, takes the place of Pillow's, which is process-wide and warns.
Image.MAX_IMAGE_PIXELS = None

READ_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
# Pillow loads its readers on the first use, which two threads must not do at once.
Image.preinit()
READERS = (AvifImagePlugin, MpoImagePlugin, WebPImagePlugin)
SUFFIX = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "AVIF": "avif"}
WEB_SIDE = 1600
# Up to here the page loads the full-size copy itself: no second compression of a picture whose quality is judged.
WEB_BYTES = 600_000
WEB_QUALITY = 90
THUMBNAIL_BYTES = 40_000
# Side and quality, the first that gives few enough bytes.
THUMBNAILS = ((480, 80), (480, 60), (480, 40), (320, 40), (240, 30), (160, 20))
ORIENTATION = 0x0112


class PictureRefused(ValueError):
    """A rejected picture: the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class PictureCopy:
    """A picture file to store, with its format and size in pixels."""

    data: bytes
    format: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PictureCopies:
    """A picture's original format, its full-size copy and its page-size copy.

    Neither copy has metadata.
    """

    format: str
    full: PictureCopy
    web: PictureCopy


def check_picture(data: bytes) -> None:
    """Check a picture by decoding all of it.

    Raises:
        PictureRefused: it is no picture of a kind that browsers show, is damaged, or is too large.
    """
    with _decode(data):
        pass


def make_copies(data: bytes) -> PictureCopies:
    """Check a picture as `check_picture` does and return its copies.

    They are upright, in sRGB and without metadata.
    """
    with _decode(data) as image:
        format = "JPEG" if image.format == "MPO" else str(image.format)
        upright = _to_upright_srgb(image)
        full = _strip_metadata(data, format, image) if upright is image else None
        full = full or _reencode(upright, format, image)
        return PictureCopies(format, full, _make_web_copy(upright, full))


def make_thumbnail(data: bytes) -> PictureCopy:
    """Check a picture as `check_picture` does and return a small copy.

    It has at most 480 pixels a side and about 40 KB.
    """
    with _decode(data) as image:
        small = _to_eight_bit(_to_upright_srgb(image))
        for side, quality in THUMBNAILS:
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            buffer = io.BytesIO()
            small.save(buffer, "WEBP", quality=quality, method=3)
            if buffer.tell() <= THUMBNAIL_BYTES:
                break
        return PictureCopy(buffer.getvalue(), "WEBP", *small.size)


def _decode(data: bytes) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=READ_FORMATS)
    except Exception:
        message = "is not a picture that can be read; convert it to JPEG, PNG, WebP, GIF or AVIF."
        raise PictureRefused(message) from None
    pixels = image.width * image.height
    if pixels > settings.PICTURE_MAX_PIXELS:
        message = (
            f"has {image.width:,} × {image.height:,} pixels, more than {settings.PICTURE_MAX_PIXELS:,}; scale it down."
        )
        raise PictureRefused(message)
    try:
        image.load()
        if image.format == "PNG":
            strip_png(data)
    except Exception as error:
        message = f"is damaged ({str(error) or type(error).__name__}); fetch the file again."
        raise PictureRefused(message) from None
    return image


def _to_upright_srgb(image: Image.Image) -> Image.Image:
    """Return the picture upright and in sRGB.

    It is the same object where nothing has to be done.
    """
    result = image
    if image.getexif().get(ORIENTATION, 1) not in (0, 1):
        result = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    if profile:
        result = _to_srgb(result, profile)
    if result.mode in ("CMYK", "YCCK", "LAB", "HSV"):
        result = result.convert("RGB")
    return result


def _to_srgb(image: Image.Image, icc: bytes) -> Image.Image:
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if "srgb" in ImageCms.getProfileDescription(profile).casefold():
            return image
        alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
        plain = image.convert("RGB") if image.mode in ("P", "RGBA", "PA") else image
        plain = plain.convert("L") if plain.mode == "LA" else plain
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(plain, profile, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile that does not fit its picture is ignored, as browsers do.
        return image
    if converted is None:
        return image
    if alpha is not None:
        converted.putalpha(alpha)
    return converted


def _strip_metadata(data: bytes, kind: str, image: Image.Image) -> PictureCopy | None:
    """Return the file without metadata, None if that cannot be cut out."""
    if getattr(image, "n_frames", 1) > 1 and kind != "JPEG" and kind != "PNG":
        return None
    strip = {"JPEG": strip_jpeg, "PNG": strip_png, "WEBP": strip_webp}.get(kind)
    if strip is None:
        return None
    try:
        stripped = strip(data)
        with Image.open(io.BytesIO(stripped), formats=[kind]) as reopened:
            size, mode = reopened.size, reopened.mode
            reopened.load()
    except (DamagedPicture, OSError, ValueError, SyntaxError):
        return None
    same = size == image.size and mode == image.mode
    return PictureCopy(stripped, kind, *size) if same else None


def _reencode(image: Image.Image, kind: str, original: Image.Image) -> PictureCopy:
    buffer = io.BytesIO()
    bare = image.copy()
    bare.info = {name: value for name, value in image.info.items() if name == "transparency"}
    if kind == "JPEG":
        _save_jpeg(bare, buffer, original)
    elif kind == "WEBP":
        bare.save(buffer, "WEBP", lossless=True, exact=True)
    else:
        kind = "PNG"
        bare.save(buffer, "PNG")
    return PictureCopy(buffer.getvalue(), kind, *image.size)


def _save_jpeg(image: Image.Image, buffer: io.BytesIO, original: Image.Image) -> None:
    """Save a JPEG file, compressed as strongly as the original."""
    tables = getattr(original, "quantization", None)
    if not tables or original.mode not in ("L", "RGB") or image.mode not in ("L", "RGB"):
        image.convert("RGB").save(buffer, "JPEG", quality=95, subsampling=0)
        return
    sampling = JpegImagePlugin.get_sampling(original)
    # Halved in one direction only, colours would be halved in the other one after a turn.
    subsampling = 2 if sampling == 2 else 0
    image.save(buffer, "JPEG", qtables=tables, subsampling=subsampling)


def _make_web_copy(image: Image.Image, full: PictureCopy) -> PictureCopy:
    longest = max(full.width, full.height)
    if longest <= WEB_SIDE and len(full.data) <= WEB_BYTES:
        return full
    shown = _to_eight_bit(image)
    if longest > WEB_SIDE:
        factor = WEB_SIDE / longest
        size = (max(1, round(full.width * factor)), max(1, round(full.height * factor)))
        shown = shown.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=WEB_QUALITY, method=3)
    if longest <= WEB_SIDE and buffer.tell() >= len(full.data):
        return full
    return PictureCopy(buffer.getvalue(), "WEBP", *shown.size)


def _to_eight_bit(image: Image.Image) -> Image.Image:
    bare = image.copy()
    if bare.mode.startswith("I"):
        bare = bare.convert("I").point(lambda value: value / 256).convert("L")
    bare = bare.convert("RGBA" if image.has_transparency_data else "RGB")
    bare.info = {}
    return bare
