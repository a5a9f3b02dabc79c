"""Labelled samples and predictions made up for tests."""

from judge.formats.prediction_line import SamplePrediction, prediction_from_distribution
from judge.formats.release_line import parse_labelled
from judge.formats.rubric import rubric_from_data

RUBRIC = rubric_from_data(
    {
        "key": "two",
        "title": "Two",
        "dimensions": [
            {"key": "TCC", "name": "Text", "needs": ["text"], "levels": [0, 1, 2, 3, 4, 5], "missing": 0},
            {"key": "IQ", "name": "Picture", "needs": ["image"], "levels": [0, 1, 2, 3, 4, 5]},
        ],
    }
)
LEVELS = (0, 1, 2, 3, 4, 5)


def labelled(name, ratings, *, part="test", question="q", generator="g", text="So.", image="a.png", **more):
    """Return a sample of which people gave ``ratings`` on both dimensions, the middle one its final score."""
    final = sorted(ratings)[(len(ratings) - 1) // 2] if ratings else None
    counts = [ratings.count(level) for level in LEVELS]
    mean = sum(ratings) / len(ratings) if ratings else None
    line = {
        "id": name,
        "question_id": question,
        "question": "Why?",
        "answer": text,
        "image": image,
        "generator": generator,
        "part": part,
        "final": {"TCC": final, "IQ": final},
        "histogram": {"TCC": counts, "IQ": counts},
        "mean": {"TCC": mean, "IQ": mean},
        "label_origin": "blind",
    }
    if not text:
        line["final"]["TCC"] = 0
        line["histogram"]["TCC"] = [0] * 6
        line["mean"]["TCC"] = None
    if not image:
        for labels in ("final", "mean"):
            line[labels]["IQ"] = None
        line["histogram"]["IQ"] = [0] * 6
    return parse_labelled(line | more, RUBRIC)


def certain(name, level, **more):
    """Return the prediction of one level on both dimensions."""
    p = [float(one == level) for one in LEVELS]
    dimensions = {dimension.key: prediction_from_distribution(p, dimension) for dimension in RUBRIC.dimensions}
    return SamplePrediction(name, "j1", "sha", "ok", "test", dimensions=dimensions, **more)


def failed(name):
    return SamplePrediction(name, "j1", "sha", "parse_error", "test", message="no score")
