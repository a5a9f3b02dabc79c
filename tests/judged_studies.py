"""What a judge that was never trained says of samples, and the scorecard that follows from it by the real figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.judges.prediction_pairs import build_pair_columns
from annotation.models import Sample
from judge.evaluation.scorecard import EvaluationData, build_scorecard
from judge.formats.prediction_line import SamplePrediction, prediction_from_distribution
from judge.formats.release_line import LabelledSample, parse_labelled
from judge.formats.rubric import RubricSpec

# Uneven, so that what is expected of samples are numbers that stand nowhere by chance.
SHARES = (0.050003, 0.100009, 0.150027, 0.200081, 0.271828, 0.228052)


@dataclass(frozen=True)
class Judged:
    """Predictions of samples, and how they compare with scores made up for the same samples."""

    predictions: list[SamplePrediction]
    cards: dict[str, Any]
    pairs: dict[str, Any]


def judged(rubric: RubricSpec, samples: Iterable[Sample], *, judge: str, turned: int = 0) -> Judged:
    """Return what a judge says; one that is ``turned`` further says something else."""
    test = [_labelled(rubric, sample, place) for place, sample in enumerate(samples)]
    predictions = [_said(rubric, one, judge, place + turned) for place, one in enumerate(test)]
    train = [_line(rubric, f"train-{place}", f"train-{place}", place, part="train") for place in range(6)]
    labelled = EvaluationData(rubric, train, test)
    cards = {target: build_scorecard(labelled, predictions, target) for target in ("final", "mean")}
    return Judged(predictions, cards, build_pair_columns(rubric, test, predictions))


def _labelled(rubric: RubricSpec, sample: Sample, place: int) -> LabelledSample:
    return _line(rubric, sample.external_id, f"question-{sample.question_id}", place, generator=sample.generator)


def _line(rubric: RubricSpec, name: str, question: str, place: int, **more: Any) -> LabelledSample:
    final, counts, mean = {}, {}, {}
    for dimension in rubric.dimensions:
        low = place % (len(dimension.values) - 1)
        final[dimension.key] = dimension.values[low]
        # Two said the one level, and a third said the next.
        counts[dimension.key] = [2 * (at == low) + (at == low + 1) for at in range(len(dimension.values))]
        mean[dimension.key] = (2 * dimension.values[low] + dimension.values[low + 1]) / 3
    line = {
        "id": name,
        "question_id": question,
        "question": "Why?",
        "answer": "So.",
        "image": "a.png",
        "part": "test",
        "final": final,
        "histogram": counts,
        "mean": mean,
        "label_origin": "blind",
    }
    return parse_labelled(line | more, rubric)


def _said(rubric: RubricSpec, one: LabelledSample, judge: str, turn: int) -> SamplePrediction:
    dimensions = {}
    for number, dimension in enumerate(rubric.dimensions):
        size = len(dimension.values)
        shares: Sequence[float] = [SHARES[(level + turn + number) % len(SHARES)] for level in range(size)]
        dimensions[dimension.key] = prediction_from_distribution(shares, dimension)
    return SamplePrediction(one.sample.id, judge, "5c" * 32, "ok", "expected", cluster=0, dimensions=dimensions)
