"""Two judges are compared on the same samples, and a difference comes with what chance could make of it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from judge.evaluation.comparison import compare_judges
from judge.evaluation.scorecard import EvaluationData, build_scorecard
from judge.formats.prediction_line import SamplePrediction, prediction_from_distribution
from tests.judge.labelled_samples import RUBRIC, certain, failed, labelled


def spread(name, centre, width):
    """Return a prediction whose expected score is ``centre``: half of it ``width`` below, half above."""
    p = [0.0] * 6
    p[centre - width] += 0.5
    p[centre + width] += 0.5
    dimensions = {one.key: prediction_from_distribution(p, one) for one in RUBRIC.dimensions}
    return SamplePrediction(name, "j2", "sha", "ok", "test", dimensions=dimensions)


def samples(count, ratings=(3, 3), **more):
    return [labelled(f"s{n}", list(ratings), question=f"q{n // 2}", **more) for n in range(count)]


def tcc(comparison):
    return comparison["dimensions"][0]


def test_the_nearer_judge_has_the_lower_error_and_the_interval_says_so():
    test = samples(40)
    near = [certain(f"s{n}", 3 if n % 3 else 4) for n in range(40)]
    far = [certain(f"s{n}", 1 if n % 2 else 5) for n in range(40)]
    comparison = compare_judges(RUBRIC, test, near, far, "final")
    assert json.loads(json.dumps(comparison, allow_nan=False)) == comparison
    found = tcc(comparison)
    assert (comparison["samples"], comparison["questions"], found["samples"], found["questions"]) == (40, 20, 40, 20)
    assert found["first"]["rmse"] == pytest.approx(np.sqrt(14 / 40))
    assert found["second"] == {"rmse": 2, "a1": 0}
    assert found["rmse_difference"] == pytest.approx(np.sqrt(14 / 40) - 2)
    low, high = found["rmse_interval"]
    assert low < found["rmse_difference"] < high < 0
    assert found["a1_difference"] == 1
    assert found["a1_interval"] == [1, 1]
    assert found["nearer"] == {"first": 1, "second": 0, "neither": 0}


def test_exchanging_the_two_turns_every_sign_round():
    test = samples(40)
    one = [certain(f"s{n}", n % 6) for n in range(40)]
    other = [certain(f"s{n}", (n * 5) % 4 + 1) for n in range(40)]
    forth, back = (
        tcc(compare_judges(RUBRIC, test, one, other, "final")),
        tcc(compare_judges(RUBRIC, test, other, one, "final")),
    )
    assert back["rmse_difference"] == -forth["rmse_difference"]
    assert back["rmse_interval"] == pytest.approx([-end for end in reversed(forth["rmse_interval"])])
    assert (back["nearer"]["first"], back["nearer"]["second"]) == (forth["nearer"]["second"], forth["nearer"]["first"])
    assert back["same_rounded"] == forth["same_rounded"]


def test_a_judge_beside_itself_differs_by_nothing_at_all():
    test = samples(20)
    said = [certain(f"s{n}", n % 6) for n in range(20)]
    found = tcc(compare_judges(RUBRIC, test, said, said, "final"))
    assert (found["rmse_difference"], found["rmse_interval"], found["a1_interval"]) == (0, [0, 0], [0, 0])
    assert found["nearer"] == {"first": 0, "second": 0, "neither": 1}
    assert found["same_rounded"] == 1


def test_a_difference_is_surer_than_either_error_where_both_fail_on_the_same_questions():
    test = samples(60)
    hard = [n // 2 % 2 for n in range(60)]
    one = [certain(f"s{n}", 1 if hard[n] else 3) for n in range(60)]
    other = [certain(f"s{n}", 0 if hard[n] else 4) for n in range(60)]
    low, high = tcc(compare_judges(RUBRIC, test, one, other, "final"))["rmse_interval"]
    for said in (one, other):
        least, most = tcc(build_scorecard(EvaluationData(RUBRIC, [], test), said, "final"))["asked"]["rmse_interval"]
        assert high - low < most - least


def test_only_samples_that_both_judged_count():
    test = samples(20)
    first = [certain(f"s{n}", 3) for n in range(15)] + [failed(f"s{n}") for n in range(15, 20)]
    second = [certain(f"s{n}", 4) for n in range(10, 20)] + [certain("elsewhere", 0)]
    comparison = compare_judges(RUBRIC, test, first, second, "final")
    found = tcc(comparison)
    assert (found["samples"], found["questions"], comparison["samples"]) == (5, 3, 5)
    assert (found["first"]["rmse"], found["second"]["rmse"]) == (0, 1)
    assert found["rmse_interval"] is None, "three questions are too few"


def test_what_a_rule_sets_tells_nothing_of_either_judge():
    test = samples(12) + [labelled(f"t{n}", [3, 3], question=f"u{n}", text=None) for n in range(6)]
    said = [certain(one.sample.id, 3) for one in test]
    comparison = compare_judges(RUBRIC, test, said, said, "final")
    assert [one["samples"] for one in comparison["dimensions"]] == [12, 18]
    assert comparison["samples"] == 18


def test_the_score_that_is_read_is_the_expected_one_and_equality_is_of_rounded_ones():
    test = samples(12, ratings=(3, 4, 4))
    comparison = compare_judges(
        RUBRIC, test, [spread(f"s{n}", 4, 1) for n in range(12)], [certain(f"s{n}", 4) for n in range(12)], "mean"
    )
    found = tcc(comparison)
    assert comparison["target"] == "mean"
    assert found["first"] == found["second"], "both expect 4"
    assert (found["same_rounded"], found["nearer"]["neither"]) == (1, 1)


def test_nothing_in_common_is_said_and_does_not_fail():
    comparison = compare_judges(RUBRIC, samples(3), [], [certain("s0", 1)], "final")
    found = tcc(comparison)
    assert (comparison["samples"], comparison["questions"], found["samples"]) == (0, 0, 0)
    assert found["rmse_difference"] is None
    assert found["same_rounded"] is None
    assert found["nearer"] == {"first": None, "second": None, "neither": None}
    json.dumps(comparison, allow_nan=False)


def test_a_web_process_can_compare_without_loading_a_machine_learning_library():
    heavy = ("sklearn", "scipy", "pandas", "torch", "PIL", "pyarrow", "django")
    script = f"import sys, judge.evaluation.comparison; print([n for n in {heavy} if n in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
