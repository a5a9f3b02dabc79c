"""Builds the messages of a request: prompt and pictures as data URIs."""

import base64
import io
from typing import Any

from PIL import Image as Picture

from judge.formats.picture_folder import MissingPicture, PictureFolder, on_white
from judge.formats.rubric import RubricSpec
from judge.formats.sample_line import SampleRecord, TextPart
from judge.prompt import build_prompt

# What every server reads.
_MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
JPEG_QUALITY = 92


def build_messages(
    sample: SampleRecord, rubric: RubricSpec, pictures: PictureFolder, longest_side: int
) -> list[dict[str, Any]]:
    """Return the messages of a request.

    Raises:
        MissingPicture: a picture is not there, or is none.
    """
    content: list[dict[str, Any]] = []
    for part in build_prompt(rubric, sample.turns):
        if isinstance(part, TextPart):
            content.append({"type": "text", "text": part.text})
        else:
            uri = data_uri(pictures.read(part.path), part.path, longest_side)
            content.append({"type": "image_url", "image_url": {"url": uri}})
    return [{"role": "user", "content": content}]


def data_uri(content: bytes, name: str, longest_side: int) -> str:
    """Return a picture as a data URI, converted or shrunk where necessary.

    It stays as it is where a server reads its format and it is small enough.
    """
    try:
        with Picture.open(io.BytesIO(content)) as image:
            kind = _MEDIA_TYPES.get(image.format or "")
            if kind is None or (longest_side and max(image.size) > longest_side):
                content, kind = _encode_smaller(image, longest_side), "image/jpeg"
    except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError) as error:
        raise MissingPicture(f"{name} cannot be read as a picture ({error})") from None
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _encode_smaller(image: Picture.Image, longest_side: int) -> bytes:
    flat = on_white(image)
    if longest_side:
        flat.thumbnail((longest_side, longest_side), Picture.Resampling.LANCZOS, reducing_gap=3.0)
    file = io.BytesIO()
    flat.save(file, "JPEG", quality=JPEG_QUALITY)
    return file.getvalue()
