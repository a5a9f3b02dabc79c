"""What a judge is asked, and how it is to answer."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.formats.rubric import parse_rubric
from judge.formats.sample_line import Image, SampleTurn, TextPart
from judge.prompt import NO_ANSWER, build_prompt, format_answer, prompt_sha

RUBRIC = parse_rubric(
    (Path(__file__).resolve().parents[2] / "fixtures" / "rubrics" / "interleaved-answer.toml").read_bytes()
)
PLAIN = [SampleTurn("Why?", [TextPart("So."), Image("images/a.png", "")])]


def words(turns):
    return "".join(
        part.text if isinstance(part, TextPart) else f"[{part.path}]" for part in build_prompt(RUBRIC, turns)
    )


def test_every_dimension_level_and_anchor_is_named():
    asked = words(PLAIN)
    for dimension in RUBRIC.dimensions:
        assert f"{dimension.key}: {dimension.name}" in asked
        assert dimension.description in asked
        for level in dimension.levels:
            assert f"  {level.value:g} = {level.label}. {level.anchor.rstrip('.')}" in asked


def test_what_a_missing_side_means_is_said():
    assert "Without a text it is 0." in words(PLAIN)
    assert "Without a text or without a picture it is 0." in words(PLAIN)
    optional = replace(RUBRIC, dimensions=(replace(RUBRIC.dimensions[0], missing_value=None),))
    assert "null, meaning that it does not apply." in build_prompt(optional, PLAIN)[0].text


def test_texts_and_pictures_keep_their_order():
    turns = [
        SampleTurn("Who?", [Image("images/a.png", ""), TextPart("She.")], context=True),
        SampleTurn("Why?", [TextPart("One."), Image("images/b.png", ""), Image("images/c.png", ""), TextPart("Two.")]),
    ]
    asked = words(turns)
    places = [
        asked.index(piece)
        for piece in (
            "## Question 1 (context)\nWho?",
            "## Answer 1 (context)",
            "[images/a.png]",
            "She.",
            "## Question 2\nWhy?",
            "One.",
            "[images/b.png]",
            "[images/c.png]",
            "Two.",
        )
    ]
    assert places == sorted(places)


def test_context_is_explained_only_where_there_is_some():
    assert "context" not in words(PLAIN)
    assert "not part of what is scored" in words([SampleTurn("Who?", [TextPart("She.")], context=True), *PLAIN])


def test_an_empty_answer_is_said_to_be_empty():
    assert words([SampleTurn("Why?", [])]).endswith(NO_ANSWER)


@given(st.lists(st.one_of(st.builds(TextPart, st.text()), st.just(Image("images/a.png", ""))), max_size=6))
def test_no_two_texts_stand_side_by_side_and_no_picture_is_lost(blocks):
    parts = build_prompt(RUBRIC, [SampleTurn("Why?", blocks)])
    assert not any(isinstance(a, TextPart) and isinstance(b, TextPart) for a, b in pairwise(parts))
    assert sum(isinstance(part, Image) for part in parts) == sum(isinstance(block, Image) for block in blocks)


def test_the_answer_is_one_line_in_the_order_of_the_rubric():
    line = format_answer(RUBRIC, {"ITS": None, "IQ": 4.5, "ICC": 0.0, "TCC": 4.0})
    assert line == '{"TCC": 4, "ICC": 0, "IQ": 4.5, "ITS": null}'
    assert list(json.loads(line)) == [dimension.key for dimension in RUBRIC.dimensions]


@pytest.mark.parametrize(
    "changed",
    [
        replace(RUBRIC, dimensions=RUBRIC.dimensions[:3]),
        replace(RUBRIC, dimensions=(replace(RUBRIC.dimensions[0], description="Else."), *RUBRIC.dimensions[1:])),
        replace(RUBRIC, dimensions=(replace(RUBRIC.dimensions[0], missing_value=None), *RUBRIC.dimensions[1:])),
    ],
)
def test_another_rubric_is_another_prompt(changed):
    assert prompt_sha(changed) != prompt_sha(RUBRIC)


def test_the_same_rubric_is_the_same_prompt():
    assert prompt_sha(RUBRIC) == prompt_sha(replace(RUBRIC, title="Called otherwise"))
    assert len(prompt_sha(RUBRIC)) == 64
