"""What is measured on texts, and on how an answer goes with its question and its pictures."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.features import relation, text, tokenizer
from judge.features.sample import NAMES, answer_text, judged_pictures, question_text, sample_features
from judge.formats.sample_line import parse_sample


def of_text(value):
    return dict(zip(text.NAMES, text.text_features(value), strict=True))


def of_pair(question, answer, pictures=(), colours=None, **line):
    sample = parse_sample({"id": "a", "question": question, "answer": answer} | line)
    found = relation.relation_features(sample.turns, question, answer, pictures, colours)
    return dict(zip(relation.NAMES, found, strict=True))


@given(st.text(max_size=300))
def test_any_text_gives_finite_numbers(value):
    assert all(math.isfinite(one) for one in text.text_features(value))


@given(st.text(min_size=1, max_size=200), st.text(max_size=200))
def test_any_question_and_answer_give_finite_numbers(question, answer):
    found = relation.relation_features([], question, answer, [], None)
    assert all(math.isfinite(one) for one in found)


def test_no_text_is_nothing():
    assert set(text.text_features("  \n")) == {0.0}


def test_repetition_form_and_refusal_show():
    once, again = "The cat sat on the mat. It was warm.", "The cat sat. " * 8
    assert of_text(again)["repeated_fours"] > of_text(once)["repeated_fours"] == 0
    assert of_text(again)["repeated_sentences"] == pytest.approx(7 / 8)
    assert of_text(again)["compressed"] < of_text(once)["compressed"]
    listed = of_text("Do this:\n- one\n- two\n1. three")
    assert listed["list_items"] == pytest.approx(math.log(4))
    assert of_text("I'm sorry, I cannot draw that.")["refusal"] == 1
    assert of_text("The answer goes on and")["open_end"] == 1
    assert of_text(once)["open_end"] == 0


def test_words_are_found_in_any_script():
    assert tokenizer.split_words("Don't stop – naïve Straße 42!") == ["don't", "stop", "naïve", "strasse", "42"]
    assert tokenizer.split_words("猫が座る") == list("猫が座る")
    assert tokenizer.split_sentences("One. Two? Three\nfour!") == ["One.", "Two?", "Three", "four!"]
    assert len(tokenizer.split_words("word " * 5_000)) == tokenizer.LONGEST


def test_a_copied_answer_is_told_from_an_own_one():
    question = "the river rose by three metres in the night and the old bridge gave way at dawn"
    copied = of_pair(question, "the river rose by three metres in the night")
    own = of_pair(question, "high water destroyed a crossing early that morning")
    assert copied["passage_cover"] == 1
    assert copied["longest_passage"] == pytest.approx(math.log1p(9))
    assert own["passage_cover"] == 0
    assert copied["shared_words"] == 1
    assert own["shared_words"] < 0.2
    assert copied["new_pairs"] == 0
    assert own["new_pairs"] == 1
    assert copied["in_order"] == 1


def test_what_the_question_did_not_say_is_counted():
    found = of_pair("In 1990 Anna met Ben in Rome.", "Then in 1990 Anna saw Carla and 7 others.")
    assert found["new_numbers"] == 0.5
    assert found["new_names"] == 0.5


def test_colours_that_are_named_are_looked_for_in_the_picture():
    met = of_pair("Draw a red ball.", "Here is a red ball.", ["p"], {"red": 0.4, "blue": 0.1}, image="p.png")
    missed = of_pair("Draw a red ball.", "Here is a red ball.", ["p"], {"blue": 0.9}, image="p.png")
    assert (met["colours_named"], met["colours_met"], met["colours_missed"]) == (1, 0.4, 0)
    assert (missed["colours_met"], missed["colours_missed"]) == (0, 1)


def test_the_form_of_turns_and_blocks():
    turns = [
        {"question": "Before?", "blocks": [{"text": "x"}, {"image": "c.png"}], "context": True},
        {"question": "Now?", "blocks": [{"image": "a.png"}, {"text": "y"}, {"image": "b.png"}]},
    ]
    sample = parse_sample({"id": "a", "turns": turns})
    assert question_text(sample) == "Before?\nx\nNow?"
    assert answer_text(sample) == "y"
    assert judged_pictures(sample) == ["a.png", "b.png"]
    found = dict(zip(relation.NAMES, relation.relation_features(sample.turns, "q", "y", ["1", "1"], {}), strict=True))
    assert (found["begins_with_picture"], found["ends_with_picture"], found["alternations"]) == (1, 1, 1)
    assert found["distinct_pictures"] == 0.5
    assert found["context_turns"] == pytest.approx(math.log(2))


def test_a_sample_is_one_vector_whatever_it_lacks():
    bare = parse_sample({"id": "a", "question": "Why?", "answer": None, "image": None})
    found = sample_features(bare, [], [])
    assert found.shape == (len(NAMES),)
    assert len(set(NAMES)) == len(NAMES)


def test_nothing_that_is_said_about_a_sample_is_a_feature():
    line = {"id": "a", "question": "Why?", "answer": "So."}
    about = {"generator": "g", "domain": "d", "category": "c", "topic": "t", "metadata": {"x": 1}, "labels": [5]}
    one, other = parse_sample(line), parse_sample(line | about)
    assert (sample_features(one, [], []) == sample_features(other, [], [])).all()
