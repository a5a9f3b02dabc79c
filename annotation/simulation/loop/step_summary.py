"""Summarizes the result of each step in a sentence."""

from annotation.models import JudgeRun, Protocol

from . import measurements
from .annotators import ANCHORING, ANNOTATORS
from .context import SECOND, LoopContext

BASELINES = {"constant": "the mean", "generator": "generator means", "features": "features by hand"}


def summarize_samples(context: LoopContext, batch: str) -> str:
    """Return how many samples a batch has."""
    samples = context.batch_samples(batch).order_by()
    questions, generators = (samples.values(name).distinct().count() for name in ("question", "generator"))
    return f"{samples.count():,} samples of {questions:,} questions, by {generators} generators"


def summarize_scores(context: LoopContext, batch: str) -> str:
    """Return how many scores a batch has, in which arms, and their error."""
    measured = measurements.measure_scoring(context, batch)
    arms = ", ".join(f"{count:,} {arm}" for arm, count in measured.arms.items() if count)
    return (
        f"{sum(measured.arms.values()):,} scores by {len(ANNOTATORS)} annotators ({arms}; {measured.reviews:,} reviews)"
        f", RMSE {measured.rmse:.2f}; {measured.disputed:,} of {measured.samples:,} samples disputed"
    )


def summarize_discussions(context: LoopContext, batch: str) -> str:
    """Return how many cases were settled, and the error of the agreed values."""
    measured = measurements.measure_discussions(context, batch)
    origins = measurements.count_origins(context, batch)
    sources = "" if len(origins) < 2 else f" ({', '.join(f'{n:,} {origin}' for origin, n in origins.most_common())})"
    return (
        f"{measured.cases:,} cases closed, {measured.moved:,} of {measured.stances:,} stances changed; "
        f"{measured.agreed:,} samples agreed, RMSE {measured.rmse:.2f}{sources}"
    )


def summarize_release(context: LoopContext, number: int) -> str:
    """Return the size of a release."""
    release = context.find_release(number)
    assert release is not None
    parts = release.about["parts"]
    train, test = parts["train"]["samples"], parts["test"]["samples"]
    return f"{release.about['samples']:,} labelled samples: {train:,} train, {test:,} test"


def summarize_judge(context: LoopContext, number: int) -> str:
    """Return a judge's error beside that of its best baseline."""
    rows = measurements.measure_judge(context, number)
    baselines = {name: sum(row.baselines[name] for row in rows) / len(rows) for name in rows[0].baselines}
    best = min(baselines, key=lambda name: baselines[name])
    mean = sum(row.rmse for row in rows) / len(rows)
    return f"RMSE {mean:.2f} on the test part; best baseline: {BASELINES[best]}, {baselines[best]:.2f}"


def summarize_predictions(context: LoopContext) -> str:
    """Return how many samples were imported and predicted."""
    measured = measurements.count_predictions(context)
    return (
        f"{summarize_samples(context, SECOND)}; {measured['all']:,} predictions, {measured['fair']:,} of them fair: "
        f"{measured['out_of_fold']:,} out of fold, the others of samples that it was not trained on"
    )


def summarize_protocol(context: LoopContext) -> str:
    """Return how the protocol shows the judge to annotators now."""
    protocol = Protocol.objects.get(study=context.study, current=True)
    active = JudgeRun.objects.filter(study=context.study, active=True).first()
    return (
        f"judge {active.number if active else '–'} is active, protocol version {protocol.version}: suggestions "
        f"{protocol.suggestions}, {protocol.blind_share:.0%} of the samples blind, work order {protocol.work_order}"
    )


def summarize_anchoring(context: LoopContext) -> str:
    """Return the measured anchoring beside that of the synthetic annotators."""
    rows = measurements.measure_anchoring(context)
    arms = ", ".join(f"{row.arm} {row.anchoring:.2f}{_interval(row.interval)}" for row in rows)
    return f"anchoring {arms}; the annotators were made with {ANCHORING:g}"


def summarize_queue(context: LoopContext) -> str:
    """Return how much sooner than at random the queue finds disputes."""
    measured = measurements.measure_queue(context)
    if measured is None:
        return "all samples or none were disputed"
    return (
        f"two annotators differ by two points or more on {measured.disputed:,} of the {measured.samples:,} samples "
        f"that two or more scored independently; the fifth that was opened first has {measured.first_fifth:.0%} of "
        f"them, a random fifth {measurements.FIFTH:.0%}; AUROC "
        f"of the prediction {measured.auroc:.2f}{_interval(measured.interval)}"
    )


def summarize_judges(context: LoopContext) -> str:
    """Return the errors of both judges on the second release."""
    rows = measurements.compare_judges(context)
    first, second = (sum(getattr(row, name) for row in rows) / len(rows) for name in ("first", "second"))
    return f"RMSE {second:.2f} on the test part of release 2, judge 1 {first:.2f}"


def _interval(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f" [{ends[0]:.2f}, {ends[1]:.2f}]"
