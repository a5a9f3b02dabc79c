"""ZIP files for tests: honest ones, and such as no program would write."""

import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path


def write_zip(path: Path, members: dict[str, bytes], **options: object) -> Path:
    """Pack members as they are named."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_special(path: Path, name: str, mode: int, content: bytes = b"target") -> Path:
    """Pack one member with a file kind, as Unix notes it."""
    member = zipfile.ZipInfo(name)
    member.create_system = 3
    member.external_attr = (mode | 0o644) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, content)
    return path


def rename_members(path: Path, before: bytes, after: bytes) -> Path:
    """Change a name wherever it stands in the file; the lengths must be the same."""
    assert len(before) == len(after)
    path.write_bytes(path.read_bytes().replace(before, after))
    return path


def declare_size(path: Path, size: int) -> Path:
    """Let the first member say everywhere that it would unpack to another size."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\3\4") + 22, size)
    struct.pack_into("<L", data, data.index(b"PK\1\2") + 24, size)
    path.write_bytes(bytes(data))
    return path


def set_flag(path: Path, flag: int) -> Path:
    """Set a bit of the first member's flags."""
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.index(mark) + place
        struct.pack_into("<H", data, at, struct.unpack_from("<H", data, at)[0] | flag)
    path.write_bytes(bytes(data))
    return path


def declare_members(path: Path, count: int, directory: int) -> Path:
    """Let the end of the file speak of more members, and of a larger directory."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\5\6")
    struct.pack_into("<HHL", data, at + 8, count & 0xFFFF, count & 0xFFFF, directory)
    path.write_bytes(bytes(data))
    return path


def write_overlapping(path: Path, count: int) -> Path:
    """Write a ZIP bomb whose members share one kernel of compressed zeros."""
    zeros = b"\0" * 1_000_000
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = packer.compress(zeros) + packer.flush()
    out = io.BytesIO()
    offsets = []
    header = struct.Struct("<4sHHHHHLLLHH")
    names = [f"{index:04}.jsonl".encode() for index in range(count)]
    shared = (zlib.crc32(zeros), len(kernel), len(zeros))
    for name in names:
        offsets.append(out.tell())
        out.write(header.pack(b"PK\3\4", 20, 0, 8, 0, 0, *shared, len(name), 0) + name)
    out.write(kernel)
    start = out.tell()
    entry = struct.Struct("<4sHHHHHHLLLHHHHHLL")
    for name, offset in zip(names, offsets, strict=True):
        out.write(entry.pack(b"PK\1\2", 20, 20, 0, 8, 0, 0, *shared, len(name), 0, 0, 0, 0, 0, offset) + name)
    size = out.tell() - start
    out.write(struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, count, count, size, start, 0))
    path.write_bytes(out.getvalue())
    return path


LINK, DEVICE, PIPE = stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO
