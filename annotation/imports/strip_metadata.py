"""Strips metadata from picture files without touching their pixels.

The compressed data are copied as they are.
"""

import re
import zlib

JPEG_PLAIN_HEADER = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
JPEG_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)
START_OF_SCAN, END_OF_IMAGE, COMMENT = 0xDA, 0xD9, 0xFE
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset(b"IHDR PLTE tRNS IDAT IEND gAMA cHRM sRGB sBIT bKGD cICP".split())
WEBP_KEPT = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH"})
WEBP_ALPHA = 0x10


class DamagedPicture(ValueError):
    """A picture file that is damaged or cut short."""


def strip_jpeg(data: bytes) -> bytes:
    """Return a JPEG file without application segments, comments and whatever follows its end."""
    if data[:2] != b"\xff\xd8":
        raise DamagedPicture("it does not begin as a JPEG file")
    segments = [data[:2]]
    at = 2
    while True:
        while data[at + 1 : at + 2] == b"\xff":
            at += 1
        if data[at : at + 1] != b"\xff" or at + 1 >= len(data):
            raise DamagedPicture("it is cut short or overwritten")
        marker = data[at + 1]
        if marker == END_OF_IMAGE:
            return b"".join([*segments, data[at : at + 2]])
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
            continue
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if end < at + 4 or end > len(data):
            raise DamagedPicture("it is cut short")
        segments.append(_jpeg_segment(marker, data[at:end]))
        at = end
        if marker == START_OF_SCAN:
            scan_end = JPEG_AFTER_SCAN.search(data, at)
            if scan_end is None:
                raise DamagedPicture("it is cut short")
            segments.append(data[at : scan_end.start()])
            at = scan_end.start()


def _jpeg_segment(marker: int, segment: bytes) -> bytes:
    """Return a segment without metadata.

    Of application segments only those remain that decide how colours are decoded.
    """
    if marker == 0xE0 and segment[4:9] == b"JFIF\0":
        return JPEG_PLAIN_HEADER
    if marker == 0xEE and segment[4:9] == b"Adobe" and len(segment) == 16:
        return segment
    return b"" if 0xE0 <= marker <= 0xEF or marker == COMMENT else segment


def strip_png(data: bytes) -> bytes:
    """Return a PNG file with nothing but what its still picture needs."""
    if data[:8] != PNG_SIGNATURE:
        raise DamagedPicture("it does not begin as a PNG file")
    chunks = [data[:8]]
    at = 8
    while True:
        length, name = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        end = at + 12 + length
        if len(name) < 4 or end > len(data):
            raise DamagedPicture("it is cut short")
        if name in PNG_KEPT:
            if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
                raise DamagedPicture("a checksum in it is wrong")
            chunks.append(data[at:end])
        if name == b"IEND":
            return b"".join(chunks)
        at = end


def strip_webp(data: bytes) -> bytes:
    """Return a WebP file of one picture without profile, EXIF and XMP."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise DamagedPicture("it does not begin as a WebP file")
    stop = 8 + int.from_bytes(data[4:8], "little")
    if stop > len(data):
        raise DamagedPicture("it is cut short")
    chunks = []
    at = 12
    while at + 8 <= stop:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        end = at + 8 + length + length % 2
        if name in WEBP_KEPT:
            chunk = bytearray(data[at:end])
            if name == b"VP8X":
                chunk[8] &= WEBP_ALPHA
            chunks.append(bytes(chunk))
        at = end
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
