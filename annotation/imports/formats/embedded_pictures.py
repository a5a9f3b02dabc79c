"""Saves pictures embedded in a file of lines, so that they are imported like others."""

from pathlib import Path, PurePosixPath

LONGEST_NAME = 60
FOLDER = "embedded"
# File systems are slow with a million files in one folder.
PER_FOLDER = 1000


class EmbeddedPictures:
    """A folder of pictures that were embedded in lines."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0

    def save(self, data: bytes, path: str | None) -> str:
        """Save a picture and return the path for its line.

        The end of ``path`` stays recognisable in it.
        """
        self._count += 1
        original_name = PurePosixPath(path or "").name[-LONGEST_NAME:]
        safe_name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in original_name)
        name = f"{FOLDER}/{self._count // PER_FOLDER}/{self._count}_{safe_name.encode('ascii', 'replace').decode()}"
        target = self.folder / name.replace("?", "_")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return name.replace("?", "_")
