"""Missing sides are decided outside of every model."""

from judge import missing_side_rules

from .labelled_samples import RUBRIC, certain, failed, labelled


def test_a_complete_answer_is_left_to_the_judge():
    sample = labelled("a", [4]).sample
    said = certain("a", 4)
    assert missing_side_rules.asked_keys(sample, RUBRIC) == ["TCC", "IQ"]
    assert missing_side_rules.apply_rules(said, sample, RUBRIC) is said


def test_a_missing_text_is_its_level_whatever_the_model_said():
    sample = labelled("a", [4], text=None).sample
    found = missing_side_rules.apply_rules(certain("a", 5), sample, RUBRIC)
    assert missing_side_rules.asked_keys(sample, RUBRIC) == ["IQ"]
    assert (found.dimensions["TCC"].rounded, found.dimensions["TCC"].rule) == (0, "no_text")
    assert found.dimensions["IQ"].rounded == 5
    assert found.status == "ok"


def test_what_does_not_apply_has_no_prediction():
    sample = labelled("a", [4], image=None).sample
    assert set(missing_side_rules.apply_rules(certain("a", 5), sample, RUBRIC).dimensions) == {"TCC"}


def test_with_both_sides_missing_everything_follows_from_rules():
    sample = labelled("a", [], text=None, image=None).sample
    found = missing_side_rules.apply_rules(certain("a", 5), sample, RUBRIC)
    assert missing_side_rules.asked_keys(sample, RUBRIC) == []
    assert found.status == "rule"
    assert {key: one.rounded for key, one in found.dimensions.items()} == {"TCC": 0}


def test_a_failure_stays_one_and_the_prediction_that_came_in_stays_as_it_was():
    sample = labelled("a", [4], text=None).sample
    said = failed("a")
    found = missing_side_rules.apply_rules(said, sample, RUBRIC)
    assert (found.status, set(found.dimensions)) == ("parse_error", {"TCC"})
    assert said.dimensions == {}
