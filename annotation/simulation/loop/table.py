"""The play as a table for a terminal: what each step gained, and the figures behind it."""

from collections.abc import Iterator
from textwrap import wrap

from . import measurements
from .annotators import PULL
from .context import LoopContext
from .runner import CompletedStep

WIDTH = 110
TITLE, SECONDS = 24, 8


def head() -> Iterator[str]:
    """Yield what stands above the steps."""
    yield "off: root mean square of what values are off what the samples were made to deserve"
    yield f"{'step':<{TITLE}}{'seconds':>{SECONDS}}  what it gained"


def step(number: int, played: CompletedStep) -> Iterator[str]:
    """Yield the lines that tell of one step."""
    first, *rest = wrap(played.gained, WIDTH - TITLE - SECONDS - 2)
    yield f"{f'{number:>2} {played.title}':<{TITLE}}{played.seconds:>{SECONDS}.1f}  {first}"
    for line in rest:
        yield " " * (TITLE + SECONDS + 2) + line


def judges(play: LoopContext) -> Iterator[str]:
    """Yield the judges beside what they have to beat, on the test part of each one's own release."""
    yield "RMSE against agreed, blind scores of questions that nobody learned from, with 95 % intervals over questions"
    yield _row("", "judge", "95 %", "the mean", "generator", "features", "one person")
    for number in (1, 2):
        for row in measurements.measure_judge(play, number):
            base = [_number(row.baselines.get(name)) for name in ("constant", "generator", "features")]
            name = f"judge {number}, {row.dimension} ({row.samples})"
            yield _row(name, _number(row.rmse), _between(row.interval), *base, _number(row.person))
    yield ""
    yield "the same test samples of release 2"
    yield _row("", "judge 1", "judge 2", "nearer by", "95 %")
    for one in measurements.compared_judges(play):
        name = f"{one.dimension} ({one.samples})"
        yield _row(name, _number(one.first), _number(one.second), _number(one.difference), _between(one.interval))


def influence(play: LoopContext) -> Iterator[str]:
    """Yield what meeting the judge did to people."""
    yield f"What meeting the judge did, over all dimensions; the annotators were made with a pull of {PULL:g}"
    yield _row("", "pull", "95 %", "accepted", "blind", "seconds", "blind", "alarm")
    for row in measurements.measure_anchoring(play):
        told = (
            *(_number(row.pull), _between(row.interval), f"{row.acceptance:.0%}", f"{row.coincidence:.0%}"),
            *(f"{row.seconds:.0f}", f"{row.blind_seconds:.0f}", "yes" if row.alarm else "no"),
        )
        yield _row(f"{row.arm} ({row.values:,})", *told)


def queue(play: LoopContext) -> Iterator[str]:
    """Yield what the queue of disputes was worth."""
    found = measurements.measure_queue(play)
    if found is None:
        return
    yield "The queue of disputes, on the later samples that two or more scored alone"
    yield _row("", "samples", "disputed", "first fifth", "AUROC", "95 %", "random arm")
    shares = (f"{found.disputed / found.samples:.0%}", f"{found.first_fifth:.0%}")
    told = (f"{found.samples:,}", *shares, f"{found.auroc:.2f}", _between(found.interval), f"{found.at_random:.0%}")
    yield _row("", *told)


def _row(name: str, *cells: str) -> str:
    return f"  {name:<18}" + "".join(f" {cell:>13}" for cell in cells)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _between(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f}"
