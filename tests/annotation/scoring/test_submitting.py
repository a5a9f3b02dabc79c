"""What a submission stores, what it refuses, and how it is taken back."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.core.errors import BadInput, NotFound, WrongState
from annotation.models import Assignment, HistoryEntry, Level, Member, Rating, Sample, Score, Study
from annotation.scoring import leases, leasing, submitting
from tests.factories import make_member, make_sample, make_study

pytestmark = pytest.mark.django_db
GOOD: dict[str, float] = {"TCC": 4, "ICC": 3, "IQ": 2, "ITS": 1}


@pytest.fixture
def study() -> Study:
    return make_study(k=2)


@pytest.fixture
def ann(study: Study) -> Member:
    return make_member(study, "ann")


def lease(who: Member) -> str:
    assert who.user is not None
    return leasing.lease_samples(by=who.user, slug=who.study.slug).assignments[0].public_id


def submit(
    who: Member, assignment: str, ratings: Any = GOOD, key: UUID | None = None, **more: Any
) -> submitting.SubmissionResult:
    assert who.user is not None
    return submitting.submit_score(
        by=who.user,
        assignment_id=assignment,
        client_key=key or uuid4(),
        ratings=ratings,
        notes=more.get("notes", {}),
        seconds=more.get("seconds", 12.5),
    )


def test_a_score_is_stored_with_its_values_notes_seconds_and_history(study: Study, ann: Member) -> None:
    sample = make_sample(study, pictures=["red"])
    answer = submit(ann, lease(ann), notes={"IQ": " blurred at the left "})
    score = Score.objects.get()
    assert {r.dimension.key: r.level.value for r in score.ratings.all()} == GOOD
    assert {r.dimension.key: r.note for r in score.ratings.all() if r.note} == {"IQ": "blurred at the left"}
    assert (score.seconds, score.member, score.sample) == (12.5, ann, sample)
    assert answer.ratings == GOOD
    sample.refresh_from_db()
    assert sample.scores_in == 1
    assert HistoryEntry.objects.filter(sample=sample, event="scored", member=ann).count() == 1


def test_the_same_key_again_stores_nothing_and_answers_the_same(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine, key = lease(ann), uuid4()
    first, second = submit(ann, mine, key=key), submit(ann, mine, key=key)
    assert first == second
    assert Score.objects.count() == 1


def test_a_second_score_for_a_finished_assignment_is_refused(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine = lease(ann)
    submit(ann, mine)
    with pytest.raises(WrongState) as refused:
        submit(ann, mine, {**GOOD, "TCC": 0})
    assert refused.value.code == "already_scored"
    assert {r.level.value for r in Rating.objects.filter(dimension__key="TCC")} == {4}


def test_a_key_of_another_score_is_refused_and_the_lease_stays(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    make_sample(study, pictures=["red"])
    key = uuid4()
    submit(ann, lease(ann), key=key)
    other = lease(ann)
    with pytest.raises(WrongState) as refused:
        submit(ann, other, key=key)
    assert refused.value.code == "client_key_reused"
    assert Assignment.objects.get(public_id=other).state == Assignment.State.LEASED
    assert Score.objects.count() == Sample.objects.filter(scores_in=1).count() == 1


@pytest.mark.parametrize(
    ("ratings", "field"),
    [
        ({**GOOD, "TCC": 99}, "ratings.TCC"),
        ({**GOOD, "TCC": -3}, "ratings.TCC"),
        ({**GOOD, "TCC": 2.5}, "ratings.TCC"),
        ({**GOOD, "TCC": "abc"}, "ratings.TCC"),
        ({**GOOD, "TCC": "4"}, "ratings.TCC"),
        ({**GOOD, "TCC": None}, "ratings.TCC"),
        ({**GOOD, "TCC": True}, "ratings.TCC"),
        ({**GOOD, "TCC": [4]}, "ratings.TCC"),
        ({**GOOD, "TCC": float("nan")}, "ratings.TCC"),
        ({**GOOD, "XYZ": 1}, "ratings.XYZ"),
        ({"TCC": 4, "ICC": 3, "IQ": 2}, "ratings.ITS"),
        ({}, "ratings.TCC"),
    ],
)
def test_a_value_that_is_no_level_is_refused_by_name_and_nothing_is_stored(
    study: Study, ann: Member, ratings: dict[str, Any], field: str
) -> None:
    make_sample(study, pictures=["red"])
    mine = lease(ann)
    with pytest.raises(BadInput) as refused:
        submit(ann, mine, ratings)
    assert field in refused.value.fields
    assert not Score.objects.exists()
    assert Assignment.objects.get(public_id=mine).state == Assignment.State.LEASED


def test_the_database_refuses_a_level_of_another_dimension(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    submit(ann, lease(ann))
    rating = Rating.objects.filter(dimension__key="TCC").get()
    foreign = Level.objects.filter(dimension__key="IQ").first()
    assert foreign is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        Rating.objects.filter(pk=rating.pk).update(level=foreign)


def test_a_missing_picture_locks_its_dimensions(study: Study, ann: Member) -> None:
    make_sample(study, text="Only words.")
    work = leasing.lease_samples(by=ann.user, slug=study.slug).assignments[0]  # type: ignore[arg-type]
    assert {key: (lock.value, lock.why) for key, lock in work.sample.locked.items()} == {
        "ICC": (0, "no_image"),
        "IQ": (0, "no_image"),
        "ITS": (0, "no_image"),
    }
    with pytest.raises(BadInput) as refused:
        submit(ann, work.public_id, {**GOOD})
    assert sorted(refused.value.fields) == ["ratings.ICC", "ratings.IQ", "ratings.ITS"]
    answer = submit(ann, work.public_id, {"TCC": 4, "IQ": 0})
    assert answer.ratings == {"TCC": 4, "ICC": 0, "IQ": 0, "ITS": 0}
    assert [r.dimension.key for r in Rating.objects.all()] == ["TCC"]


def test_somebody_elses_assignment_does_not_exist_for_ben(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    ben = make_member(study, "ben")
    with pytest.raises(NotFound):
        submit(ben, lease(ann))


def test_a_late_score_counts_while_a_slot_is_free(study: Study, ann: Member) -> None:
    sample = make_sample(study, pictures=["red"])
    mine = lease(ann)
    Assignment.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    leases.expire_leases()
    assert submit(ann, mine).state == "scored"
    sample.refresh_from_db()
    assert (sample.scores_in, sample.free_slots) == (1, 0b10)


def test_a_late_score_is_refused_after_the_lease_went_to_others(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine = lease(ann)
    Assignment.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    for name in ("ben", "cho"):
        lease(make_member(study, name))
    with pytest.raises(WrongState) as refused:
        submit(ann, mine)
    assert refused.value.code == "lease_lost"
    assert not Score.objects.exists()
    assert Sample.objects.get().scores_in == 0


def test_undo_voids_the_score_keeps_the_row_and_restores_the_lease(study: Study, ann: Member) -> None:
    sample = make_sample(study, pictures=["red"])
    mine = lease(ann)
    submit(ann, mine, notes={"TCC": "hm"})
    answer = submitting.undo_score(by=ann.user, assignment_id=mine)  # type: ignore[arg-type]
    assert (answer.state, answer.ratings, answer.notes) == ("leased", GOOD, {"TCC": "hm"})
    assert Score.objects.get().voided_at is not None
    sample.refresh_from_db()
    assert sample.scores_in == 0
    assert lease(ann) == mine
    submit(ann, mine, {**GOOD, "TCC": 5})
    assert Score.objects.filter(voided_at=None).get().ratings.get(dimension__key="TCC").level.value == 5


def test_undo_twice_is_the_same_as_once(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine = lease(ann)
    submit(ann, mine)
    submitting.undo_score(by=ann.user, assignment_id=mine)  # type: ignore[arg-type]
    submitting.undo_score(by=ann.user, assignment_id=mine)  # type: ignore[arg-type]
    assert Sample.objects.get().scores_in == 0
    assert HistoryEntry.objects.filter(event="undone").count() == 1


def test_an_answer_that_arrives_again_after_its_undo_is_not_stored_again(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine, key = lease(ann), uuid4()
    submit(ann, mine, key=key)
    submitting.undo_score(by=ann.user, assignment_id=mine)  # type: ignore[arg-type]
    with pytest.raises(WrongState) as refused:
        submit(ann, mine, key=key)
    assert refused.value.code == "undone"
    assert Assignment.objects.get(public_id=mine).state == Assignment.State.LEASED


def test_ten_minutes_later_a_score_cannot_be_undone(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine = lease(ann)
    submit(ann, mine)
    Score.objects.update(at=timezone.now() - timedelta(minutes=10, seconds=1))
    with pytest.raises(WrongState) as refused:
        submitting.undo_score(by=ann.user, assignment_id=mine)  # type: ignore[arg-type]
    assert refused.value.code == "undo_too_late"


def test_the_first_score_freezes_the_rubric(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    submit(ann, lease(ann))
    study.rubric.refresh_from_db()
    assert study.rubric.frozen_at is not None


def test_a_closed_study_takes_no_score_and_a_paused_one_takes_what_is_held(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine = lease(ann)
    Study.objects.update(state="closed")
    with pytest.raises(WrongState) as refused:
        submit(ann, mine)
    assert refused.value.code == "study_closed"
    Study.objects.update(state="paused")
    assert submit(ann, mine).state == "scored"


def test_a_sample_taken_out_while_somebody_looks_at_it_takes_no_score(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine = lease(ann)
    Sample.objects.update(state="withdrawn")
    with pytest.raises(WrongState, match="withdrawn cannot be scored"):
        submit(ann, mine)
    assert not Score.objects.exists()
    assert Sample.objects.get().scores_in == 0
    assert Assignment.objects.get(public_id=mine).state == Assignment.State.LEASED
