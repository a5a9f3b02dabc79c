"""The sample line: what is read from it, and what is refused with which field."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.formats.json_line import MAX_LINE_BYTES, RecordError, decode_line
from judge.formats.sample_line import Image, TextPart, parse_sample


def make_line(**fields):
    return {"id": "a", "question": "Why?", "answer": "So.", "image": "a.png", **fields}


def parse_line(raw):
    return parse_sample(decode_line(raw))


def refused_field(raw):
    with pytest.raises(RecordError) as refused:
        parse_line(raw if isinstance(raw, bytes) else json.dumps(raw).encode())
    assert len(refused.value.message) > 10
    return refused.value.field


def test_a_published_line_is_one_turn_of_text_and_picture():
    record = parse_sample(make_line())
    (turn,) = record.turns
    assert (turn.question, turn.blocks) == ("Why?", [TextPart("So."), Image("a.png", "image")])
    assert (record.has_text, record.has_image) == (True, True)


@pytest.mark.parametrize("nothing", [None, "null", "", "  ", " null "])
def test_null_in_every_spelling_means_that_a_side_is_missing(nothing):
    record = parse_sample(make_line(answer=nothing, image=nothing))
    assert record.turns[0].blocks == []
    assert (record.has_text, record.has_image) == (False, False)


def test_absent_means_that_a_side_is_missing():
    assert not parse_sample({"id": "a", "question": "Why?", "image": "a.png"}).has_text
    assert not parse_sample({"id": "a", "question": "Why?", "answer": "So."}).has_image


def test_several_pictures_keep_their_order():
    record = parse_sample(make_line(image=None, images=["b.png", None, "a.png"]))
    assert [image.path for image in record.images] == ["b.png", "a.png"]


def test_context_turns_are_shown_and_not_judged():
    turns = [
        {"question": "Who?", "blocks": [{"text": "She."}, {"image": "a.png"}], "context": True},
        {"question": "Why?", "blocks": [{"text": "So."}]},
    ]
    record = parse_sample({"id": "a", "turns": turns})
    assert (record.has_text, record.has_image) == (True, False)
    assert [image.field for image in record.images] == ["turns[0].blocks[1].image"]


def test_whole_numbers_may_be_ids():
    record = parse_sample(make_line(id=17, question_id=3))
    assert (record.id, record.question_id) == ("17", "3")


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"{", ""),
        (b"[1, 2]", ""),
        (b'"text"', ""),
        (b"null", ""),
        (b"\xff\xfe{", ""),
        (b'{"id": NaN}', ""),
        (b'{"id": "a", "question": "q", "metadata": {"x": ' + b"1" * 5000 + b"}}", ""),
        (b'{"id": "a", "question": "q", "metadata": {"x": 1e999}}', "metadata.x"),
        (b'{"id": "a", "id": "b", "question": "q"}', "id"),
        (b'{"id": "a", "question": "q", "metadata": {"x": 1, "x": 2}}', "x"),
        (b'{"id": "a", "question": "q", "answer": "nul \\u0000"}', "answer"),
        (b'{"id": "a", "question": "q", "answer": "half \\ud83d"}', "answer"),
        (b'{"id": "a", "question": "q", "metadata": {"deep": ["\\udc00"]}}', "metadata.deep[0]"),
        (b'{"id": "a", "question": "q", "metadata": {"\\u0000": 1}}', "metadata"),
        (b'{"id": "a", "question": "' + b"q" * MAX_LINE_BYTES + b'"}', ""),
        (b'{"id": ' + b"[" * 100_000, ""),
    ],
)
def test_what_cannot_be_read_or_stored_is_refused(raw, field):
    assert refused_field(raw) == field


def test_a_whole_surrogate_pair_is_a_character_like_any_other():
    assert parse_line(b'{"id": "a", "question": "\\ud83d\\ude00"}').turns[0].question == "😀"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"id": None}, "id"),
        ({"id": ""}, "id"),
        ({"id": "x" * 201}, "id"),
        ({"id": True}, "id"),
        ({"id": 1.5}, "id"),
        ({"id": ["a"]}, "id"),
        ({"question": None}, "question"),
        ({"question": 5}, "question"),
        ({"answer": ["text"]}, "answer"),
        ({"answer": 5}, "answer"),
        ({"image": {"path": "a"}}, "image"),
        ({"image": "x" * 301}, "image"),
        ({"images": "a.png", "image": None}, "images"),
        ({"images": [5], "image": None}, "images[0]"),
        ({"images": ["b.png"]}, "images"),
        ({"image": None, "images": ["b.png"] * 101}, "images"),
        ({"generator": 5}, "generator"),
        ({"generator": "x" * 121}, "generator"),
        ({"language": "x" * 41}, "language"),
        ({"question_id": "x" * 201}, "question_id"),
        ({"metadata": []}, "metadata"),
        ({"labels": "5,5,5,5"}, "labels"),
        ({"labels": [5, "5"]}, "labels"),
        ({"labels": [True]}, "labels"),
        ({"anwser": "typo"}, "anwser"),
        ({"turns": [{"question": "q", "blocks": []}]}, "question"),
    ],
)
def test_a_faulty_field_is_refused_by_name(fields, field):
    assert refused_field(make_line(**fields)) == field


@pytest.mark.parametrize(
    ("turns", "field"),
    [
        ([], "turns"),
        ("text", "turns"),
        (["text"], "turns[0]"),
        ([{"question": "q", "blocks": "text"}], "turns[0].blocks"),
        ([{"question": "q", "blocks": ["text"]}], "turns[0].blocks[0]"),
        ([{"question": "q", "blocks": [{"text": "a", "image": "b"}]}], "turns[0].blocks[0]"),
        ([{"question": "q", "blocks": [{}]}], "turns[0].blocks[0]"),
        ([{"question": "q", "blocks": [{"video": "a"}]}], "turns[0].blocks[0].video"),
        ([{"question": "q", "blocks": [{"text": 5}]}], "turns[0].blocks[0].text"),
        ([{"question": "q", "blocks": [], "context": "yes"}], "turns[0].context"),
        ([{"question": "q", "blocks": [], "context": True}], "turns"),
        ([{"question": None, "blocks": [{"text": "a"}]}], "turns[0].question"),
        ([{"question": "q", "blocks": [], "answer": "a"}], "turns[0].answer"),
    ],
)
def test_a_faulty_turn_is_refused_by_its_place(turns, field):
    assert refused_field({"id": "a", "turns": turns}) == field


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["id", "question", "answer", "image", "images", "turns", "metadata", "labels", "extra"])


@given(st.dictionaries(names, json_values))
def test_whatever_a_line_holds_it_is_either_read_or_refused(data):
    with suppress(RecordError):
        assert parse_line(json.dumps(data).encode()).id


@given(st.binary(max_size=200))
def test_whatever_bytes_a_line_has_it_is_either_read_or_refused(raw):
    with suppress(RecordError):
        assert parse_line(raw).id
