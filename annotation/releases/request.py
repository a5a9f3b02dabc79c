"""Validates requests for releases and their files; light, as pages check them first."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from annotation.core.errors import BadInput

from .formats import FORMATS

DEFAULT_TEST_SHARE = 0.2
DEFAULT_CALIBRATION_SHARE = 0.05
DEFAULT_SEED = 42
# Sets the draw of calibration questions apart from that of the pool.
CALIBRATION = "calibration"
LONGEST_NAME = 120
LARGEST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """A requested release.

    The test part is a share of the samples or a number, a fifth by default.
    """

    name: str
    test_share: float | None = None
    test_count: int | None = None
    exact: bool = False
    seed: int = DEFAULT_SEED
    calibration_share: float = DEFAULT_CALIBRATION_SHARE

    @property
    def share(self) -> float | None:
        """The share of test samples; None where a number is asked for."""
        return DEFAULT_TEST_SHARE if self.test_share is None and self.test_count is None else self.test_share

    def check(self) -> None:
        """Raise `BadInput` with each invalid argument."""
        errors = {}
        if not self.name.strip():
            errors["name"] = "Give it a name, as “pilot” or “v1”."
        elif len(self.name) > LONGEST_NAME or not self.name.isprintable():
            errors["name"] = f"At most {LONGEST_NAME} characters, without line breaks."
        if self.test_share is not None and self.test_count is not None:
            errors["test_count"] = "Give either a share or a number."
        if self.test_share is not None and not 0 < self.test_share < 1:
            errors["test_share"] = "A number between 0 and 1, as 0.2."
        if self.test_count is not None and self.test_count < 1:
            errors["test_count"] = "A number of samples from 1 on."
        if not 0 <= self.calibration_share < 1:
            errors["calibration_share"] = "A number from 0 to below 1, as 0.05."
        if not 0 <= self.seed <= LARGEST_SEED:
            errors["seed"] = "A whole number from 0 on."
        if errors:
            raise BadInput("The release cannot be made as asked.", fields=errors)


@dataclass(frozen=True, slots=True)
class RenditionRequest:
    """The requested files of a release, and the optional fields in them."""

    formats: tuple[str, ...]
    with_generator: bool = False
    with_metadata: bool = False

    def check(self) -> None:
        """Raise `BadInput` where a format is unknown or none is named."""
        unknown = [name for name in self.formats if name not in FORMATS]
        names = ", ".join(FORMATS)
        if unknown:
            message = f"There is no format {unknown[0]!r}; there are {names}."
            raise BadInput(message, fields={"formats": message})
        if not self.formats:
            raise BadInput("No format is named.", fields={"formats": f"One or more of {names}."})


def release_request_from(arguments: Mapping[str, Any]) -> ReleaseRequest:
    """Return the release request in the arguments of a job."""
    field_names = {field.name for field in fields(ReleaseRequest)}
    return ReleaseRequest(**{"name": "", **{name: value for name, value in arguments.items() if name in field_names}})


def rendition_request_from(arguments: Mapping[str, Any]) -> RenditionRequest:
    """Return the rendition request in the arguments of a job."""
    return RenditionRequest(
        formats=tuple(dict.fromkeys(str(name) for name in arguments.get("formats", ()))),
        with_generator=bool(arguments.get("with_generator")),
        with_metadata=bool(arguments.get("with_metadata")),
    )


def check_release_arguments(arguments: Mapping[str, Any]) -> None:
    """Raise `BadInput` for the arguments of an invalid release; files are optional."""
    release_request_from(arguments).check()
    if arguments.get("formats"):
        rendition_request_from(arguments).check()


def check_rendition_arguments(arguments: Mapping[str, Any]) -> None:
    """Raise `BadInput` for the arguments of invalid files."""
    rendition_request_from(arguments).check()
