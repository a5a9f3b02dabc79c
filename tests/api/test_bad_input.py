"""What other tools store without a word is refused here: the field is named and nothing is stored."""

import json
from typing import Any
from uuid import uuid4

import pytest

from annotation.models import Assignment, Rating, Score, Study
from tests.factories import make_sample

from .caller import GOOD, Caller, fields, refusal

pytestmark = pytest.mark.django_db
KEY = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def assignment(study: Study, ann: Caller) -> str:
    make_sample(study, pictures=["red"])
    return ann.lease()


@pytest.fixture(autouse=True)
def _nothing_is_stored(assignment: str) -> Any:
    yield
    assert not Score.objects.exists()
    assert not Rating.objects.exists()
    assert Assignment.objects.get().state == Assignment.State.LEASED


@pytest.mark.parametrize(
    "value", [99, -3, 2.5, "abc", "4", "", None, True, False, [], [4], {}, {"value": 4}, 10**30, 10**400, -0.5, 1e300]
)
def test_what_is_no_level_is_refused(ann: Caller, assignment: str, value: Any) -> None:
    assert fields(ann.score(assignment, GOOD | {"IQ": value})) == {"ratings.IQ"}


@pytest.mark.parametrize("digits", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
def test_what_is_no_number_of_json_is_refused(ann: Caller, assignment: str, digits: str) -> None:
    body = '{"client_key": "%s", "ratings": {"TCC": 1, "ICC": 1, "IQ": %s, "ITS": 1}}' % (KEY, digits)  # noqa: UP031
    assert refusal(ann.put(f"assignments/{assignment}/score/", body)) == (400, "malformed")


@pytest.mark.parametrize("key", ["XYZ", "tcc", "", "TCC ", "ratings", "a" * 10_000, "Ž"])
def test_an_unknown_dimension_is_refused(ann: Caller, assignment: str, key: str) -> None:
    (field,) = fields(ann.score(assignment, GOOD | {key: 4}))
    assert field.startswith("ratings.")


def test_a_missing_dimension_is_refused(ann: Caller, assignment: str) -> None:
    assert fields(ann.score(assignment, {"TCC": 4, "ICC": 4, "IQ": 4})) == {"ratings.ITS"}


def test_every_fault_is_named_not_only_the_first(ann: Caller, assignment: str) -> None:
    response = ann.score(assignment, {"TCC": 99, "ICC": -3, "IQ": 2.5})
    assert fields(response) == {"ratings.TCC", "ratings.ICC", "ratings.IQ", "ratings.ITS"}
    assert "0, 1, 2, 3, 4, 5" in response.json()["fields"]["ratings.TCC"]


def test_a_repeated_dimension_is_refused_even_with_the_same_value(ann: Caller, assignment: str) -> None:
    body = f'{{"client_key": "{KEY}", "ratings": {{"TCC": 4, "TCC": 4, "ICC": 1, "IQ": 1, "ITS": 1}}}}'
    assert fields(ann.put(f"assignments/{assignment}/score/", body)) == {"ratings.TCC"}


@pytest.mark.parametrize("body", [b"", b"{}"])
def test_an_empty_body_is_refused(ann: Caller, assignment: str, body: bytes) -> None:
    assert fields(ann.put(f"assignments/{assignment}/score/", body)) == {"client_key", "ratings"}


@pytest.mark.parametrize("body", [b"[]", b"[4, 3, 2, 1]", b'"4321"', b"4", b"null", b"true"])
def test_a_body_that_is_no_object_is_refused(ann: Caller, assignment: str, body: bytes) -> None:
    assert fields(ann.put(f"assignments/{assignment}/score/", body)) == {"body"}


@pytest.mark.parametrize("ratings", [[], [4, 3, 2, 1], "TCC", "", 4, None, True])
def test_ratings_that_are_no_object_are_refused(ann: Caller, assignment: str, ratings: Any) -> None:
    assert "ratings" in fields(ann.score(assignment, ratings))


@pytest.mark.parametrize("notes", [[], "text", 4, None, True])
def test_notes_that_are_no_object_are_refused(ann: Caller, assignment: str, notes: Any) -> None:
    assert fields(ann.score(assignment, notes=notes)) == {"notes"}


@pytest.mark.parametrize("note", [4, None, True, [], {}, "x" * 4001])
def test_a_note_that_is_no_text_or_too_long_is_refused(ann: Caller, assignment: str, note: Any) -> None:
    assert fields(ann.score(assignment, notes={"IQ": note})) == {"notes.IQ"}


def test_a_note_for_an_unknown_dimension_is_refused(ann: Caller, assignment: str) -> None:
    assert fields(ann.score(assignment, notes={"XYZ": "why?"})) == {"notes.XYZ"}


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udc00\\ud800"])
def test_a_note_that_cannot_be_stored_is_refused(ann: Caller, assignment: str, escape: str) -> None:
    body = json.dumps({"client_key": KEY, "ratings": GOOD, "notes": {"IQ": "HERE"}}).replace("HERE", escape)
    assert fields(ann.put(f"assignments/{assignment}/score/", body)) == {"notes.IQ"}


@pytest.mark.parametrize("seconds", ["12", True, -1, 86_401, 10**400, [], {}])
def test_seconds_that_are_no_time_are_refused(ann: Caller, assignment: str, seconds: Any) -> None:
    assert fields(ann.score(assignment, seconds=seconds)) == {"seconds"}


@pytest.mark.parametrize(
    "key", ["", "abc", 4, None, True, [], {}, KEY.replace("-", ""), "{" + KEY + "}", f"urn:uuid:{KEY}"]
)
def test_a_client_key_that_is_no_uuid_is_refused(ann: Caller, assignment: str, key: Any) -> None:
    response = ann.put(f"assignments/{assignment}/score/", {"client_key": key, "ratings": GOOD})
    assert fields(response) == {"client_key"}


def test_a_missing_client_key_is_refused(ann: Caller, assignment: str) -> None:
    assert fields(ann.put(f"assignments/{assignment}/score/", {"ratings": GOOD})) == {"client_key"}


@pytest.mark.parametrize("name", ["score", "slot", "member", "rating", "a\\u0000b"])
def test_an_unknown_field_is_refused(ann: Caller, assignment: str, name: str) -> None:
    body = json.dumps({"client_key": KEY, "ratings": GOOD, "HERE": 1}).replace("HERE", name)
    (field,) = fields(ann.put(f"assignments/{assignment}/score/", body))
    assert field == name.replace("\\u0000", "�")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""],
)
def test_only_json_is_taken(ann: Caller, assignment: str, content_type: str) -> None:
    body = json.dumps({"client_key": KEY, "ratings": GOOD})
    response = ann.put(f"assignments/{assignment}/score/", body, content_type=content_type)
    assert refusal(response) == (415, "unsupported_media_type")


def test_a_charset_beside_the_content_type_does_no_harm(ann: Caller, assignment: str) -> None:
    response = ann.put(f"assignments/{assignment}/score/", b"{}", content_type="Application/JSON; charset=utf-8")
    assert response.status_code == 400


def test_a_body_that_is_too_large_is_refused(ann: Caller, assignment: str) -> None:
    response = ann.score(assignment, notes={"IQ": "x" * 1_100_000})
    assert refusal(response) == (413, "too_large")


@pytest.mark.parametrize("count", [0, -1, 11, 10**400, 1.5, "3", None, True, [], {}])
def test_a_lease_of_no_number_is_refused(ann: Caller, assignment: str, count: Any) -> None:
    assert fields(ann.post("studies/birds/assignments/", {"count": count})) == {"count"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": "bored"}, "reason"),
        ({"reason": 4}, "reason"),
        ({"reason": ["other"]}, "reason"),
        ({}, "reason"),
        ({"reason": "other"}, "note"),
        ({"reason": "other", "note": "  "}, "note"),
        ({"reason": "other", "note": 4}, "note"),
        ({"reason": "known", "note": "x" * 4001}, "note"),
        ({"reason": "known", "why": "x"}, "why"),
    ],
)
def test_a_skip_without_a_proper_reason_is_refused(ann: Caller, assignment: str, body: Any, field: str) -> None:
    response = ann.post(f"assignments/{assignment}/skip/", {"client_key": str(uuid4()), **body})
    assert fields(response) == {field}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=9223372036854775808&state=scored", "limit"),
        ("limit=0&state=scored", "limit"),
        ("limit=-1&state=scored", "limit"),
        ("limit=201&state=scored", "limit"),
        ("limit=ten&state=scored", "limit"),
        ("limit=%00&state=scored", "limit"),
        ("cursor=x&state=scored", "cursor"),
        ("cursor=%00&state=scored", "cursor"),
        ("limit=1", "limit"),
        ("state=leased", "state"),
        ("state=scored&state=scored", "state"),
        ("offset=1", "offset"),
        ("render=text", "render"),
        ("%ff=1", "�"),
    ],
)
def test_a_query_that_is_not_known_is_refused(ann: Caller, assignment: str, query: str, field: str) -> None:
    assert fields(ann.get(f"studies/birds/assignments/?{query}")) == {field}
