"""Loads backends by name.

Each is imported when it is asked for, as their libraries take seconds to load. Options are checked without loading
them.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from judge.options import parse_options

from .interface import Backend, BackendError

BACKENDS = ("embedded", "endpoint", "vlm")
DEFAULT_PRESETS = {"embedded": "standard", "endpoint": "zero-shot", "vlm": "lora-24gb"}
# What each needs beyond the light part, and what has it.
NEEDS = {
    "embedded": ("sklearn", "skops"),
    "endpoint": ("requests",),
    "vlm": ("torch", "transformers", "peft", "accelerate", "safetensors"),
}


def parse_backend_options(name: str, data: Mapping[str, Any]) -> Any:
    """Return the checked options of a backend.

    They are a dataclass of its own; none of its libraries is loaded.

    Raises:
        BackendError: there is none of this name.
        OptionError: naming the option that cannot be.
    """
    _require_known(name)
    module = import_module(f"judge.backends.{name}.options")
    options = parse_options(getattr(module, f"{name.capitalize()}Options"), data)
    options.check()
    return options


def load_backend(name: str) -> Backend:
    """Return a backend.

    Raises:
        BackendError: there is none of this name, or a library that it needs is not installed.
    """
    _require_known(name)
    missing = [library for library in NEEDS[name] if find_spec(library) is None]
    if missing:
        raise BackendError(
            f"The backend {name} needs {', '.join(missing)}. Install the judge's libraries (make dev, or with pip "
            "requirements/judge.txt and then requirements/torch.txt), or use an environment that has them; the "
            "platform finds it by JUDGE_PYTHON."
        )
    backend: Backend = import_module(f"judge.backends.{name}.backend").BACKEND
    return backend


def _require_known(name: str) -> None:
    if name not in BACKENDS:
        raise BackendError(f"{name} is no backend; they are {', '.join(BACKENDS)}.")
