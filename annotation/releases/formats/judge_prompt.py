"""A sample as a question to a judge with its answer, as the formats for fine-tuning put it."""

import re

from judge.formats.rubric import RubricSpec
from judge.formats.sample_line import Image, TextPart
from judge.prompt import build_prompt, format_answer

from .base import SampleEntry, count_note

# What the readers take for the place of a picture, or for one to fetch, wherever it stands in a text.
PLACES = re.compile(r"<(?=(?:image|video|audio|bbox|ref-object|cot-process|start-image|/?img)>)")


class JudgePromptWriter:
    """Puts samples as questions, and counts what had to be changed in them."""

    def __init__(self, rubric: RubricSpec) -> None:
        self._rubric = rubric
        self._changed = 0
        self._calibration = 0

    def ask(self, entry: SampleEntry) -> tuple[list[TextPart | Image], str]:
        """Return the question's texts and pictures, and the line of scores that answers it."""
        parts: list[TextPart | Image] = []
        changed = 0
        for part in build_prompt(self._rubric, entry.turns):
            if isinstance(part, TextPart):
                text, times = PLACES.subn("< ", part.text)
                changed += times
                part = TextPart(text)
            parts.append(part)
        self._changed += bool(changed)
        self._calibration += entry.record["calibration"]
        return parts, format_answer(self._rubric, entry.record["final"])

    def notes(self) -> list[str]:
        """Say what happened to samples on the way."""
        return [
            *count_note(
                self._changed,
                "sample has a text like <image>, which a reader would take for a picture; it is written < image>.",
                "samples have a text like <image>, which a reader would take for a picture; it is written < image>.",
            ),
            *count_note(
                self._calibration,
                "calibration sample is in a file of its own and not in train.",
                "calibration samples are in a file of their own and not in train.",
            ),
        ]


LEAVES_OUT = (
    "Everything but the judge's question and the agreed values: distributions, outcomes, who rated, domains. "
    "Calibration samples are in a file of their own."
)
