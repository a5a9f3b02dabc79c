"""Who gets which sample, and what happens when they come back, leave or skip."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation.core.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.models import Assignment, HistoryEntry, Member, Sample, Skip, Study
from annotation.scoring import claiming, claiming_sql, exposures, leases, leasing, submitting
from annotation.studies import studies
from tests.factories import make_member, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db
GOOD = {"TCC": 4, "ICC": 3, "IQ": 2, "ITS": 1}


def lease_ids(who: Member, count: int = 1) -> list[str]:
    assert who.user is not None
    return [work.public_id for work in leasing.lease_samples(by=who.user, slug=who.study.slug, count=count).assignments]


def sample_of(assignment_id: str) -> Sample:
    return Assignment.objects.get(public_id=assignment_id).sample


def score(who: Member, assignment_id: str) -> None:
    assert who.user is not None
    submitting.submit_score(
        by=who.user, assignment_id=assignment_id, client_key=uuid4(), ratings=GOOD, notes={}, seconds=9.5
    )


def run_out(assignment_id: str) -> None:
    Assignment.objects.filter(public_id=assignment_id).update(expires_at=timezone.now() - timedelta(seconds=1))


@pytest.fixture
def study() -> Study:
    return make_study(k=2)


@pytest.fixture
def ann(study: Study) -> Member:
    return make_member(study, "ann")


@pytest.fixture
def ben(study: Study) -> Member:
    return make_member(study, "ben")


@pytest.fixture
def cho(study: Study) -> Member:
    return make_member(study, "cho")


def test_ann_gets_back_what_she_holds_before_anything_new(study: Study, ann: Member) -> None:
    for _ in range(3):
        make_sample(study, pictures=["red"])
    first = lease_ids(ann, 2)
    assert lease_ids(ann, 1) == first[:1]
    assert lease_ids(ann, 3)[:2] == first
    assert Assignment.objects.filter(member=ann).count() == 3


def test_a_begun_sample_is_finished_before_a_new_one_is_opened(study: Study, ann: Member, ben: Member) -> None:
    for _ in range(20):
        make_sample(study, pictures=["red"])
    begun = sample_of(lease_ids(ann)[0])
    assert sample_of(lease_ids(ben)[0]) == begun


def test_a_higher_priority_goes_first_among_begun_and_among_new_samples(study: Study, ann: Member, ben: Member) -> None:
    for priority in (0, 3, 7):
        make_sample(study, pictures=["red"], priority=priority)
    assert [sample_of(a).priority for a in lease_ids(ann, 3)] == [7, 3, 0]
    assert [sample_of(a).priority for a in lease_ids(ben, 3)] == [7, 3, 0]


def test_no_sample_has_more_than_k_annotators(study: Study, ann: Member, ben: Member, cho: Member) -> None:
    make_sample(study, pictures=["red"])
    assert lease_ids(ann)
    assert lease_ids(ben)
    nothing = leasing.lease_samples(by=cho.user, slug=study.slug)  # type: ignore[arg-type]
    assert (nothing.assignments, nothing.reason) == ([], "nothing_left")


def test_nobody_meets_a_sample_twice(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    score(ann, lease_ids(ann)[0])
    assert lease_ids(ann) == []


def test_the_database_refuses_a_second_lease_of_a_slot_and_of_a_sample(study: Study, ann: Member, ben: Member) -> None:
    sample = make_sample(study, pictures=["red"])
    lease_ids(ann)
    now = timezone.now()
    for member, slot in ((ben, 1), (ann, 2)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Assignment.objects.create(sample=sample, member=member, slot=slot, leased_at=now, expires_at=now)


def test_a_lease_that_ran_out_comes_back_into_play(study: Study, ann: Member, ben: Member, cho: Member) -> None:
    make_sample(study, pictures=["red"])
    run_out(lease_ids(ann)[0])
    assert len(lease_ids(ben)) == 1
    assert len(lease_ids(cho)) == 1
    assert lease_ids(ann) == []


def test_ann_comes_back_after_her_lease_ran_out_and_finds_the_same_work(study: Study, ann: Member) -> None:
    for _ in range(5):
        make_sample(study, pictures=["red"])
    mine = lease_ids(ann)
    run_out(mine[0])
    assert lease_ids(ann) == mine


def test_a_renewed_lease_lasts_and_a_lost_one_cannot_be_renewed(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine = lease_ids(ann)[0]
    Assignment.objects.filter(public_id=mine).update(expires_at=timezone.now() + timedelta(seconds=30))
    assert leases.renew_lease(by=ann.user, assignment_id=mine) > timezone.now() + timedelta(minutes=20)  # type: ignore[arg-type]
    run_out(mine)
    with pytest.raises(WrongState) as lost:
        leases.renew_lease(by=ann.user, assignment_id=mine)  # type: ignore[arg-type]
    assert lost.value.code == "lease_lost"


def test_two_annotators_start_at_different_samples(study: Study) -> None:
    for shuffle in range(100):
        make_sample(study, pictures=["red"], shuffle=shuffle)
    ann, ben = make_member(study, "ann"), make_member(study, "ben")
    Member.objects.filter(pk=ann.pk).update(shuffle_start=10)
    Member.objects.filter(pk=ben.pk).update(shuffle_start=95)
    other = make_study("fish", rubric=study.rubric)
    assert other != study
    first = [sample_of(a).shuffle for a in lease_ids(Member.objects.get(pk=ann.pk), 3)]
    assert first == [10, 11, 12]
    Sample.objects.filter(stage=Sample.Stage.BEGUN).update(stage=0, free_slots=0)
    assert [sample_of(a).shuffle for a in lease_ids(Member.objects.get(pk=ben.pk), 7)] == [95, 96, 97, 98, 99, 0, 1]


def test_a_skipped_sample_goes_to_somebody_else_and_not_back(study: Study, ann: Member, ben: Member) -> None:
    make_sample(study, pictures=["red"])
    leases.skip_sample(by=ann.user, assignment_id=lease_ids(ann)[0], client_key=uuid4(), reason="language")  # type: ignore[arg-type]
    assert lease_ids(ann) == []
    assert len(lease_ids(ben)) == 1


def test_k_skips_block_a_sample(study: Study, ann: Member, ben: Member, cho: Member) -> None:
    sample = make_sample(study, pictures=["red"])
    for who in (ann, ben):
        leases.skip_sample(by=who.user, assignment_id=lease_ids(who)[0], client_key=uuid4(), reason="harmful")  # type: ignore[arg-type]
    sample.refresh_from_db()
    assert (sample.state, sample.state_reason) == ("blocked", "skipped")
    assert lease_ids(cho) == []


def test_the_same_skip_sent_twice_is_one_skip(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine, key = lease_ids(ann)[0], uuid4()
    for _ in range(2):
        leases.skip_sample(by=ann.user, assignment_id=mine, client_key=key, reason="known")  # type: ignore[arg-type]
    assert Skip.objects.count() == 1
    assert HistoryEntry.objects.filter(event="skipped").count() == 1


def test_a_skip_needs_a_reason_that_exists_and_words_where_it_is_another(study: Study, ann: Member) -> None:
    make_sample(study, pictures=["red"])
    mine = lease_ids(ann)[0]
    for reason, note, field in (("bored", "", "reason"), ("other", "  ", "note")):
        with pytest.raises(BadInput) as refused:
            leases.skip_sample(by=ann.user, assignment_id=mine, client_key=uuid4(), reason=reason, note=note)  # type: ignore[arg-type]
        assert list(refused.value.fields) == [field]
    assert lease_ids(ann) == [mine]


def test_a_paused_study_and_a_paused_annotator_get_no_new_work_and_are_told(study: Study, ann: Member) -> None:
    ada = make_member(study, "ada", "admin")
    make_sample(study, pictures=["red"])
    held = lease_ids(ann)
    studies.change_member(by=ada.user, member=ann, state="paused")  # type: ignore[arg-type]
    ann.refresh_from_db()
    told = leasing.lease_samples(by=ann.user, slug=study.slug)  # type: ignore[arg-type]
    assert (told.assignments, told.reason) == ([], "member_paused")
    assert Assignment.objects.get(public_id=held[0]).state == Assignment.State.RELEASED
    studies.change_member(by=ada.user, member=ann, state="active")  # type: ignore[arg-type]
    study = studies.change_study(by=ada.user, study=study, state="paused")  # type: ignore[arg-type]
    assert leasing.lease_samples(by=ann.user, slug=study.slug).reason == "study_not_running"  # type: ignore[arg-type]


def test_an_admin_never_scores_a_sample_that_they_have_looked_into(study: Study) -> None:
    ada = make_member(study, "ada", "admin")
    seen, unseen = make_sample(study, pictures=["red"]), make_sample(study, pictures=["blue"])
    exposures.record_exposure(member=ada, samples=[seen])
    assert [sample_of(a) for a in lease_ids(ada, 2)] == [unseen]


def test_an_admin_who_looks_into_a_sample_that_they_hold_loses_it(study: Study) -> None:
    ada = make_member(study, "ada", "admin")
    sample = make_sample(study, pictures=["red"])
    mine = lease_ids(ada)[0]
    exposures.record_exposure(member=ada, samples=[sample])
    with pytest.raises(WrongState) as refused:
        score(ada, mine)
    assert refused.value.code == "not_independent"
    assert lease_ids(ada) == []


def test_an_admin_who_exported_everything_scores_only_what_came_later(study: Study) -> None:
    ada = make_member(study, "ada", "admin")
    make_sample(study, pictures=["red"])
    exposures.record_exposure_to_all(member=ada)
    later = make_sample(study, pictures=["blue"])
    assert [sample_of(a) for a in lease_ids(ada, 2)] == [later]


def test_a_stranger_does_not_learn_that_the_study_exists_and_a_researcher_does_not_score(study: Study) -> None:
    with pytest.raises(NotFound):
        leasing.lease_samples(by=make_user("sam"), slug=study.slug)
    with pytest.raises(NotAllowed):
        leasing.lease_samples(by=make_member(study, "rita", "researcher").user, slug=study.slug)  # type: ignore[arg-type]


def test_past_a_long_run_of_her_own_samples_ann_still_finds_the_one_begun_by_ben(
    study: Study, ann: Member, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "CURSOR_LAG", timedelta(0))
    for _ in range(120):
        make_sample(study, pictures=["red"])
    for _ in range(12):
        for mine in lease_ids(ann, 10):
            score(ann, mine)
    last = Sample.objects.order_by("-queued_at").first()
    assert last is not None
    Assignment.objects.filter(sample=last).update(member=ben)
    assert [sample_of(a) for a in lease_ids(ann, 1)] == [last]


def test_a_cursor_never_hides_a_sample_for_good(study: Study, ann: Member, ben: Member) -> None:
    from annotation.models import QueueCursor

    make_sample(study, pictures=["red"])
    lease_ids(ben)
    QueueCursor.objects.create(member=ann, priority=0, queued_at=2**60)
    assert len(lease_ids(ann)) == 1


def test_somebody_who_is_always_too_late_for_begun_samples_gets_a_new_one(
    study: Study, ann: Member, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        make_sample(study, pictures=["red"])
    (begun,) = lease_ids(ben)
    monkeypatch.setattr(claiming_sql, "claim_begun", lambda *_, **__: False)

    (found,) = lease_ids(ann)

    assert sample_of(found) != sample_of(begun)
