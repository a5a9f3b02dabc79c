"""The scorecard says how near a judge comes to people, beside what is to be beaten."""

import json
import random

import numpy as np
import pytest

from judge.evaluation.baselines import predict_ridge
from judge.evaluation.pairs import pair_predictions
from judge.evaluation.scorecard import EvaluationData, build_scorecard
from judge.formats.prediction_line import SamplePrediction, prediction_from_distribution
from tests.judge.labelled_samples import RUBRIC, certain, failed, labelled


def a_release(seed=1, questions=40, features=None):
    """Return labels of three generators that differ, and people who are near to one another."""
    chance = random.Random(seed)
    parts = {"train": [], "test": []}
    for question in range(questions):
        part = "test" if question % 4 == 0 else "train"
        for generator, level in (("good", 4), ("fair", 3), ("poor", 1)):
            ratings = [min(5, max(0, level + chance.choice((-1, 0, 0, 1)))) for _ in range(3)]
            name = f"{question}-{generator}"
            parts[part].append(labelled(name, ratings, part=part, question=f"q{question}", generator=generator))
    return EvaluationData(RUBRIC, parts["train"], parts["test"], features)


def perfect(release):
    return [certain(one.sample.id, one.final["TCC"]) for one in release.test]


def tcc(card):
    return next(one for one in card["dimensions"] if one["key"] == "TCC")


def test_a_perfect_judge_is_perfect_and_its_scorecard_is_json():
    release = a_release()
    card = build_scorecard(release, perfect(release), "final")
    assert json.loads(json.dumps(card, allow_nan=False)) == card
    found = tcc(card)["asked"]
    assert (found["samples"], found["rmse"], found["a1"], found["kappa"]) == (30, 0, 1, pytest.approx(1))
    assert found["gaps"] == {"0": 1, "1": 0, "2": 0, "3": 0, "4": 0, "5": 0}
    assert found["human"] == found["judge"]
    assert (card["samples"], card["questions"], card["statuses"]) == (30, 10, {"ok": 30})


def test_baselines_learn_from_the_training_part_and_the_generator_tells_most():
    release = a_release()
    card = build_scorecard(release, perfect(release), "final")
    known = {one["baseline"]: one for one in tcc(card)["baselines"]}
    assert set(known) == {"constant", "generator"}
    mean = np.mean([one.final["TCC"] for one in release.train])
    human = np.array([one.final["TCC"] for one in release.test])
    assert known["constant"]["rmse"] == pytest.approx(np.sqrt(np.mean((human - mean) ** 2)))
    assert known["generator"]["rmse"] < 0.7 < 1.1 < known["constant"]["rmse"]
    assert known["generator"]["rmse_interval"][0] < known["generator"]["rmse"] < known["generator"]["rmse_interval"][1]


def test_features_made_by_hand_are_the_third_baseline():
    def count(samples):
        return np.array([[len(one.sample.id), ord(one.sample.generator[0])] for one in samples], dtype=float)

    release = a_release(features=count)
    known = {one["baseline"]: one for one in tcc(build_scorecard(release, perfect(release), "final"))["baselines"]}
    assert known["features"]["rmse"] < known["constant"]["rmse"]


def test_a_ridge_finds_a_line_and_gives_up_where_there_is_none():
    chance = np.random.default_rng(1)
    train, test = chance.normal(size=(200, 5)), chance.normal(size=(50, 5))
    weights = np.array([1, -2, 0, 0, 0.5])
    found = predict_ridge(train, train @ weights + 3, test)
    assert found == pytest.approx(test @ weights + 3, abs=0.05)
    noise = predict_ridge(train, chance.normal(size=200), test)
    assert noise is not None
    assert noise.std() < 0.3
    assert predict_ridge(train[:9], np.ones(9), test) is None
    assert predict_ridge(np.ones((20, 3)), np.arange(20.0), test[:, :3]) == pytest.approx(np.full(50, 9.5))


def test_one_person_against_the_others_is_the_ceiling():
    release = a_release()
    found = tcc(build_scorecard(release, perfect(release), "mean"))["ceiling"]
    assert found["ratings"] == 90
    assert 0.5 < found["rmse"] < 1.2


def test_generators_have_rows_of_their_own_with_mean_and_variance_of_people_and_judge():
    release = a_release()
    rows = tcc(build_scorecard(release, [certain(one.sample.id, 3) for one in release.test], "final"))["generators"]
    assert [(row["generator"], row["samples"]) for row in rows] == [("fair", 10), ("good", 10), ("poor", 10)]
    assert all(row["judge"] == {"mean": 3, "variance": 0} for row in rows)
    good = [one.final["TCC"] for one in release.test if one.sample.generator == "good"]
    assert rows[1]["human"] == {"mean": pytest.approx(np.mean(good)), "variance": pytest.approx(np.var(good))}


def test_values_that_a_rule_set_are_counted_apart():
    test = [labelled(f"s{n}", [n % 6] * 2, question=f"q{n}") for n in range(12)]
    test += [labelled(f"t{n}", [3, 3], question=f"u{n}", text=None) for n in range(6)]
    wrong = [certain(one.sample.id, 5) for one in test]
    found = tcc(build_scorecard(EvaluationData(RUBRIC, [], test), wrong, "final"))
    assert (found["asked"]["samples"], found["with_rules"]["samples"], found["by_rule"]) == (12, 18, 6)
    assert found["with_rules"]["a1"] == pytest.approx((12 * found["asked"]["a1"] + 6) / 18)
    assert found["with_rules"]["rmse"] < found["asked"]["rmse"]


def test_failures_are_counted_and_never_averaged():
    test = [labelled(f"s{n}", [4, 4], question=f"q{n}") for n in range(10)]
    said = [certain(f"s{n}", 4) for n in range(6)] + [failed("s6"), failed("s7"), certain("elsewhere", 0)]
    card = build_scorecard(EvaluationData(RUBRIC, [], test), said, "final")
    assert card["statuses"] == {"missing": 2, "ok": 6, "parse_error": 2}
    assert card["foreign"] == 1
    assert (tcc(card)["asked"]["samples"], tcc(card)["asked"]["rmse"]) == (6, 0)


def test_labels_that_a_judge_may_have_moved_are_held_against_none():
    test = [labelled(f"s{n}", [4, 4], label_origin=origin) for n, origin in enumerate(("blind", "mixed", "prefilled"))]
    said = [certain(one.sample.id, 4) for one in test]
    for target in ("final", "mean"):
        card = build_scorecard(EvaluationData(RUBRIC, [], test), said, target)
        assert (card["samples"], card["not_blind"], card["foreign"]) == (1, 2, 0)
        assert tcc(card)["asked"]["samples"] == 1


def test_calibration_samples_teach_no_baseline():
    train = [labelled(f"t{n}", [1, 1], part="train") for n in range(10)]
    train += [labelled(f"c{n}", [5, 5], part="train", calibration=True) for n in range(10)]
    test = [labelled(f"s{n}", [1, 1], question=f"q{n}") for n in range(10)]
    found = tcc(
        build_scorecard(EvaluationData(RUBRIC, train, test), perfect(EvaluationData(RUBRIC, train, test)), "final")
    )
    assert found["baselines"][0]["rmse"] == 0


def test_the_worst_misses_come_first():
    test = [labelled(f"s{n}", [n, n], question=f"q{n}") for n in range(6)]
    found = tcc(build_scorecard(EvaluationData(RUBRIC, [], test), [certain(f"s{n}", 0) for n in range(6)], "final"))[
        "worst"
    ]
    assert [one["id"] for one in found] == ["s5", "s4", "s3", "s2", "s1", "s0"]
    assert found[0].pop("surprise") == pytest.approx(5 * 12**0.5)
    assert found[0] == {"id": "s5", "human": 5, "expected": 0, "rounded": 0, "sd": 0, "interval": None}


def test_nothing_to_compare_is_said_and_does_not_fail():
    card = build_scorecard(EvaluationData(RUBRIC, [], [labelled("a", [3])]), [], "final")
    assert card["statuses"] == {"missing": 1}
    found = tcc(card)
    assert (found["asked"]["samples"], found["asked"]["rmse"], found["ceiling"], found["worst"]) == (0, None, None, [])
    assert found["baselines"] == []
    json.dumps(card, allow_nan=False)


def test_the_mean_of_a_rule_is_what_the_rule_said():
    test = [labelled("a", [3, 3], text=None)]
    found = pair_predictions(test, {"a": certain("a", 5)}, RUBRIC, "mean").dimensions["TCC"]
    assert (found.human.tolist(), found.by_rule.tolist()) == ([0], [True])


def test_whether_the_judge_knows_what_people_disagree_on():
    test, said = [], []
    for n in range(40):
        apart = n % 4 == 0
        test.append(labelled(f"s{n}", [1, 4, 2] if apart else [3, 3, 3], question=f"q{n}"))
        p = [0, 0.4, 0, 0, 0.6, 0] if apart else [0, 0, 0.1, 0.8, 0.1, 0]
        dimensions = {one.key: prediction_from_distribution(p, one) for one in RUBRIC.dimensions}
        said.append(SamplePrediction(f"s{n}", "j", "", "ok", "", dimensions=dimensions))
    found = tcc(build_scorecard(EvaluationData(RUBRIC, [], test), said, "mean"))["dispute"]
    # Of the three pairs of 1, 4 and 2 two are apart.
    assert (found["samples"], found["share"]) == (40, pytest.approx(1 / 6))
    assert found["auroc"] == pytest.approx(1 - (10 / 3) / (100 / 3) / 2)
    assert sum(group["samples"] for group in found["groups"]) == 40


def test_to_be_sure_and_wrong_is_the_worse_miss():
    test = [labelled("doubted", [5, 5], question="q1"), labelled("sure", [3, 3], question="q2")]
    doubt = [1 / 6] * 6
    said = [
        SamplePrediction(
            name, "j1", "sha", "ok", "test", dimensions={"TCC": prediction_from_distribution(p, RUBRIC.dimensions[0])}
        )
        for name, p in (("doubted", doubt), ("sure", [0, 1, 0, 0, 0, 0]))
    ]
    found = tcc(build_scorecard(EvaluationData(RUBRIC, [], test), said, "final"))["worst"]
    assert [abs(one["expected"] - one["human"]) for one in found] == [2, 2.5]
    assert [one["id"] for one in found] == ["sure", "doubted"]
    assert found[1]["sd"] == pytest.approx(np.sqrt(35 / 12))
