"""Prediction lines are written, read back, completed and checked."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.formats.json_line import RecordError
from judge.formats.prediction_line import (
    NoDistribution,
    SamplePrediction,
    format_prediction,
    nearest_level,
    parse_prediction,
    parse_prediction_line,
    prediction_at_level,
    prediction_from_distribution,
)
from judge.formats.rubric import rubric_from_data

RUBRIC = rubric_from_data(
    {
        "key": "two",
        "title": "Two",
        "dimensions": [
            {"key": "TCC", "name": "Text", "needs": ["text"], "levels": [0, 1, 2, 3, 4, 5], "missing": 0},
            {"key": "mood", "name": "Mood", "needs": [], "levels": [-1, 0, 0.5]},
        ],
    }
)
TCC, MOOD = RUBRIC.dimensions
chances = st.lists(st.floats(0, 1), min_size=6, max_size=6).filter(lambda p: sum(p) > 0.01)


def make_line(**changes):
    return {"id": "a", "judge": "j1", "dimensions": {"TCC": {"p": [0, 0, 0, 0.5, 0.5, 0]}}} | changes


def parse_rejected(data):
    with pytest.raises(RecordError) as refusal:
        parse_prediction(data, RUBRIC)
    return refusal.value


@given(chances, st.floats(0, 1), st.floats(0, 2))
def test_what_is_written_is_read_back(p, mass, spread):
    dimension = prediction_from_distribution(p, TCC, mass=mass, ensemble_sd=spread)
    prediction = SamplePrediction(
        "ä/1", "j1", "0" * 64, "ok", "expected", 3, {"TCC": dimension, "mood": prediction_at_level(0.5, MOOD, "x")}
    )
    parsed = parse_prediction_line(format_prediction(prediction).encode(), RUBRIC)
    assert (parsed.id, parsed.judge, parsed.prompt_sha, parsed.status, parsed.readout, parsed.cluster) == (
        *("ä/1", "j1", "0" * 64, "ok", "expected"),
        3,
    )
    assert parsed.dimensions["TCC"].p == pytest.approx(dimension.p, abs=2e-6)
    assert parsed.dimensions["TCC"].rounded == dimension.rounded
    for name in ("expected", "sd", "p_dispute", "mass", "ensemble_sd"):
        assert getattr(parsed.dimensions["TCC"], name) == pytest.approx(getattr(dimension, name), abs=2e-6)
    assert parsed.dimensions["mood"] == prediction_at_level(0.5, MOOD, "x")


def test_the_line_has_the_names_that_others_read():
    prediction = SamplePrediction(
        "a", "j1", "sha", "ok", "expected", None, {"TCC": prediction_from_distribution([0, 0, 1, 1, 0, 0], TCC)}
    )
    data = json.loads(format_prediction(prediction))
    assert list(data) == ["id", "judge", "prompt_sha", "status", "readout", "cluster", "dimensions"]
    assert data["dimensions"]["TCC"] == {
        "p": [0, 0, 0.5, 0.5, 0, 0],
        "expected": 2.5,
        "sd": 0.5,
        "rounded": 3,
        "p_dispute": 0,
        "interval": None,
        "mass": None,
        "ensemble_sd": None,
    }


@given(chances)
def test_what_follows_from_the_chances_holds(p):
    parsed = prediction_from_distribution(p, TCC)
    assert sum(parsed.p) == pytest.approx(1)
    assert 0 <= parsed.expected <= 5
    assert 0 <= parsed.sd <= 2.5 + 1e-9
    assert abs(parsed.rounded - parsed.expected) <= 0.5 + 1e-9
    assert 0 <= parsed.p_dispute <= 1 + 1e-9


@pytest.mark.parametrize("chance", [math.nan, math.inf, 0.0])
def test_from_chances_that_are_no_distribution_nothing_follows(chance):
    with pytest.raises(NoDistribution, match="levels of TCC are not finite, or all of them are 0"):
        prediction_from_distribution([chance, 0, 0, 0, 0, 0], TCC)


@pytest.mark.parametrize("name", ["expected", "sd", "p_dispute", "mass", "ensemble_sd"])
def test_a_number_that_no_reader_would_take_is_not_written(name):
    broken = replace(prediction_from_distribution([0, 0, 1, 1, 0, 0], TCC), **{name: math.nan})
    with pytest.raises(ValueError, match="not JSON compliant"):
        format_prediction(SamplePrediction("a", "j1", "sha", "ok", "expected", None, {"TCC": broken}))


def test_of_two_levels_at_the_same_distance_the_upper_one_is_nearest():
    assert [nearest_level(value, TCC.values) for value in (2.5, 2.499999, 0, 5)] == [3, 2, 0, 5]
    assert nearest_level(0.3, MOOD.values) == 0.5


def test_a_number_alone_is_a_level_held_for_certain():
    parsed = parse_prediction(make_line(dimensions={"TCC": {"rounded": 4}}), RUBRIC).dimensions["TCC"]
    assert parsed == prediction_at_level(4, TCC)
    assert (parsed.expected, parsed.sd, parsed.p_dispute) == (4, 0, 0)


def test_a_failure_needs_no_dimensions_and_keeps_its_reason():
    parsed = parse_prediction({"id": "a", "status": "parse_error", "message": "no score"}, RUBRIC)
    assert (parsed.status, parsed.dimensions, parsed.message) == ("parse_error", {}, "no score")


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        (make_line(id=None), "id", ""),
        (make_line(status="fine"), "status", "ok, rule, parse_error, backend_error"),
        (make_line(dimensions={}), "dimensions", "no entry"),
        (make_line(dimensions=[1]), "dimensions", "object"),
        (make_line(dimensions={"X": {}}), "dimensions.X", "TCC, mood"),
        (make_line(dimensions={"TCC": 4}), "dimensions.TCC", "object"),
        (make_line(dimensions={"TCC": {}}), "dimensions.TCC.p", "missing"),
        (make_line(dimensions={"TCC": {"p": [1]}}), "dimensions.TCC.p", "6 chances"),
        (make_line(dimensions={"TCC": {"p": [0.5, 0.4, 0, 0, 0, 0]}}), "dimensions.TCC.p", "adds up to 0.9"),
        (make_line(dimensions={"TCC": {"p": [2, -1, 0, 0, 0, 0]}}), "dimensions.TCC.p", "between 0 and 1"),
        (make_line(dimensions={"TCC": {"p": [float("nan"), 1, 0, 0, 0, 0]}}), "dimensions.TCC.p", "between 0 and 1"),
        (make_line(dimensions={"TCC": {"p": [True, 0, 0, 0, 0, 0]}}), "dimensions.TCC.p", "between 0 and 1"),
        (make_line(dimensions={"TCC": {"rounded": 6}}), "dimensions.TCC.p", "missing"),
        (make_line(dimensions={"TCC": {"p": [1, 0, 0, 0, 0, 0], "rounded": 6}}), "dimensions.TCC.rounded", "none of"),
        (make_line(dimensions={"TCC": {"p": [1, 0, 0, 0, 0, 0], "expected": 7}}), "dimensions.TCC.expected", "0 and 5"),
        (
            make_line(dimensions={"TCC": {"p": [1, 0, 0, 0, 0, 0], "interval": [3, 1]}}),
            "dimensions.TCC.interval",
            "low",
        ),
        (make_line(dimensions={"TCC": {"p": [1, 0, 0, 0, 0, 0], "why": 1}}), "dimensions.TCC.why", ""),
        (make_line(cluster=-1), "cluster", "whole number"),
        (make_line(judge="j" * 121), "judge", "120"),
        (make_line(score=1), "score", ""),
    ],
)
def test_a_fault_names_its_field(data, field, words):
    error = parse_rejected(data)
    assert error.field == field
    assert words in error.message


def test_a_line_that_is_no_json_is_refused():
    with pytest.raises(RecordError):
        parse_prediction_line(b"{'id': 1}", RUBRIC)
