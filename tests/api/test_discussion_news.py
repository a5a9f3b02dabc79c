"""News of a discussion: cheap to ask for, and nothing in them before its time."""

from typing import Any

import pytest

from annotation.models import Discussion, Study
from tests.factories import make_member

from .caller import Caller
from .discussing import comment, give_reasons, make_dispute, move, path, topic, without_version

pytestmark = pytest.mark.django_db
CASE_STATEMENTS = 14
LIST_STATEMENTS = 14


@pytest.fixture
def case(study: Study, ann: Caller, ben: Caller) -> Discussion:
    return make_dispute(study, ann, ben)


def test_a_page_that_knows_everything_gets_nothing(case: Discussion, ann: Caller, ben: Caller) -> None:
    version = give_reasons(ann, case).json()["version"]
    for _ in range(2):
        answer = ann.get(path(case, f"?since={version}"))
        assert (answer.status_code, answer.content) == (204, b"")
    give_reasons(ben, case)
    answer = ann.get(path(case, f"?since={version}"))
    assert answer.status_code == 200
    assert len(topic(answer.json(), "IQ")["posts"]) == 2
    assert ann.get(path(case, f"?since={answer.json()['version']}")).status_code == 204


@pytest.mark.parametrize("since", ["", "1", "a.b.c", "%00", "é", "....", "x" * 101])
def test_a_version_that_we_have_not_given_is_no_reason_to_keep_silent(
    case: Discussion, ann: Caller, since: str
) -> None:
    assert ann.get(path(case, f"?since={since}")).status_code in (200, 400)


def test_asking_for_news_takes_one_statement_after_signing_in(
    case: Discussion, ann: Caller, django_assert_max_num_queries: Any
) -> None:
    version = ann.get(path(case)).json()["version"]
    with django_assert_max_num_queries(2):
        assert ann.get(path(case, f"?since={version}")).status_code == 204


def test_before_the_own_reason_nothing_that_others_do_shows(
    study: Study, ann: Caller, ben: Caller, ada: Caller
) -> None:
    study.protocols.update(annotators_per_sample=3)
    cho = Caller(make_member(study, "cho"))
    case = make_dispute(study, ann, ben, cho)
    shown = ann.get(path(case)).json()
    row = ann.get("studies/birds/discussions/").json()
    for step in (
        lambda: give_reasons(ben, case),
        lambda: give_reasons(cho, case, IQ="Blurred."),
        lambda: comment(ben, case),
        lambda: move(ben, case, ITS=2),
    ):
        assert step().status_code == 200
        # Asked twice: a version that grew old in between must not tell either.
        for _ in range(2):
            assert ann.get(path(case, f"?since={shown['version']}")).status_code == 204
        assert without_version(ann.get(path(case)).json()) == without_version(shown)
        assert ann.get("studies/birds/discussions/").json() == row
        assert ann.get("me/").json()["waiting"] == 1
    versions = {ann.get(path(case)).json()["version"] for _ in range(3)}
    assert len(versions) == 3


def test_reading_a_case_or_a_list_takes_as_many_statements_however_much_was_said(
    study: Study, ann: Caller, ben: Caller, django_assert_max_num_queries: Any
) -> None:
    case = make_dispute(study, ann, ben)
    give_reasons(ann, case)
    give_reasons(ben, case)
    ann.get(path(case))
    for _ in range(2):
        with django_assert_max_num_queries(CASE_STATEMENTS):
            ann.get(path(case))
        with django_assert_max_num_queries(LIST_STATEMENTS):
            ann.get("studies/birds/discussions/")
        for number in range(10):
            comment(ben, case, f"More {number}.")
        for _ in range(4):
            make_dispute(study, ann, ben)
