"""Scores are read out of a reply however it spells the dimensions; what cannot be read is a problem and no number."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.formats.rubric import parse_rubric, rubric_from_data
from judge.parsing import parse_reply
from judge.prompt import format_answer

RUBRIC = parse_rubric(
    (Path(__file__).resolve().parents[2] / "fixtures" / "rubrics" / "interleaved-answer.toml").read_bytes()
)
KEYS = [dimension.key for dimension in RUBRIC.dimensions]
LEVELS = st.integers(0, 5)
WANTED = dict(zip(KEYS, (4, 3, 5, 2), strict=True))


def read(text, asked=None):
    found = parse_reply(text, RUBRIC, asked)
    return dict(found.values) if not found.problem else found.problem


@given(st.tuples(LEVELS, LEVELS, LEVELS, LEVELS))
def test_the_line_that_the_prompt_asks_for_is_read_back(values):
    wanted = dict(zip(KEYS, values, strict=True))
    assert read(format_answer(RUBRIC, wanted)) == wanted


@pytest.mark.parametrize(
    "text",
    [
        '{"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 2}',
        '```json\n{"tcc": "4", "icc": "3", "iq": 5.0, "its": 2}\n```',
        'Here you are: {"scores": 1} {"TCC": {"score": 4, "reason": "2 of 3"}, "ICC": 3, "IQ": 5, "ITS": 2}. Done.',
        "[4, 3, 5, 2]",
        "TCC: 4, ICC: 3, IQ: 5, ITS: 2",
        "tcc=4 icc=3 iq=5 its=2",
        "TCC is 4. ICC is 3. IQ is 5. ITS is 2.",
        "TCC: 4/5\nICC: 3/5\nIQ: 5/5\nITS: 2/5",
        "TCC: 4 out of 5; ICC: 3 out of 5; IQ: 5 out of 5; ITS: 2 out of 5",
        "Text Content Completeness: 4, Image Content Completeness: 3, Image Quality: 5, Image-Text Synergy: 2",
        "text content completeness - 4\nimage_content_completeness - 3\nimage quality - 5\nimage text synergy - 2",
        "TextContentCompleteness: 4\nImageContentCompleteness: 3\nImageQuality: 5\nImageTextSynergy: 2",
        (
            "Completeness of the text content (0-5): 4\nCompleteness of image content (0-5): 3\n"
            "Quality of the image (0-5): 5\nText-image synergy (0-5): 2"
        ),
        (
            "**Text Content Completeness (0–5 points):** 4\n**Image Content Completeness:** 3\n"
            "**Image Quality:** 5\n**Text-Image Complementarity:** 2"
        ),
        "Text response quality: 4\nImage response quality: 3\nImage aesthetic quality: 5\nSynergy: 2",
        "| dimension | score |\n|---|---|\n| TCC | 4 |\n| ICC | 3 |\n| IQ | 5 |\n| ITS | 2 |",
        "First I thought TCC 1, ICC 1, IQ 1, ITS 1. On reflection TCC: 4, ICC: 3, IQ: 5, ITS: 2.",
        (
            "The text content completeness gets a score of 4; image content completeness is rated 3; "
            "the image quality is 5 and the image-text synergy 2."
        ),
    ],
)
def test_every_usual_spelling_is_understood(text):
    assert read(text) == WANTED


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "TCC has no score"),
        ("I cannot judge this.", "TCC has no score"),
        ('{"TCC": 4, "ICC": 3, "IQ": 5}', "ITS has no score"),
        ('{"TCC": 4, "ICC": 3, "IQ": 5, "ITS": null}', "ITS has no score"),
        ('{"TCC": 4, "ICC": 3, "IQ": 5, "ITS": true}', "ITS has no score"),
        ('{"TCC": 4, "ICC": 3, "IQ": 5, "ITS": [2]}', "ITS has no score"),
        ('{"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 6}', "ITS is 6, which is none of the levels"),
        ('{"TCC": 4, "ICC": 3, "IQ": 5, "ITS": -1}', "ITS is -1, which is none of the levels"),
        ('{"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 2.5}', "ITS is 2.5, which is none of the levels"),
        ("TCC: 8/10, ICC: 3, IQ: 5, ITS: 2", "TCC is out of 10, where the highest level is 5"),
        ("TCC: 4-5, ICC: 3, IQ: 5, ITS: 2", "TCC has no score"),
        ("[4, 3, 5]", "TCC has no score"),
        ("The scores are 4, 3, 5 and 2.", "TCC has no score"),
        ("TCC (0-5), ICC (0-5), IQ (0-5), ITS (0-5)", "TCC has no score"),
    ],
)
def test_what_cannot_be_read_is_a_problem_and_no_value(text, problem):
    found = parse_reply(text, RUBRIC)
    assert found.problem == problem
    assert found.values == {}


def test_only_what_was_asked_for_has_to_be_there():
    assert read("IQ: 5", ["IQ"]) == {"IQ": 5}
    assert read("ICC: 3, IQ: 5", ["TCC"]) == "TCC has no score"


def test_names_are_those_of_the_rubric_whatever_they_are():
    rubric = rubric_from_data(
        {
            "key": "two",
            "title": "Two",
            "dimensions": [
                {"key": "flow", "name": "Fluidité de la prose", "needs": [], "levels": [-1, 0, 0.5]},
                {"key": "rel", "name": "Relevance", "needs": [], "levels": [1, 2, 3]},
            ],
        }
    )
    assert parse_reply("Fluidite de la prose: 0.5; RELEVANCE: 3", rubric).values == {"flow": 0.5, "rel": 3}
    assert parse_reply("flow: -1, rel: 1", rubric).values == {"flow": -1, "rel": 1}


@given(st.text(max_size=300))
def test_no_reply_breaks_the_reader(text):
    found = parse_reply(text, RUBRIC)
    assert bool(found.problem) != bool(found.values)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=8))
def test_no_json_breaks_the_reader(value):
    parse_reply(json.dumps({"TCC": value, "x": [value]}), RUBRIC)


def test_a_reply_without_end_is_read_in_time():
    assert read("{" * 20_000) == "TCC has no score"
    assert read('{"TCC":' * 20_000) == "TCC has no score"
    assert read("TCC " * 20_000 + "1-" * 20_000) == "TCC has no score"
