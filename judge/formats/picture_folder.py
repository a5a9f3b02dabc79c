"""The folder of pictures that sample lines point into, and how people saw them."""

from pathlib import Path

from PIL import Image


class MissingPicture(ValueError):
    """A picture that a line names and that is not there, or lies outside of the folder."""


class PictureFolder:
    """Reads pictures by the paths that lines give them, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Return where a picture lies.

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
    """Return a picture in RGB as people saw it: on white where it lets light through."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")
