"""What each step gained, in a line."""

from annotation.models import JudgeRun, Protocol

from . import measurements
from .annotators import ANNOTATORS, PULL
from .context import SECOND, LoopContext

BASELINES = {"constant": "the mean", "generator": "generator means", "features": "features by hand"}


def samples(play: LoopContext, batch: str) -> str:
    """Tell how many came in."""
    there = play.batch(batch).order_by()
    questions, generators = (there.values(name).distinct().count() for name in ("question", "generator"))
    return f"{there.count():,} samples of {questions:,} questions, by {generators} generators"


def scores(play: LoopContext, batch: str) -> str:
    """Tell how many scores were given, in which arms, and what they led to."""
    found = measurements.measure_scoring(play, batch)
    arms = ", ".join(f"{count:,} {arm}" for arm, count in found.arms.items() if count)
    return (
        f"{sum(found.arms.values()):,} scores by {len(ANNOTATORS)} people ({arms}; {found.reviews:,} reviews), "
        f"each value {found.off:.2f} off; {found.disputed:,} of {found.samples:,} samples disputed"
    )


def discussions(play: LoopContext, batch: str) -> str:
    """Tell how many cases were settled, and what the labels are worth then."""
    found = measurements.measure_discussions(play, batch)
    origins = measurements.count_origins(play, batch)
    whence = "" if len(origins) < 2 else f" ({', '.join(f'{n:,} {origin}' for origin, n in origins.most_common())})"
    return (
        f"{found.cases:,} cases closed, {found.moved:,} of {found.stances:,} stances moved; {found.agreed:,} samples "
        f"agreed, each label {found.off:.2f} off{whence}"
    )


def release(play: LoopContext, number: int) -> str:
    """Tell how large a release is."""
    made = play.release(number)
    assert made is not None
    parts = made.about["parts"]
    train, test = parts["train"]["samples"], parts["test"]["samples"]
    return f"{made.about['samples']:,} labelled samples: {train:,} train, {test:,} test"


def judge(play: LoopContext, number: int) -> str:
    """Tell how a judge did."""
    rows = measurements.measure_judge(play, number)
    best = {name: sum(row.baselines[name] for row in rows) / len(rows) for name in rows[0].baselines}
    nearest = min(best, key=lambda name: best[name])
    mean = sum(row.rmse for row in rows) / len(rows)
    return f"RMSE {mean:.2f} on the test part, where {BASELINES[nearest]} come to {best[nearest]:.2f}"


def foretold(play: LoopContext) -> str:
    """Tell what came in and what the judge said of it."""
    found = measurements.count_predictions(play)
    return (
        f"{samples(play, SECOND)}; {found['all']:,} predictions, {found['fair']:,} of them fair: "
        f"{found['out_of_fold']:,} out of fold, the others of samples that it did not learn from"
    )


def rules(play: LoopContext) -> str:
    """Tell how annotators meet the judge from here on."""
    now = Protocol.objects.get(study=play.study, current=True)
    active = JudgeRun.objects.filter(study=play.study, active=True).first()
    return (
        f"judge {active.number if active else '–'} is active, rules version {now.version}: suggestions "
        f"{now.suggestions}, {now.blind_share:.0%} of the samples blind, work order {now.work_order}"
    )


def influence(play: LoopContext) -> str:
    """Tell what the judge did to people, beside what the play made them do."""
    rows = measurements.measure_anchoring(play)
    told = ", ".join(f"{row.arm} {row.pull:.2f}{_between(row.interval)}" for row in rows)
    return f"pull {told}; the annotators were made with {PULL:g}"


def queue(play: LoopContext) -> str:
    """Tell how much sooner disputes were found than by chance."""
    found = measurements.measure_queue(play)
    if found is None:
        return "all samples or none were disputed"
    return (
        f"people were two points apart on {found.disputed:,} of the {found.samples:,} samples that two or more scored "
        f"alone; the fifth that was opened first held {found.first_fifth:.0%} of them, where chance holds "
        f"{measurements.FIFTH:.0%}; foreseen with AUROC "
        f"{found.auroc:.2f}{_between(found.interval)}"
    )


def compare_judges(play: LoopContext) -> str:
    """Tell how the second judge compares with the first."""
    rows = measurements.compared_judges(play)
    first, second = (sum(getattr(row, name) for row in rows) / len(rows) for name in ("first", "second"))
    return f"RMSE {second:.2f} on the test part of release 2, judge 1 {first:.2f}"


def _between(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f" [{ends[0]:.2f}, {ends[1]:.2f}]"
