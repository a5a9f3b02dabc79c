"""Formats the results of the loop as tables for a terminal."""

from collections.abc import Iterator
from textwrap import wrap

from . import measurements
from .annotators import ANCHORING
from .context import LoopContext
from .runner import CompletedStep

WIDTH = 110
TITLE, SECONDS = 24, 8


def header_lines() -> Iterator[str]:
    """Yield the lines above the steps."""
    yield "RMSE of scores: root mean square error against the true values of the samples"
    yield f"{'step':<{TITLE}}{'seconds':>{SECONDS}}  result"


def step_lines(number: int, completed: CompletedStep) -> Iterator[str]:
    """Yield the lines of one step."""
    first, *others = wrap(completed.result, WIDTH - TITLE - SECONDS - 2)
    yield f"{f'{number:>2} {completed.title}':<{TITLE}}{completed.seconds:>{SECONDS}.1f}  {first}"
    for line in others:
        yield " " * (TITLE + SECONDS + 2) + line


def judge_lines(context: LoopContext) -> Iterator[str]:
    """Yield the errors of the judges and of their baselines.

    Each judge is evaluated on the test part of its own release, and both on that of the second.
    """
    yield "RMSE against agreed, blind scores of questions that were not trained on; 95 % intervals over questions"
    yield _row("", "judge", "95 %", "mean", "generator", "features", "one annotator")
    for number in (1, 2):
        for row in measurements.measure_judge(context, number):
            baselines = [_number_text(row.baselines.get(name)) for name in ("constant", "generator", "features")]
            name = f"judge {number}, {row.dimension} ({row.samples})"
            yield _row(
                name, _number_text(row.rmse), _interval_text(row.interval), *baselines, _number_text(row.annotator)
            )
    yield ""
    yield "RMSE of both judges on the test part of release 2"
    yield _row("", "judge 1", "judge 2", "difference", "95 %")
    for pair in measurements.compare_judges(context):
        name = f"{pair.dimension} ({pair.samples})"
        yield _row(
            name,
            _number_text(pair.first),
            _number_text(pair.second),
            _number_text(pair.difference),
            _interval_text(pair.interval),
        )


def anchoring_lines(context: LoopContext) -> Iterator[str]:
    """Yield the anchoring of annotators in each arm."""
    yield f"Anchoring over all dimensions; the annotators were made with {ANCHORING:g}"
    yield _row("", "anchoring", "95 %", "accepted", "coincidence", "seconds", "blind seconds", "alert")
    for row in measurements.measure_anchoring(context):
        cells = (
            *(
                _number_text(row.anchoring),
                _interval_text(row.interval),
                f"{row.acceptance:.0%}",
                f"{row.coincidence:.0%}",
            ),
            *(f"{row.seconds:.0f}", f"{row.blind_seconds:.0f}", "yes" if row.alert else "no"),
        )
        yield _row(f"{row.arm} ({row.values:,})", *cells)


def queue_lines(context: LoopContext) -> Iterator[str]:
    """Yield the evaluation of the queue of disputes."""
    measured = measurements.measure_queue(context)
    if measured is None:
        return
    yield "The queue of disputes, on samples of the second batch that two or more annotators scored independently"
    yield _row("", "samples", "disputed", "first fifth", "AUROC", "95 %", "random share")
    shares = (f"{measured.disputed / measured.samples:.0%}", f"{measured.first_fifth:.0%}")
    cells = (
        f"{measured.samples:,}",
        *shares,
        f"{measured.auroc:.2f}",
        _interval_text(measured.interval),
        f"{measured.at_random:.0%}",
    )
    yield _row("", *cells)


def _row(name: str, *cells: str) -> str:
    return f"  {name:<18}" + "".join(f" {cell:>13}" for cell in cells)


def _number_text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _interval_text(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f}"
