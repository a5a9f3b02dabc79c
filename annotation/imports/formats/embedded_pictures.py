"""Pictures that lie in the file of lines itself, put down as files so that they are taken in like any other."""

from pathlib import Path, PurePosixPath

LONGEST_NAME = 60
FOLDER = "embedded"
# File systems are slow with a million files in one folder.
PER_FOLDER = 1000


class EmbeddedPictures:
    """Puts pictures down in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0

    def put(self, data: bytes, path: str | None) -> str:
        """Keep a picture and return the name for a line to give; the end of ``path`` stays recognisable in it."""
        self._count += 1
        last = PurePosixPath(path or "").name[-LONGEST_NAME:]
        safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in last)
        name = f"{FOLDER}/{self._count // PER_FOLDER}/{self._count}_{safe.encode('ascii', 'replace').decode()}"
        place = self.folder / name.replace("?", "_")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        return name.replace("?", "_")
