"""How long the static JavaScript modules are, and may be."""

import re
from pathlib import Path

# Prettier gives each member of a list a line of its own: only code counts, not comments, imports and blank lines.
LONGEST = 150
# A page's main module only names its parts and hands them to one another.
LONGEST_MAIN = 190


def code_lines(module: Path) -> list[str]:
    return [line for line in module.read_text().splitlines() if not re.match(r"\s*(//|/?\*|import |$)", line)]


def is_small(module: Path) -> bool:
    return len(code_lines(module)) <= (LONGEST_MAIN if module.name == "main.js" else LONGEST)
