"""The registry of job kinds, which `annotation.job_kinds` fills."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from annotation.core import permissions
from annotation.core.errors import BadInput
from annotation.core.storage import in_import_folder
from annotation.models import Job, Study, User

from .context import JobContext

ARGUMENT_TYPES: dict[type, str] = {
    bool: "true or false.",
    str: "A text.",
    int: "A whole number.",
    float: "A number.",
    list: "A list of texts.",
}


@dataclass(frozen=True)
class JobKind:
    """One kind of job: its title, the arguments that it takes, and the function that does it."""

    title: str
    run: Callable[[JobContext], Mapping[str, Any]]
    arguments: Mapping[str, type]
    paths: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    check_values: Callable[[Mapping[str, Any]], None] = lambda arguments: None
    """Raises for what is wrong with arguments of the right types."""
    require: Callable[[User, Study], object] = permissions.require_lead
    """Raises unless the user may queue it in the study."""
    brings: str = ""
    """What it brings into a study, which takes none once it is closed; in the plural."""

    def check(self, arguments: Mapping[str, Any], *, file: str) -> None:
        """Raise `BadInput` naming every argument that is wrong, before anything is queued."""
        faults = {}
        for name, value in arguments.items():
            expected = self.arguments.get(name)
            if expected is None:
                faults[name] = "Not an argument of this work; it takes " + ", ".join(self.arguments) + "."
            elif type(value) is not expected:
                faults[name] = ARGUMENT_TYPES[expected]
            elif name in self.choices and value not in self.choices[name]:
                faults[name] = "One of " + ", ".join(self.choices[name]) + "."
        reads_a_file = "path" in self.arguments
        if reads_a_file and bool(file) == bool(arguments.get("path")):
            faults["file"] = "Give either an uploaded file or a path in the import folder."
        if file and not reads_a_file:
            faults["file"] = "This work reads no file."
        if faults:
            raise BadInput("This work cannot be queued as asked.", fields=faults)
        for name in self.paths:
            if arguments.get(name):
                in_import_folder(arguments[name], field=name)
        self.check_values(arguments)

    def keeps_input(self, job: Job) -> bool:
        """Return whether the job's input file still exists."""
        return "path" not in self.arguments or bool(job.file or job.arguments.get("path"))


# Filled when Django starts; see `annotation.apps`.
KINDS: dict[str, JobKind] = {}


def register(kinds: Mapping[str, JobKind]) -> None:
    """Add kinds of jobs by their names; the same kinds again change nothing.

    Raises:
        ValueError: a name stands for another kind already.
    """
    for name, kind in kinds.items():
        if KINDS.setdefault(name, kind) is not kind:
            raise ValueError(f"There are two kinds of jobs called {name!r}.")
