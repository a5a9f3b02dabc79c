"""What is read as JSON, and what is refused before anything else looks at it."""

import pytest

from annotation.core.errors import BadInput
from api.strict_json import read_object


def refused(body: bytes) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_object(body)
    return caught.value


def test_an_object_is_read_as_it_is() -> None:
    assert read_object('{"a": {"b": [1, 2.5, "ü😀", null, true]}}'.encode()) == {
        "a": {"b": [1, 2.5, "ü😀", None, True]}
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"TCC": 4, "TCC": 5}', "TCC"),
        (b'{"ratings": {"TCC": 4, "IQ": 1, "TCC": 4}}', "ratings.TCC"),
        (b'{"a": [{"b": 1}, {"b": 1, "b": 2}]}', "a.1.b"),
        (b'{"ratings": {"x": {"y": 1, "y": 1}}, "z": 1}', "ratings.x.y"),
    ],
)
def test_a_repeated_key_is_named_with_its_path(body: bytes, field: str) -> None:
    assert list(refused(body).fields) == [field]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": -1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1',
        b'{"a": 1} x',
        b"{'a': 1}",
        b"\xff\xfe",
        b'{"a": "\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\x00"}',
        b"",
        b"[" * 100_000,
        b'{"a": ' + b"[" * 21 + b"]" * 21 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
)
def test_what_is_no_json_or_cannot_be_stored_is_malformed(body: bytes) -> None:
    assert refused(body).code == "malformed"


@pytest.mark.parametrize("body", [b"[]", b"[1]", b'"text"', b"4", b"null", b"true"])
def test_a_body_must_be_an_object(body: bytes) -> None:
    assert list(refused(body).fields) == ["body"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (rb'{"note": "a\u0000b"}', "note"),
        (rb'{"notes": {"TCC": "\ud800"}}', "notes.TCC"),
        (rb'{"a": ["x", "\udfff"]}', "a.1"),
        (rb'{"a": {"\u0000": 1}}', "a.�"),
    ],
)
def test_characters_that_cannot_be_stored_are_named(body: bytes, field: str) -> None:
    assert list(refused(body).fields) == [field]


def test_a_pair_of_escapes_is_one_character() -> None:
    assert read_object(rb'{"a": "\ud83d\ude00"}') == {"a": "😀"}
