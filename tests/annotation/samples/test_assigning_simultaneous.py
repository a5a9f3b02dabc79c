"""Admins who give samples to people at the same moment as others do something with them, on PostgreSQL."""

import pytest
from django.db import connection

from annotation.models import Assignment, Member, Sample, Study, User
from annotation.samples import assigning_by_hand, reopening, requesting_review
from annotation.scoring import leasing
from annotation.studies import studies
from tests.annotation.discussions.test_simultaneous import at_once
from tests.annotation.invariants import broken
from tests.annotation.scoring.score_rows import all_score, same, state_of
from tests.factories import make_member, make_sample, make_study, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
ROUNDS = 4


@pytest.fixture(autouse=True)
def _on_postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("In memory SQLite has one connection for all.")


@pytest.fixture
def study() -> Study:
    study = make_study(k=2)
    for name in ("ada", "abe"):
        make_member(study, name, "admin")
    for name in ("ann", "ben", "cho", "dan"):
        make_member(study, name)
    return study


def person(name: str) -> User:
    return make_user(name)


def give(by: str, sample: Sample, *names: str) -> None:
    keys = [Member.objects.get(user__username=name).public_id for name in names]
    assigning_by_hand.assign_sample(by=person(by), sample_id=sample.public_id, members=keys)


def test_two_admins_and_an_annotator_who_reach_for_the_same_slots_get_each_once(study: Study) -> None:
    for _ in range(ROUNDS):
        sample = make_sample(study, pictures=["red"])
        done = at_once(
            [
                lambda sample=sample: give("ada", sample, "ann", "ben"),  # type: ignore[misc]
                lambda sample=sample: give("abe", sample, "ben", "cho"),  # type: ignore[misc]
                lambda: leasing.lease_samples(by=person("dan"), slug="birds", count=1),
            ]
        )
        assert set(done) <= {"ok", "no_slot"}
        assert Assignment.objects.filter(sample=sample, state=1).count() <= 2
        assert not broken(study)


def test_the_same_click_twice_gives_it_once(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    assert at_once([lambda: give("ada", sample, "ann"), lambda: give("ada", sample, "ann")]) == ["ok", "ok"]
    assert Assignment.objects.filter(sample=sample).count() == 1
    assert not broken(study)


def test_whoever_is_paused_at_that_moment_holds_nothing(study: Study) -> None:
    ben = Member.objects.get(name="Ben")
    for _ in range(ROUNDS):
        sample = make_sample(study, pictures=["red"])
        Member.objects.filter(pk=ben.pk).update(state="active")
        ben.refresh_from_db()
        done = at_once(
            [
                lambda sample=sample: give("ada", sample, "ben"),  # type: ignore[misc]
                lambda: studies.change_member(by=person("abe"), member=ben, state="paused"),
            ]
        )
        assert done[1] == "ok"
        assert not Assignment.objects.filter(member=ben, state=1).exists()
        assert not broken(study)


def test_a_review_is_asked_once_and_never_beside_a_discussion(study: Study) -> None:
    for _ in range(ROUNDS):
        sample = make_sample(study, pictures=["red"], priority=9)
        all_score(study, {"ann": same(4), "ben": same(4)})
        assert state_of(sample) == "agreed"
        about = {"sample_id": sample.public_id, "reason": "Look again."}
        done = at_once(
            [
                lambda about=about: requesting_review.request_review(by=person("ada"), **about),  # type: ignore[misc]
                lambda about=about: requesting_review.request_review(by=person("abe"), **about),  # type: ignore[misc]
                lambda about=about: reopening.reopen_sample(by=person("abe"), **about),  # type: ignore[misc]
            ]
        )
        assert sorted(done) == ["ok", "wrong_state", "wrong_state"]
        assert not broken(study)
        reopening.withdraw_sample(by=person("ada"), sample_id=sample.public_id, reason="Done.")
