"""Temperatures make a judge as sure as it may be; intervals hold what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.calibration import (
    DimensionCalibration,
    apply_temperature,
    calibrate,
    calibrate_predictions,
    calibration_from_data,
)
from judge.formats.prediction_line import prediction_from_distribution

from .labelled_samples import RUBRIC

TCC = RUBRIC.dimensions[0]
LEVELS = np.arange(6.0)


def entropy(p):
    told = np.array([one for one in p if one > 0])
    return float(-(told * np.log(told)).sum())


def people(seed, samples, raters=5):
    """Return true distributions over the levels, and ratings drawn from them."""
    chance = np.random.default_rng(seed)
    centre = chance.uniform(0, 5, samples)
    p = np.exp(-((LEVELS[None, :] - centre[:, None]) ** 2))
    p /= p.sum(axis=1, keepdims=True)
    histograms = np.stack([chance.multinomial(raters, one) for one in p])
    return p, histograms, np.array([chance.choice(LEVELS, p=one) for one in p])


@pytest.mark.parametrize("temperature", [0.6, 1, 3])
def test_the_temperature_that_was_put_in_is_found(temperature):
    p, histograms, finals = people(1, 2_000)
    found = calibrate(apply_temperature(p, temperature, LEVELS), histograms, finals, TCC)
    assert found.temperature == pytest.approx(1 / temperature, rel=0.1)


@pytest.mark.parametrize("temperature", [0.3, 1, 3])
def test_nine_of_ten_finals_lie_in_their_interval_however_sure_the_judge_was(temperature):
    p, histograms, finals = people(2, 500)
    calibration = calibrate(apply_temperature(p, temperature, LEVELS), histograms, finals, TCC)
    unseen, _, values = people(3, 2_000)
    held = 0
    for chances, value in zip(apply_temperature(unseen, temperature, LEVELS), values, strict=True):
        interval = calibrate_predictions([prediction_from_distribution(chances.tolist(), TCC)], TCC, calibration)[
            0
        ].interval
        assert interval is not None
        held += interval[0] <= value <= interval[1]
    assert 0.86 <= held / len(values) <= 0.95


@pytest.mark.parametrize(("samples", "least"), [(1, 0.7), (2, 0.5)])
def test_a_sample_or_two_that_were_met_exactly_make_no_judge_certain(samples, least):
    p = np.tile([0, 0.02, 0.08, 0.15, 0.48, 0.27], (samples, 1))
    histograms = np.tile([0, 0, 0, 0, 3.0, 0], (samples, 1))
    calibration = calibrate(p, histograms, np.full(samples, 4.0), TCC)
    assert least < calibration.temperature < 1
    before = prediction_from_distribution(p[0].tolist(), TCC)
    assert calibrate_predictions([before], TCC, calibration)[0].p_dispute > before.p_dispute / 2


def test_the_more_samples_say_that_it_is_too_sure_the_more_that_counts():
    found = []
    for samples in (5, 20, 200):
        p, histograms, finals = people(8, samples)
        found.append(calibrate(apply_temperature(p, 0.4, LEVELS), histograms, finals, TCC).temperature)
    assert 1 < found[0] < found[1] < found[2] < 2.7


def test_with_too_few_samples_there_is_no_interval():
    p, histograms, finals = people(4, 8)
    calibration = calibrate(p, histograms, finals, TCC)
    assert calibration.factor is None
    assert (
        calibrate_predictions([prediction_from_distribution(p[0].tolist(), TCC)], TCC, calibration)[0].interval is None
    )
    p, histograms, finals = people(4, 9)
    assert calibrate(p, histograms, finals, TCC).factor is not None


def test_without_ratings_the_temperature_stays_as_it_is():
    p, histograms, finals = people(5, 20)
    assert calibrate(p, histograms * 0, finals, TCC).temperature == 1
    assert calibrate(p[:0], histograms[:0], finals[:0], TCC) == DimensionCalibration(
        temperature=1.0, factor=None, samples=0
    )


def test_a_judge_that_is_certain_still_gets_an_interval_as_wide_as_its_errors():
    _, histograms, finals = people(6, 200)
    always = np.tile([0, 0, 1.0, 0, 0, 0], (200, 1))
    calibration = calibrate(always, histograms, finals, TCC)
    found = calibrate_predictions([prediction_from_distribution(always[0].tolist(), TCC)], TCC, calibration)[0]
    assert found.interval is not None
    assert found.interval[1] - found.interval[0] > 2


@given(st.lists(st.floats(0.001, 1), min_size=6, max_size=6), st.floats(0.05, 20), st.floats(0, 50))
def test_a_calibrated_prediction_is_a_prediction(p, temperature, factor):
    calibration = calibration_from_data(
        {"temperature": temperature, "factor": factor, "samples": 20, "confidence": 0.9}
    )
    said = prediction_from_distribution(p, TCC, mass=0.9, ensemble_sd=0.1)
    found = calibrate_predictions([said], TCC, calibration)[0]
    assert sum(found.p) == pytest.approx(1)
    assert found.interval is not None
    assert 0 <= found.interval[0] <= found.expected + 1e-9
    assert found.expected - 1e-9 <= found.interval[1] <= 5
    assert (found.mass, found.ensemble_sd) == (0.9, 0.1)
    # It is about how sure the judge is, and not about what it expects.
    assert found.expected == pytest.approx(said.expected, abs=1e-4)
    warmer = entropy(found.p) - entropy(said.p)
    assert warmer >= -1e-6 if temperature > 1 else warmer <= 1e-6


def test_what_is_written_is_read_back():
    p, histograms, finals = people(7, 50)
    found = calibrate(p, histograms, finals, TCC)
    assert calibration_from_data(found.as_data()) == found
