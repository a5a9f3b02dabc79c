"""The rubric file: what it may say, and what it means when it says nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.formats.rubric import RubricError, RubricSpec, parse_rubric, rubric_from_data

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "rubrics"
SMALL = """
key = "small"
title = "A small one"

[[dimensions]]
key = "IQ"
name = "Image quality"
needs = ["image"]
levels = [0, 0.5, 1]
"""


def make_dimension(**fields):
    dimension = {"key": "IQ", "name": "Image quality", "needs": ["image"], "levels": [1, 2, 3], **fields}
    return rubric_from_data({"key": "small", "title": "Small", "dimensions": [dimension]}).dimensions[0]


def test_levels_may_be_any_numbers():
    assert parse_rubric(SMALL).dimensions[0].values == (0.0, 0.5, 1.0)


def test_where_nothing_is_said_a_missing_side_makes_a_dimension_not_applicable():
    dimension = parse_rubric(SMALL).dimensions[0]
    assert (dimension.missing, dimension.missing_value) == ("not_applicable", None)


def test_a_missing_side_may_mean_a_level():
    assert make_dimension(missing=1).missing_value == 1.0
    assert make_dimension(missing="not_applicable").missing_value is None


def test_anchors_follow_the_order_in_which_the_levels_are_written():
    levels = make_dimension(levels=[3, 1, 2], anchors=["best", "worst", "middling"], labels=["c", "a", "b"]).levels
    assert [(level.value, level.anchor, level.label) for level in levels] == [
        (1.0, "worst", "a"),
        (2.0, "middling", "b"),
        (3.0, "best", "c"),
    ]


def test_anchors_may_be_a_table_that_leaves_levels_out():
    levels = make_dimension(levels=[0, 0.5, 1], anchors={"0.5": "half", "1": "all"}).levels
    assert [level.anchor for level in levels] == ["", "half", "all"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"levels": []}, "levels"),
        ({"levels": [1]}, "levels"),
        ({"levels": [1, 1]}, "levels"),
        ({"levels": [1, "2"]}, "levels"),
        ({"levels": [0, True]}, "levels"),
        ({"levels": [0, float("nan")]}, "levels"),
        ({"levels": [0, float("inf")]}, "levels"),
        ({"levels": list(range(101))}, "levels"),
        ({"levels": "0-5"}, "levels"),
        ({"needs": "image"}, "needs"),
        ({"needs": ["sound"]}, "needs"),
        ({"needs": ["image", "image"]}, "needs"),
        ({"needs": [{}]}, "needs"),
        ({"needs": None}, "needs"),
        ({"missing": 4}, "missing"),
        ({"missing": "nothing"}, "missing"),
        ({"missing": 1, "needs": []}, "missing"),
        ({"anchors": ["only one"]}, "anchors"),
        ({"anchors": {"4": "no such level"}}, "anchors"),
        ({"anchors": {"1": "a", "1.0": "b"}}, "anchors"),
        ({"anchors": {"1": 3}}, "anchors"),
        ({"anchors": "text"}, "anchors"),
        ({"labels": ["x" * 41, "y", "z"]}, "labels"),
        ({"key": "two words"}, "key"),
        ({"key": ""}, "key"),
        ({"key": 5}, "key"),
        ({"name": "  "}, "name"),
        ({"name": "nul \0"}, "name"),
        ({"wieght": 1}, "wieght"),
    ],
)
def test_a_faulty_dimension_is_refused_naming_the_field(fields, field):
    with pytest.raises(RubricError) as refused:
        make_dimension(**fields)
    assert refused.value.field == f"dimensions[0].{field}"
    assert refused.value.message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("key = ", 1),
        ('key = "a"\ntitle = "b"\n\n[[dimensions]\n', 4),
        (b"\xff\xfe", 0),
        ("", 0),
        (b"\x00" * 1_000_001, 0),
    ],
)
def test_what_is_no_rubric_file_is_refused(text, line):
    with pytest.raises(RubricError) as refused:
        parse_rubric(text)
    assert refused.value.line == line


def test_two_dimensions_of_one_name_are_refused():
    with pytest.raises(RubricError, match="second dimension"):
        parse_rubric(SMALL + SMALL[SMALL.index("[[") :])


def test_a_byte_order_mark_does_not_matter():
    assert parse_rubric(b"\xef\xbb\xbf" + SMALL.encode()) == parse_rubric(SMALL)


def test_the_same_said_differently_has_the_same_digest():
    other = SMALL.replace("levels = [0, 0.5, 1]", 'missing = "not_applicable"\nlevels = [1.0, 0.50, 0]')
    assert parse_rubric(other).digest() == parse_rubric(SMALL).digest()
    assert parse_rubric(SMALL.replace("quality", "beauty")).digest() != parse_rubric(SMALL).digest()


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=20, unique=True), st.text(max_size=30))
def test_what_is_read_can_be_written_and_read_again(levels, anchor):
    anchor = anchor.replace("\0", "")
    first = rubric_from_data(
        {
            "key": "k",
            "title": "t",
            "dimensions": [{"key": "D", "name": "n", "needs": [], "levels": levels, "anchors": [anchor] * len(levels)}],
        }
    )
    data = first.as_data()
    for dimension in data["dimensions"]:
        values, labels, anchors = zip(*dimension.pop("levels"), strict=True)
        dimension |= {"levels": list(values), "labels": list(labels), "anchors": list(anchors)}
    assert rubric_from_data(data) == first


class TestBuiltIn:
    def rubric(self, name: str) -> RubricSpec:
        return parse_rubric((FIXTURES / f"{name}.toml").read_bytes())

    def test_the_answer_rubric_has_its_four_dimensions_and_what_a_missing_side_means(self):
        rubric = self.rubric("interleaved-answer")
        said = {d.key: (d.needs_text, d.needs_image, d.missing_value) for d in rubric.dimensions}
        assert said == {
            "TCC": (True, False, 0.0),
            "ICC": (False, True, 0.0),
            "IQ": (False, True, 0.0),
            "ITS": (True, True, 0.0),
        }

    def test_the_question_rubric_has_five_aspects_that_need_no_answer(self):
        rubric = self.rubric("question-quality")
        assert len(rubric.dimensions) == 5
        assert not any(d.needs_text or d.needs_image for d in rubric.dimensions)

    @pytest.mark.parametrize("name", ["interleaved-answer", "question-quality"])
    def test_every_level_from_0_to_5_has_a_label_for_its_key_and_an_anchor(self, name):
        for dimension in self.rubric(name).dimensions:
            assert dimension.values == (0, 1, 2, 3, 4, 5)
            assert all(level.anchor and 0 < len(level.label) <= 12 for level in dimension.levels)
