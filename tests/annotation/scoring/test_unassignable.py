"""Cross-review: somebody new, asked in the same way as everybody; and samples that nobody is left to take."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.core.errors import WrongState
from annotation.models import Assignment, HistoryEntry, Member, Participant, Sample, Score, Study
from annotation.scoring import exposures, leases, leasing, submitting, unassignable
from tests.factories import make_member, make_sample, make_study, make_user

from .score_rows import ALL, all_score, discussion_of, finals, lease, person, same, score, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study(k=2, cross_review="high", review_threshold=4)


@pytest.fixture
def sample(study: Study) -> Sample:
    """One that Ann and Ben have rated highly."""
    made = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(4), "ben": same(4)})
    return made


def skip(study: Study, name: str) -> None:
    work = lease(study, name)
    assert work is not None
    leases.skip_sample(by=person(study, name), assignment_id=work.public_id, client_key=uuid4(), reason="expertise")


def test_a_high_rated_sample_waits_for_somebody_new_and_has_no_final_score_yet(sample: Sample) -> None:
    assert (state_of(sample), sample.stage, sample.free_slots, sample.scores_needed) == ("in_review", 2, 0b100, 3)
    assert not finals(sample)
    assert HistoryEntry.objects.get(sample=sample, event="review_asked").detail == {"to": "in_review"}


def test_a_lower_one_is_agreed_without_review(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(5, IQ=3), "ben": same(5, IQ=3)})
    assert state_of(sample) == "agreed"


def test_a_disputed_sample_is_discussed_and_not_reviewed(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(5), "ben": same(4)})
    assert state_of(sample) == "in_discussion"
    assert discussion_of(sample).because == "scores"


def test_values_by_rule_count_among_the_finals_that_make_a_sample_high_rated(study: Study) -> None:
    sample = make_sample(study, text="Only words.")
    all_score(study, {"ann": {"TCC": 5}, "ben": {"TCC": 5}})
    assert state_of(sample) == "agreed"


def test_those_who_scored_are_not_asked_to_review(study: Study, sample: Sample) -> None:
    assert lease(study, "ann") is None
    assert lease(study, "ben") is None
    assert lease(study, "cho") is not None


def test_neither_who_has_seen_the_scores_nor_who_skipped_it_is_asked(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    skip(study, "dan")
    all_score(study, {"ann": same(4), "ben": same(4)})
    person(study, "eve")
    exposures.record_exposure(member=Member.objects.get(name="Eve"), samples=[sample])
    assert state_of(sample) == "in_review"
    assert lease(study, "dan") is None
    assert lease(study, "eve") is None


def test_an_imported_score_of_theirs_makes_nobody_a_reviewer(study: Study, sample: Sample) -> None:
    make_member(study, "fay")
    Score.objects.create(sample=sample, member=Member.objects.get(name="Fay"), origin="imported")
    exposures.record_scored_elsewhere(study=study)
    assert lease(study, "fay") is None


def test_to_the_reviewer_it_looks_like_any_other_sample(study: Study, sample: Sample) -> None:
    make_sample(study, pictures=["red"])
    works = leasing.lease_samples(by=person(study, "cho"), slug=study.slug, count=2).assignments
    assert {work.sample.public_id for work in works} > {sample.public_id}
    first, second = works
    names = [name for name in first.__slots__ if name not in ("public_id", "sample")]
    assert [getattr(first, name) for name in names] == [getattr(second, name) for name in names]


def test_a_review_that_agrees_makes_it_reviewed(study: Study, sample: Sample) -> None:
    score(study, "cho", same(4))
    assert state_of(sample) == "agreed"
    assert finals(sample) == dict.fromkeys(ALL, (4, "reviewed"))
    assert (sample.scores_in, sample.scores_needed) == (3, 3)


def test_a_review_that_differs_opens_a_discussion_with_the_reviewer_in_it(study: Study, sample: Sample) -> None:
    score(study, "cho", same(4, ITS=1))
    assert state_of(sample) == "in_discussion"
    discussion = discussion_of(sample)
    assert discussion.because == "review"
    names = Participant.objects.filter(discussion=discussion).values_list("member__name", flat=True)
    assert sorted(names) == ["Ann", "Ben", "Cho"]
    assert finals(sample) == dict.fromkeys(("TCC", "ICC", "IQ"), (4, "reviewed"))


def test_there_is_one_review_and_not_another_after_it() -> None:
    study = make_study(k=1, cross_review="all")
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(2), "ben": same(2)})
    assert state_of(sample) == "agreed"
    assert HistoryEntry.objects.filter(event="review_asked").count() == 1


def test_a_tie_in_the_review_asks_one_more() -> None:
    study = make_study(k=1, cross_review="all", tolerance=1, tie_rule="third")
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(2), "ben": same(3)})
    assert (state_of(sample), sample.scores_needed, sample.stage) == ("in_review", 3, 2)
    score(study, "cho", same(3))
    assert finals(sample) == dict.fromkeys(ALL, (3, "reviewed"))


def test_a_tie_before_the_review_is_broken_before_it() -> None:
    study = make_study(k=2, cross_review="all", tolerance=1, tie_rule="third")
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(2), "ben": same(3), "cho": same(3)})
    assert (state_of(sample), sample.scores_needed) == ("in_review", 4)
    # 2, 3, 3, 2 is a tie again, and one more has been asked already.
    score(study, "dan", same(2))
    assert state_of(sample) == "in_discussion"
    assert discussion_of(sample).because == "review"


def test_the_first_scores_stand_once_a_review_is_asked(study: Study, sample: Sample) -> None:
    mine = Assignment.objects.get(member__name="Ann")
    with pytest.raises(WrongState) as refused:
        submitting.undo_score(by=make_user("ann"), assignment_id=mine.public_id)
    assert refused.value.code == "decided"


def test_a_reviewers_lease_that_runs_out_gives_the_slot_to_the_next(study: Study, sample: Sample) -> None:
    late = lease(study, "cho")
    assert late is not None
    assert lease(study, "dan") is None
    Assignment.objects.filter(state=1).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert leases.expire_leases() == 1
    assert (state_of(sample), sample.stage, sample.free_slots) == ("in_review", 2, 0b100)
    assert lease(study, "dan") is not None
    with pytest.raises(WrongState) as refused:
        submitting.submit_score(
            by=make_user("cho"),
            assignment_id=late.public_id,
            client_key=uuid4(),
            ratings=same(4),
            notes={},
            seconds=1,
        )
    assert refused.value.code == "lease_lost"


def test_a_late_review_counts_while_the_slot_is_free(study: Study, sample: Sample) -> None:
    late = lease(study, "cho")
    assert late is not None
    Assignment.objects.filter(state=1).update(expires_at=timezone.now() - timedelta(minutes=1))
    leases.expire_leases()
    submitting.submit_score(
        by=make_user("cho"), assignment_id=late.public_id, client_key=uuid4(), ratings=same(4), notes={}, seconds=1
    )
    assert state_of(sample) == "agreed"


def test_k_who_skip_the_review_block_the_sample_and_earlier_skips_do_not_count(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    skip(study, "dan")
    all_score(study, {"ann": same(4), "ben": same(4)})
    skip(study, "cho")
    assert (state_of(sample), sample.free_slots) == ("in_review", 0b100)
    skip(study, "eve")
    assert (state_of(sample), sample.state_reason, sample.stage, sample.free_slots) == ("blocked", "skipped", 0, 0)


class TestNobodyLeft:
    def test_a_review_that_nobody_can_take_is_shown_to_the_admins(self, study: Study, sample: Sample) -> None:
        make_member(study, "cho")
        assert unassignable.block_unassignable() == 0
        exposures.record_exposure(member=Member.objects.get(name="Cho"), samples=[sample])
        assert unassignable.block_unassignable() == 1
        assert (state_of(sample), sample.state_reason) == ("blocked", "nobody_eligible")
        assert (sample.stage, sample.free_slots) == (0, 0)
        assert HistoryEntry.objects.get(event="nobody_eligible").detail == {"to": "blocked"}
        assert unassignable.block_unassignable() == 0

    def test_a_study_with_too_few_people_waits_for_them(self, study: Study, sample: Sample) -> None:
        make_member(study, "cho", state="paused")
        make_member(study, "ravi", "researcher")
        make_member(study, None)
        assert unassignable.block_unassignable() == 0
        assert state_of(sample) == "in_review"

    def test_a_sample_in_somebodys_hands_is_left_alone(self, study: Study) -> None:
        sample = make_sample(study, pictures=["red"])
        skip(study, "dan")
        score(study, "ann", same(4))
        assert lease(study, "ben") is not None
        Sample.objects.update(scores_needed=3, free_slots=0b100, stage=2)
        assert unassignable.block_unassignable() == 0
        assert state_of(sample) == "scoring"

    def test_an_admin_is_waited_for_only_where_they_score(self, study: Study, sample: Sample) -> None:
        make_member(study, "cho")
        exposures.record_exposure(member=Member.objects.get(name="Cho"), samples=[sample])
        ada = make_member(study, "ada", "admin")
        other = make_sample(study, pictures=["red"])
        Assignment.objects.create(
            sample=other, member=ada, slot=1, state=2, leased_at=timezone.now(), expires_at=timezone.now()
        )
        assert unassignable.block_unassignable() == 0
        Assignment.objects.all().filter(member=ada).delete()
        assert unassignable.block_unassignable() == 1

    def test_somebody_who_let_a_lease_run_out_can_still_take_it(self, study: Study, sample: Sample) -> None:
        assert lease(study, "cho") is not None
        Assignment.objects.filter(state=1).update(expires_at=timezone.now() - timedelta(minutes=1))
        leases.expire_leases()
        assert unassignable.block_unassignable() == 0

    def test_paused_studies_are_left_alone(self, study: Study, sample: Sample) -> None:
        make_member(study, "cho")
        exposures.record_exposure(member=Member.objects.get(name="Cho"), samples=[sample])
        Study.objects.update(state="paused")
        assert unassignable.block_unassignable() == 0
