"""Every error has the one body, whatever went wrong and whoever asked."""

import json

import pytest
from django.db import DataError
from django.test import Client

from annotation.models import Study
from api.views import people
from tests.factories import make_user

from .caller import Browser, Caller, refusal

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["", "nothing/", "me", "studies/birds/nothing/", "studies/a b/", "samples/abc/", "..%2f"]
)
def test_an_unknown_address_is_a_404_of_ours(ann: Caller, nobody: Caller, path: str) -> None:
    for caller in (ann, nobody):
        assert refusal(caller.get(path)) == (404, "not_found")


def test_a_write_to_nowhere_is_a_404_of_ours_for_pages_too(ann: Caller) -> None:
    page = Browser(make_user("ann"))
    for method in ("POST", "DELETE"):
        assert refusal(page.call(method, "nothing/")) == (404, "not_found")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_a_method_that_there_is_not_is_a_405_of_ours(ann: Caller, method: str) -> None:
    response = ann.call(method, "me/")
    assert refusal(response) == (405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD"


def test_an_answer_is_json_whatever_is_asked_for(ann: Caller) -> None:
    for accept in ("text/html", "application/xml", "x/y;q=z", ""):
        response = ann.get("me/", headers={"accept": accept})
        assert (response.status_code, response["Content-Type"]) == (200, "application/json")
        assert response["Cache-Control"] == "no-store"


def test_ids_of_the_right_form_that_name_nothing_are_not_found(ann: Caller, ada: Caller) -> None:
    for caller in (ann, ada):
        for path in ("samples/", "samples/{}/history/", "assignments/", "jobs/", "jobs/{}/log/", "pictures/{}/web/"):
            path = path if "{}" in path else path + "{}/"
            assert refusal(caller.get(path.format("bcdfghjkmnpq"))) == (404, "not_found")
    assert refusal(ada.delete(f"studies/birds/invitations/{'9' * 18}/")) == (404, "not_found")
    assert refusal(ada.delete(f"tokens/{'9' * 18}/")) == (404, "not_found")
    assert refusal(ada.delete(f"tokens/{'9' * 30}/")) == (404, "not_found")


def test_what_the_database_cannot_hold_is_bad_input(ann: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    for fault in (DataError("out of range"), OverflowError("too large")):

        def fail(user: object, fault: Exception = fault) -> None:
            raise fault

        monkeypatch.setattr(people, "describe_user", fail)
        assert refusal(ann.get("me/")) == (400, "invalid")


def test_a_fault_of_ours_is_a_500_of_ours_and_is_logged(
    ann: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(user: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(people, "describe_user", fail)
    response = ann.get("me/")
    assert refusal(response) == (500, "server_error")
    assert "secret detail" not in response.content.decode()
    assert "secret detail" in caplog.text


def test_a_fault_of_ours_is_seen_by_tests(ann: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(user: object) -> None:
        raise RuntimeError("seen")

    monkeypatch.setattr(people, "describe_user", fail)
    with pytest.raises(RuntimeError, match="seen"):
        Client().get("/api/me/", headers=ann.headers)


def test_a_body_on_a_reading_request_does_no_harm(ann: Caller, study: Study) -> None:
    assert ann.call("GET", "studies/birds/", b"{not json").status_code == 200
    assert ann.call("GET", "studies/birds/", b"x", content_type="text/plain").status_code == 200


def test_every_error_is_json_that_can_be_read(ada: Caller) -> None:
    response = ada.post("studies/birds/members/", json.dumps({"a\ud800": 1}))
    assert refusal(response)[0] == 400
