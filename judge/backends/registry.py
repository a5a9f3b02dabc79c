"""The backends by name. Each is imported when it is asked for: their libraries take seconds to load."""

from importlib import import_module
from importlib.util import find_spec

from .face import Backend, BackendError

BACKENDS = ("embedded", "endpoint", "vlm")
DEFAULT_PRESETS = {"embedded": "standard", "endpoint": "zero-shot", "vlm": "lora-24gb"}
# What each needs beyond the light part, and what has it.
NEEDS = {
    "embedded": ("sklearn", "skops"),
    "endpoint": ("requests",),
    "vlm": ("torch", "transformers", "peft", "accelerate", "safetensors"),
}


def backend_named(name: str) -> Backend:
    """Return a backend.

    Raises:
        BackendError: there is none of this name, or a library that it needs is not installed.
    """
    if name not in BACKENDS:
        raise BackendError(f"{name} is no backend; they are {', '.join(BACKENDS)}.")
    missing = [library for library in NEEDS[name] if find_spec(library) is None]
    if missing:
        raise BackendError(
            f"The backend {name} needs {', '.join(missing)}. Install the judge's libraries (make dev, or with pip "
            "requirements/judge.txt and then requirements/torch.txt), or use an environment that has them; the "
            "platform finds it by JUDGE_PYTHON."
        )
    backend: Backend = import_module(f"judge.backends.{name}.backend").BACKEND
    return backend
