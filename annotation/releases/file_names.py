"""Names the files of a release; no text of a sample ever becomes a name."""

import re

MANIFEST = "manifest.json"
CARD = "README.md"
RUBRIC = "rubric.toml"
IMAGES = "images"
PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
LONGEST = 240
# What Windows takes for a device, whatever follows the dot.
DEVICES = frozenset(
    {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}
)


def is_safe_path(path: object) -> bool:
    """Return whether a path stays inside its folder on every system that may unpack it."""
    if not isinstance(path, str) or len(path) > LONGEST:
        return False
    return all(
        PART.fullmatch(part) and not part.endswith(".") and part.partition(".")[0].casefold() not in DEVICES
        for part in path.split("/")
    )
