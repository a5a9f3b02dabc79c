"""Reads the pictures that sample lines name."""

from pathlib import Path

from PIL import Image


class MissingPicture(ValueError):
    """A picture that is missing, unreadable or outside of the folder."""


class PictureFolder:
    """A folder of pictures, read by the paths that lines give."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Return the path of a picture's file.

        Raises:
            MissingPicture: it is not there, or not within the folder.
        """
        # By its words alone: whoever owns the folder may have put links into it.
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise MissingPicture(f"{name} lies outside of {self.folder}")
        path = self.folder / name
        if not path.is_file():
            raise MissingPicture(f"{name} is not in {self.folder}")
        return path

    def read(self, name: str) -> bytes:
        """Return the content of a picture's file.

        Raises:
            MissingPicture: it cannot be read.
        """
        path = self.path(name)
        try:
            return path.read_bytes()
        except OSError as error:
            raise MissingPicture(f"{name} cannot be read ({error.strerror})") from None


def on_white(image: Image.Image) -> Image.Image:
    """Return a picture in RGB on white where it is transparent.

    That is how people saw it.
    """
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")
