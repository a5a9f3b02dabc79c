"""A rubric written as a file says the same when it is read again."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.formats.rubric import parse_rubric, rubric_from_data
from judge.formats.rubric_toml import to_toml

FIXTURES = Path(__file__).resolve().parents[3] / "fixtures" / "rubrics"

texts = st.text(max_size=60).filter(lambda text: "\0" not in text)
names = texts.filter(str.strip)
labels = st.text(max_size=40).filter(lambda text: "\0" not in text)
keys = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,30}", fullmatch=True)
values = st.one_of(
    st.integers(-1_000_000_000, 1_000_000_000), st.floats(-1e9, 1e9, allow_nan=False), st.integers(0, 10)
)


@st.composite
def dimensions(draw, key):
    levels = draw(st.lists(values, min_size=2, max_size=6, unique_by=lambda value: float(value) + 0.0))
    needs = draw(st.lists(st.sampled_from(["text", "image"]), unique=True))
    return {
        "key": key,
        "name": draw(names),
        "description": draw(texts),
        "needs": needs,
        "levels": levels,
        "missing": draw(st.sampled_from(["not_applicable", *(levels if needs else [])])),
        "labels": draw(st.one_of(st.just({}), st.lists(labels, min_size=len(levels), max_size=len(levels)))),
        "anchors": draw(st.one_of(st.just({}), st.lists(texts, min_size=len(levels), max_size=len(levels)))),
    }


@st.composite
def rubrics(draw):
    chosen = draw(st.lists(keys, min_size=1, max_size=4, unique=True))
    data = {"key": draw(keys), "title": draw(names), "description": draw(texts)}
    return rubric_from_data({**data, "dimensions": [draw(dimensions(key)) for key in chosen]})


@given(rubrics())
def test_any_rubric_is_read_back_as_the_same(rubric):
    again = parse_rubric(to_toml(rubric))
    assert again == rubric
    assert again.digest() == rubric.digest()


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_built_in_rubrics_are_read_back_as_the_same(path):
    rubric = parse_rubric(path.read_bytes())
    assert parse_rubric(to_toml(rubric).encode()) == rubric


def test_whole_levels_are_written_without_a_fraction_and_silent_fields_not_at_all():
    data = {"key": "IQ", "name": "Quality", "needs": ["image"], "levels": [0, 0.5, 1]}
    rubric = rubric_from_data({"key": "small", "title": 'A "small" one', "dimensions": [data]})
    assert to_toml(rubric) == (
        'key = "small"\ntitle = "A \\"small\\" one"\n\n[[dimensions]]\nkey = "IQ"\nname = "Quality"\n'
        'needs = ["image"]\nlevels = [0, 0.5, 1]\nmissing = "not_applicable"\n'
    )
