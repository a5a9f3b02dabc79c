"""What is asked of a training, and what of that cannot be; light, since pages ask before any work is done."""

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
OF_THE_SERVER = ("url", "key_variable")
ENDPOINT = "endpoint"
# Options of the others that name a folder of models, or a model that was fetched under its name on the hub.
OF_MODELS = ("model", "text_encoder", "image_encoder", "joint_encoder")
ON_THE_HUB = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """A training as it is asked for; an empty name is made from the study and the run's number."""

    backend: str = "embedded"
    preset: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    seed: int = DEFAULT_SEED

    def check(self, *, anywhere: bool = False) -> Preset:
        """Return the preset that counts.

        Models lie in the server's folder of models; ``anywhere`` is for who has the whole disk anyway.

        Raises:
            BadInput: naming each argument that cannot be.
        """
        faults: dict[str, str] = {}
        preset: Preset | None = None
        if self.backend not in BACKENDS:
            faults["backend"] = f"One of {', '.join(BACKENDS)}."
        elif self.backend == ENDPOINT and not settings.JUDGE_ENDPOINT_URL:
            faults["backend"] = "Off on this server, as it sends samples out: JUDGE_ENDPOINT_URL turns it on."
        else:
            try:
                preset = find_preset(self.preset or DEFAULT_PRESETS[self.backend], self.backend)
            except LookupError as error:
                faults["preset"] = str(error)
        if preset is not None and (problem := self._problem_of_options(preset, anywhere)):
            faults["options"] = problem
        if len(self.name) > LONGEST_NAME or (self.name and not NAME.fullmatch(self.name)):
            faults["name"] = f"At most {LONGEST_NAME} letters, digits, dots, dashes and single spaces."
        if not 0 <= self.seed <= LARGEST_SEED:
            faults["seed"] = f"A whole number from 0 to {LARGEST_SEED:,}."
        if preset is None or faults:
            raise BadInput("The judge cannot be trained as asked.", fields=faults)
        return preset

    def _problem_of_options(self, preset: Preset, anywhere: bool) -> str:
        """Return what is wrong with an option; nothing where none is."""
        fixed = OF_THE_SERVER if self.backend == ENDPOINT else ()
        for name in fixed:
            if name in self.options:
                return f"{name} is set for the whole server and cannot be chosen for a run."
        for name in OF_MODELS:
            if self.backend != ENDPOINT and not anywhere and not _is_within(self.options.get(name)):
                return f"{name} is the name of a folder in the server's folder of models (JUDGE_MODELS)."
        if self.backend == ENDPOINT and (problem := _problem_of_server()):
            return problem
        try:
            parse_backend_options(self.backend, preset.options | self.settings())
        except OptionError as error:
            return str(error)
        return ""

    def settings(self) -> dict[str, Any]:
        """Return the options that the program is given: the server's own, and those that were asked for."""
        if self.backend == ENDPOINT:
            return _of_the_server() | dict(self.options)
        models = {name: _place(self.options[name]) for name in OF_MODELS if self.options.get(name)}
        return dict(self.options) | models


def _of_the_server() -> dict[str, Any]:
    return {"url": settings.JUDGE_ENDPOINT_URL, "model": settings.JUDGE_ENDPOINT_MODEL}


def _problem_of_server() -> str:
    """Return what is wrong with the server's own options, for which whoever starts a run is not to blame."""
    try:
        parse_backend_options(ENDPOINT, _of_the_server())
    except OptionError as error:
        return f"The server's JUDGE_ENDPOINT_URL cannot be used: {error}"
    return ""


def _is_within(name: Any) -> bool:
    """Tell whether an option names something inside of the folder of models, or on the hub."""
    return not isinstance(name, str) or not (PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts)


def _place(name: Any) -> Any:
    """Return where a model lies that an option names; one that is in no folder of ours is known by its name alone."""
    if not isinstance(name, str) or PurePosixPath(name).is_absolute():
        return name
    folder = Path(settings.JUDGE_MODELS) / name
    return name if ON_THE_HUB.fullmatch(name) and not folder.exists() else str(folder)


def options_of(text: str) -> dict[str, Any]:
    """Return the options of a text that has one ``name=value`` a line.

    Raises:
        BadInput: a line is none.
    """
    try:
        return parse_settings(line for line in text.splitlines() if line.strip())
    except OptionError as error:
        raise BadInput("The options cannot be read.", fields={"options": str(error)}) from None


def missing_here() -> list[str]:
    """Return what the default backend needs and this environment lacks; none where judges run in another one."""
    if settings.JUDGE_PYTHON:
        return []
    return [library for library in NEEDS[BACKENDS[0]] if find_spec(library) is None]


def available_presets() -> list[Preset]:
    """Return the presets that this server offers, those of the default backend first."""
    found = [one for one in list_presets() if one.backend != ENDPOINT or settings.JUDGE_ENDPOINT_URL]
    defaults = set(DEFAULT_PRESETS.items())
    return sorted(
        found,
        key=lambda one: (BACKENDS.index(one.backend), (one.backend, one.name) not in defaults, one.name),
    )
