"""An admin sends an agreed sample to somebody new, who cannot tell it from any other."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.core.errors import NotAllowed, NotFound, WorkflowError, WrongState
from annotation.models import Assignment, FinalScore, HistoryEntry, Member, Participant, Sample, Study, User
from annotation.reports import stored_reports
from annotation.samples import reopening, requesting_review
from annotation.samples.timeline import read_timeline
from annotation.scoring import exposures, leases, leasing, submitting, unassignable
from tests.annotation.discussions.cases import reason, stand
from tests.annotation.invariants import broken
from tests.annotation.scoring.score_rows import (
    ALL,
    all_score,
    discussion_of,
    finals,
    lease,
    person,
    same,
    score,
    state_of,
)
from tests.factories import make_discussion, make_member, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = make_study(k=2)
    make_member(study, "ada", "admin")
    make_member(study, "cho")
    return study


@pytest.fixture
def ada(study: Study) -> User:
    return make_user("ada")


@pytest.fixture
def sample(study: Study) -> Sample:
    """One on which Ann and Ben agree."""
    made = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(4), "ben": same(4)})
    assert state_of(made) == "agreed"
    return made


def ask(ada: User, sample: Sample, why: str = "Too good to be true.") -> Sample:
    return requesting_review.request_review(by=ada, sample_id=sample.public_id, reason=why)


def refused(act: Callable[[], object]) -> WorkflowError:
    with pytest.raises(WorkflowError) as caught:
        act()
    return caught.value


def test_it_waits_for_somebody_new_and_has_no_final_values(ada: User, study: Study, sample: Sample) -> None:
    asked = ask(ada, sample)
    assert (asked.state, asked.stage, asked.free_slots, asked.scores_needed) == ("in_review", 2, 0b100, 3)
    assert not finals(sample)
    assert FinalScore.objects.filter(sample=sample, current=False).count() == 4
    assert not broken(study)
    assert lease(study, "ann") is None
    assert lease(study, "cho") is not None


def test_the_scores_before_it_stand_and_all_decide(ada: User, study: Study, sample: Sample) -> None:
    ask(ada, sample)
    mine = Assignment.objects.get(member__name="Ann")
    undone = refused(lambda: submitting.undo_score(by=make_user("ann"), assignment_id=mine.public_id))
    assert undone.code == "decided"
    score(study, "cho", same(4))
    assert state_of(sample) == "agreed"
    assert finals(sample) == dict.fromkeys(ALL, (4, "reviewed"))
    assert not broken(study)


def test_where_the_new_score_differs_it_is_discussed_by_all_three(ada: User, study: Study, sample: Sample) -> None:
    ask(ada, sample)
    score(study, "cho", same(4, ITS=1))
    assert state_of(sample) == "in_discussion"
    case = discussion_of(sample)
    assert case.because == "review"
    assert sorted(Participant.objects.filter(discussion=case).values_list("member__name", flat=True)) == [
        *("Ann", "Ben", "Cho")
    ]


def test_a_reviewed_one_can_be_reviewed_again(ada: User, study: Study, sample: Sample) -> None:
    ask(ada, sample)
    score(study, "cho", same(4))
    make_member(study, "dan")
    assert ask(ada, sample).free_slots == 0b1000
    score(study, "dan", same(4))
    assert (state_of(sample), sample.scores_in, sample.scores_needed) == ("agreed", 4, 4)


def test_a_single_score_is_held_against_a_second_one() -> None:
    study = make_study("single", k=1)
    make_member(study, "ada", "admin")
    make_member(study, "ben")
    sample = make_sample(study, pictures=["red"])
    score(study, "ann", same(3))
    ask(make_user("ada"), sample)
    score(study, "ben", same(3))
    assert state_of(sample) == "agreed"
    assert finals(sample) == dict.fromkeys(ALL, (3, "reviewed"))


def test_values_within_the_tolerance_are_sent_too_and_a_tie_may_ask_one_more() -> None:
    study = make_study("near", k=2, tolerance=2, tie_rule="third")
    make_member(study, "ada", "admin")
    make_member(study, "cho")
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(2), "ben": same(4)})
    assert finals(sample)["ITS"] == (3, "within_tolerance")
    ask(make_user("ada"), sample)
    score(study, "cho", same(4))
    assert finals(sample)["ITS"] == (4, "reviewed")


def test_to_whoever_gets_it_it_looks_like_any_other_sample(ada: User, study: Study, sample: Sample) -> None:
    ask(ada, sample)
    make_sample(study, pictures=["red"])
    works = leasing.lease_samples(by=person(study, "cho"), slug=study.slug, count=2).assignments
    assert {work.sample.public_id for work in works} > {sample.public_id}
    first, second = works
    names = [name for name in first.__slots__ if name not in ("public_id", "sample")]
    assert [getattr(first, name) for name in names] == [getattr(second, name) for name in names]
    assert [name for name in first.sample.__slots__ if "review" in name or "score" in name] == []


def test_skips_before_it_do_not_count_against_it_and_nobody_left_blocks_it(
    ada: User, study: Study, sample: Sample
) -> None:
    ask(ada, sample)
    work = lease(study, "cho")
    assert work is not None
    leases.skip_sample(by=make_user("cho"), assignment_id=work.public_id, client_key=uuid4(), reason="expertise")
    assert state_of(sample) == "in_review"
    assert unassignable.skips_of(sample) == 1
    assert unassignable.block_unassignable() == 1
    assert state_of(sample) == "blocked"


def test_a_lease_that_runs_out_gives_it_to_the_next(ada: User, study: Study, sample: Sample) -> None:
    ask(ada, sample)
    assert lease(study, "cho") is not None
    Assignment.objects.filter(state=1).update(expires_at=timezone.now() - timedelta(minutes=1))
    assert leases.expire_leases() == 1
    assert lease(study, "dan") is not None
    assert not broken(study)


def test_why_is_kept_and_read_in_its_life(ada: User, study: Study, sample: Sample) -> None:
    figures = HistoryEntry.objects.latest("pk").pk
    ask(ada, sample, "Too good to be true.")
    entry = HistoryEntry.objects.get(sample=sample, event="review_asked")
    assert (entry.user, entry.detail) == (ada, {"to": "in_review", "reason": "Too good to be true."})
    step = read_timeline(Sample.objects.get(pk=sample.pk), names=True)[-1]
    assert (step.event, step.who, step.text) == ("review_asked", "Ada", "Too good to be true.")
    assert (step.from_state, step.to_state) == ("agreed", "in_review")
    # It has no agreed values now, and the figures count those.
    assert stored_reports.changed_since(study, figures)


class TestRefusals:
    def test_a_reason_is_needed(self, ada: User, sample: Sample) -> None:
        assert "reason" in refused(lambda: ask(ada, sample, " ")).fields

    def test_only_admins_may(self, study: Study, sample: Sample) -> None:
        make_member(study, "rae", "researcher")
        assert isinstance(refused(lambda: ask(make_user("rae"), sample)), NotAllowed)
        for who in ("ann", "sam"):
            assert isinstance(refused(lambda who=who: ask(make_user(who), sample)), NotFound)  # type: ignore[misc]
        assert state_of(sample) == "agreed"

    @pytest.mark.parametrize("state", ["waiting", "scoring", "in_review", "in_discussion", "blocked", "withdrawn"])
    def test_what_is_not_agreed(self, ada: User, study: Study, state: str) -> None:
        sample = make_sample(study, pictures=["red"], state=state)
        error = refused(lambda: ask(ada, sample))
        assert isinstance(error, WrongState)
        assert error.message == requesting_review.NOT_AGREED[Sample.State(state)]

    def test_what_a_rule_decides(self, ada: User, study: Study) -> None:
        sample = make_sample(study, None, question="?", state="agreed", stage=0)
        assert refused(lambda: ask(ada, sample)).code == "by_rule"

    def test_what_a_discussion_settled_is_reopened_instead(self, ada: User, study: Study) -> None:
        case = make_discussion(study)
        reason("ann", case)
        stand("ann", case, 4)
        error = refused(lambda: ask(ada, case.sample))
        assert (error.code, "Reopen it instead" in error.message) == ("discussed", True)

    def test_what_an_import_labelled(self, ada: User, study: Study) -> None:
        sample = make_sample(study, pictures=["red"], state="agreed", stage=0)
        for dimension in study.rubric.dimensions.all():
            level = dimension.levels.get(value=5)
            FinalScore.objects.create(sample=sample, dimension=dimension, level=level, outcome="imported")
        assert refused(lambda: ask(ada, sample)).code == "imported"

    def test_what_is_the_middle_of_a_crowd(self) -> None:
        study = make_study("crowd", k=2, decide="aggregate")
        make_member(study, "ada", "admin")
        make_member(study, "cho")
        sample = make_sample(study, pictures=["red"])
        all_score(study, {"ann": same(1), "ben": same(1)})
        assert refused(lambda: ask(make_user("ada"), sample)).code == "aggregates"

    def test_where_nobody_is_left(self, ada: User, study: Study, sample: Sample) -> None:
        exposures.record_exposure(member=Member.objects.get(name="Cho"), samples=[sample])
        error = refused(lambda: ask(ada, sample))
        assert (error.code, state_of(sample)) == ("nobody_eligible", "agreed")
        assert len(finals(sample)) == 4

    def test_where_every_slot_is_used(self, ada: User, study: Study, sample: Sample) -> None:
        Assignment.objects.filter(sample=sample, member__name="Ben").update(slot=15)
        assert refused(lambda: ask(ada, sample)).code == "no_slot"

    def test_in_a_closed_study(self, ada: User, study: Study, sample: Sample) -> None:
        Study.objects.update(state="closed")
        assert refused(lambda: ask(ada, sample)).code == "study_closed"

    def test_twice(self, ada: User, study: Study, sample: Sample) -> None:
        ask(ada, sample)
        assert "waits for a further score" in refused(lambda: ask(ada, sample)).message
        assert Sample.objects.get(pk=sample.pk).free_slots == 0b100


def test_it_can_be_withdrawn_and_comes_back_for_the_score_that_was_asked(
    ada: User, study: Study, sample: Sample
) -> None:
    ask(ada, sample)
    reopening.withdraw_sample(by=ada, sample_id=sample.public_id, reason="Broken.")
    reopening.reopen_sample(by=ada, sample_id=sample.public_id, reason="Mended.")
    assert not broken(study)
    score(study, "cho", same(4))
    assert state_of(sample) == "agreed"
