"""The request for a training, and its checks.

Light, since pages check requests before any work is done.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings

from annotation.core.errors import BadInput
from judge.backends.registry import BACKENDS, DEFAULT_PRESETS, NEEDS, parse_backend_options
from judge.options import OptionError, parse_settings
from judge.presets import Preset, find_preset, list_presets

LONGEST_NAME = 80
# As in `judge.training`, which pages do not load: what learns takes 32 bits, and adds a member's number.
LARGEST_SEED = 2**31 - 1
DEFAULT_SEED = 42
NAME = re.compile(r"[\w.-]+( [\w.-]+)*")
# Where samples are sent is for whoever runs the server to say, not for whoever starts a run.
SERVER_OPTIONS = ("url", "key_variable")
ENDPOINT = "endpoint"
# Options of the others that name a folder of models, or a model that was fetched under its name on the hub.
MODEL_OPTIONS = ("model", "text_encoder", "image_encoder", "joint_encoder")
HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """The arguments of a training.

    An empty name is made from the study and the run's number.
    """

    backend: str = "embedded"
    preset: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    seed: int = DEFAULT_SEED

    def check(self, *, any_path: bool = False) -> Preset:
        """Return the preset of a valid request.

        Models lie in the server's folder of models; ``any_path`` is for whoever has the whole disk anyway.

        Raises:
            BadInput: naming each argument that cannot be.
        """
        problems: dict[str, str] = {}
        preset: Preset | None = None
        if self.backend not in BACKENDS:
            problems["backend"] = f"One of {', '.join(BACKENDS)}."
        elif self.backend == ENDPOINT and not settings.JUDGE_ENDPOINT_URL:
            problems["backend"] = "Off on this server, as it sends samples out: JUDGE_ENDPOINT_URL turns it on."
        else:
            try:
                preset = find_preset(self.preset or DEFAULT_PRESETS[self.backend], self.backend)
            except LookupError as error:
                problems["preset"] = str(error)
        if preset is not None and (problem := self._find_option_problem(preset, any_path)):
            problems["options"] = problem
        if len(self.name) > LONGEST_NAME or (self.name and not NAME.fullmatch(self.name)):
            problems["name"] = f"At most {LONGEST_NAME} letters, digits, dots, dashes and single spaces."
        if not 0 <= self.seed <= LARGEST_SEED:
            problems["seed"] = f"A whole number from 0 to {LARGEST_SEED:,}."
        if preset is None or problems:
            raise BadInput("The judge cannot be trained as asked.", fields=problems)
        return preset

    def _find_option_problem(self, preset: Preset, any_path: bool) -> str:
        """Return what is wrong with an option, or an empty text."""
        fixed = SERVER_OPTIONS if self.backend == ENDPOINT else ()
        for name in fixed:
            if name in self.options:
                return f"{name} is set for the whole server and cannot be chosen for a run."
        for name in MODEL_OPTIONS:
            if self.backend != ENDPOINT and not any_path and not _is_within(self.options.get(name)):
                return f"{name} is the name of a folder in the server's folder of models (JUDGE_MODELS)."
        if self.backend == ENDPOINT and (problem := _find_server_problem()):
            return problem
        try:
            parse_backend_options(self.backend, preset.options | self.settings())
        except OptionError as error:
            return str(error)
        return ""

    def settings(self) -> dict[str, Any]:
        """Return the options for the judge: the server's own and the requested ones."""
        if self.backend == ENDPOINT:
            return _server_options() | dict(self.options)
        models = {name: _resolve_model_path(self.options[name]) for name in MODEL_OPTIONS if self.options.get(name)}
        return dict(self.options) | models


def _server_options() -> dict[str, Any]:
    return {"url": settings.JUDGE_ENDPOINT_URL, "model": settings.JUDGE_ENDPOINT_MODEL}


def _find_server_problem() -> str:
    """Return what is wrong with the server's own options.

    Whoever starts a run is not to blame for these.
    """
    try:
        parse_backend_options(ENDPOINT, _server_options())
    except OptionError as error:
        return f"The server's JUDGE_ENDPOINT_URL cannot be used: {error}"
    return ""


def _is_within(name: Any) -> bool:
    """Return whether an option's path stays inside the folder of models.

    A name on the hub does.
    """
    return not isinstance(name, str) or not (PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts)


def _resolve_model_path(name: Any) -> Any:
    """Return the path of a model that an option names.

    A model that is in none of our folders is known by its name on the hub alone.
    """
    if not isinstance(name, str) or PurePosixPath(name).is_absolute():
        return name
    folder = Path(settings.JUDGE_MODELS) / name
    return name if HUB_NAME.fullmatch(name) and not folder.exists() else str(folder)


def parse_options(text: str) -> dict[str, Any]:
    """Return the options of a text with one ``name=value`` per line.

    Raises:
        BadInput: a line is none.
    """
    try:
        return parse_settings(line for line in text.splitlines() if line.strip())
    except OptionError as error:
        raise BadInput("The options cannot be read.", fields={"options": str(error)}) from None


def find_missing_libraries() -> list[str]:
    """Return the libraries that the default backend lacks in this environment.

    None are where judges run in another environment.
    """
    if settings.JUDGE_PYTHON:
        return []
    return [library for library in NEEDS[BACKENDS[0]] if find_spec(library) is None]


def list_available_presets() -> list[Preset]:
    """Return the presets that this server offers, those of the default backend first."""
    presets = [preset for preset in list_presets() if preset.backend != ENDPOINT or settings.JUDGE_ENDPOINT_URL]
    defaults = set(DEFAULT_PRESETS.items())
    return sorted(
        presets,
        key=lambda preset: (BACKENDS.index(preset.backend), (preset.backend, preset.name) not in defaults, preset.name),
    )
