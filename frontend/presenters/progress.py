"""Progress as pages show it: the bar of states and the rows of generators."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from annotation.core.rubric_cache import RubricDefinition
from annotation.models import Sample
from frontend.charts import svg

from . import vocabulary

BAR_WIDTH = 1000
MIN_WIDTH = 4
# From settled to untouched, as every bar of states is read from left to right.
STATE_ORDER = ("agreed", "in_review", "in_discussion", "blocked", "scoring", "waiting", "withdrawn")


@dataclass(frozen=True, slots=True)
class StateSegment:
    """One state's part of the bar."""

    state: str
    count: int
    x: float
    width: float


def state_segments(by_state: dict[str, int]) -> list[StateSegment]:
    """Return the segments of the bar of states.

    A state that has samples is always visible.
    """
    total = sum(by_state.values())
    counts = [(state, by_state[state]) for state in STATE_ORDER if by_state.get(state)]
    widths = [max(MIN_WIDTH, BAR_WIDTH * count / total) for _state, count in counts]
    scale = BAR_WIDTH / sum(widths) if widths else 1
    placed, x = [], 0.0
    for (state, count), width in zip(counts, widths, strict=True):
        placed.append(StateSegment(state, count, round(x, 1), round(max(1, width * scale - 1), 1)))
        x += width * scale
    return placed


@dataclass(frozen=True, slots=True)
class GeneratorProgressRow:
    """One generator's progress and the final scores of its samples."""

    name: str
    samples: int
    agreed: int
    scores: int
    states: SafeString
    states_text: str
    finals: list[Mapping[str, Any] | None]


def generator_progress_rows(progress: Mapping[str, Any] | None, rubric: RubricDefinition) -> list[GeneratorProgressRow]:
    """Return a row for each generator.

    Those with the highest mean of all dimensions come first; the others by name.
    """
    finals = {row["generator"]: row["dimensions"] for row in (progress or {}).get("finals", [])}
    rows: list[tuple[tuple[float, str], GeneratorProgressRow]] = []
    for row in (progress or {}).get("generators", []):
        states: Mapping[str, int] = row["states"]
        final_metrics = finals.get(row["generator"], {})
        cells = [final_metrics.get(dimension.key) for dimension in rubric.dimensions]
        means = [cell["mean"] for cell in cells if cell]
        name = row["generator"] or _("none given")
        rows.append(
            (
                (-sum(means) / len(means) if means else 1e9, name.casefold()),
                GeneratorProgressRow(
                    name=name,
                    samples=row["samples"],
                    agreed=states.get(Sample.State.AGREED, 0),
                    scores=row["scores"],
                    states=svg.draw_stacked_bar(
                        [(f"st-{state}", states.get(state, 0)) for state in STATE_ORDER], width=160
                    ),
                    states_text=", ".join(
                        f"{vocabulary.format_number(states[state])} {vocabulary.stored_word(state)}"
                        for state in STATE_ORDER
                        if states.get(state)
                    ),
                    finals=cells,
                ),
            )
        )
    return [row for _key, row in sorted(rows, key=lambda item: item[0])]
