"""Turns a sample into a prompt for a judge and its answer, for fine-tuning."""

import re

from judge.formats.rubric import RubricSpec
from judge.formats.sample_line import Image, TextPart
from judge.prompt import build_prompt, format_answer

from .base import SampleEntry, count_note

# What readers take for the placeholder of a picture, or for one to fetch, wherever it is in a text.
PLACEHOLDERS = re.compile(r"<(?=(?:image|video|audio|bbox|ref-object|cot-process|start-image|/?img)>)")


class JudgePromptWriter:
    """Builds prompts and answers, and counts the samples that were changed."""

    def __init__(self, rubric: RubricSpec) -> None:
        self._rubric = rubric
        self._escaped = 0
        self._calibration = 0

    def build_prompt_and_answer(self, entry: SampleEntry) -> tuple[list[TextPart | Image], str]:
        """Return the prompt's texts and pictures, and the line of scores as its answer."""
        parts: list[TextPart | Image] = []
        escaped_count = 0
        for part in build_prompt(self._rubric, entry.turns):
            if isinstance(part, TextPart):
                text, times = PLACEHOLDERS.subn("< ", part.text)
                escaped_count += times
                part = TextPart(text)
            parts.append(part)
        self._escaped += bool(escaped_count)
        self._calibration += entry.record["calibration"]
        return parts, format_answer(self._rubric, entry.record["final"])

    def notes(self) -> list[str]:
        """Return notes on the samples that were changed."""
        return [
            *count_note(
                self._escaped,
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
