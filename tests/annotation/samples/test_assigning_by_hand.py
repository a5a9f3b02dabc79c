"""An admin gives a sample to people: it lasts days, comes first, and is theirs like any other lease."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.core.errors import BadInput, NotAllowed, NotFound, WorkflowError
from annotation.models import Assignment, HistoryEntry, Member, Sample, Study, Suggestion, User
from annotation.reports import stored_reports
from annotation.samples import assigning_by_hand, requesting_review
from annotation.samples.timeline import read_timeline
from annotation.scoring import exposures, leases, leasing, submitting
from annotation.studies import studies
from annotation.suggestions.arms import SuggestionArm
from tests.annotation.invariants import broken
from tests.annotation.scoring.score_rows import all_score, lease, same, score, state_of
from tests.factories import make_discussion, make_member, make_sample, make_study, make_user
from tests.suggestion_studies import arms_of, drawn_sample, judge_saying

pytestmark = pytest.mark.django_db
DAYS = timedelta(days=3)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def study() -> Study:
    study = make_study(k=3)
    make_member(study, "ada", "admin")
    for name in ("ann", "ben", "cho", "dan"):
        make_member(study, name)
    return study


@pytest.fixture
def ada(study: Study) -> User:
    return make_user("ada")


@pytest.fixture
def sample(study: Study) -> Sample:
    return make_sample(study, pictures=["red"])


def member(name: str) -> Member:
    return Member.objects.get(name=name.capitalize())


def give(ada: User, sample: Sample, *names: str, days: int = 3) -> list[tuple[str, bool]]:
    keys = [member(name).public_id for name in names]
    handed = assigning_by_hand.assign_sample(by=ada, sample_id=sample.public_id, members=keys, days=days)
    return [(one.member.name, one.new) for one in handed.assignees]


def refused(act: Callable[[], object]) -> WorkflowError:
    with pytest.raises(WorkflowError) as caught:
        act()
    return caught.value


def ends(name: str) -> timedelta:
    held = Assignment.objects.get(member__name=name, state=1)
    return held.expires_at - timezone.now()


def test_a_sample_that_was_never_leased_is_opened_under_the_rules_of_now(
    ada: User, study: Study, sample: Sample
) -> None:
    assert give(ada, sample, "ben", "cho") == [("Ben", True), ("Cho", True)]
    sample.refresh_from_db()
    assert (sample.state, sample.stage, sample.free_slots, sample.scores_needed) == ("scoring", 2, 0b100, 3)
    assert sample.protocol == study.protocols.get()
    assert DAYS - MINUTE < ends("Ben") <= DAYS
    assert not broken(study)


def test_it_comes_before_what_they_hold_and_is_scored_like_any_other(ada: User, study: Study) -> None:
    others = [make_sample(study, pictures=["red"], shuffle=n) for n in range(2)]
    own = leasing.lease_samples(by=make_user("ben"), slug=study.slug, count=2).assignments
    assert len(own) == len(others)
    sample = make_sample(study, pictures=["red"])
    give(ada, sample, "ben")
    held = leasing.held_assignments(by=make_user("ben"), slug=study.slug)
    assert [work.sample.public_id for work in held] == [sample.public_id, *(work.sample.public_id for work in own)]
    for name in ("ben", "ann", "cho"):
        give(ada, sample, name) if name != "ben" else None
        score(study, name, same(4))
    assert state_of(sample) == "agreed"
    assert not broken(study)


def test_begun_samples_and_reviews_are_given_too(ada: User, study: Study, sample: Sample) -> None:
    score(study, "ann", same(4))
    give(ada, sample, "ben")
    score(study, "ben", same(4))
    score(study, "cho", same(4))
    requesting_review.request_review(by=ada, sample_id=sample.public_id, reason="Too good.")
    assert give(ada, sample, "dan") == [("Dan", True)]
    assert state_of(sample) == "in_review"
    score(study, "dan", same(4))
    assert state_of(sample) == "agreed"


def test_renewing_and_undoing_never_shorten_it(ada: User, study: Study, sample: Sample) -> None:
    give(ada, sample, "ben")
    work = lease(study, "ben")
    assert work is not None
    until = leases.renew_lease(by=make_user("ben"), assignment_id=work.public_id)
    assert until == work.expires_at
    assert ends("Ben") > DAYS - MINUTE
    score(study, "ben", same(4))
    undone = submitting.undo_score(by=make_user("ben"), assignment_id=work.public_id)
    assert undone.expires_at == work.expires_at
    assert ends("Ben") > DAYS - MINUTE


def test_a_lease_of_days_that_is_nearly_over_is_renewed_by_the_page(ada: User, study: Study, sample: Sample) -> None:
    give(ada, sample, "ben")
    Assignment.objects.update(expires_at=timezone.now() + MINUTE)
    work = lease(study, "ben")
    assert work is not None
    leases.renew_lease(by=make_user("ben"), assignment_id=work.public_id)
    assert timedelta(minutes=29) < ends("Ben") < timedelta(minutes=31)


def test_when_its_days_are_over_it_goes_back_to_the_others(ada: User, study: Study, sample: Sample) -> None:
    give(ada, sample, "ben")
    Assignment.objects.update(expires_at=timezone.now() - MINUTE)
    assert leases.expire_leases() == 1
    sample.refresh_from_db()
    assert sample.free_slots == 0b111
    assert not Assignment.objects.get().assigned
    assert not broken(study)
    assert give(ada, sample, "ben") == [("Ben", True)]


def test_the_same_again_changes_nothing(ada: User, study: Study, sample: Sample) -> None:
    give(ada, sample, "ben", "cho")
    before = list(Assignment.objects.order_by("pk").values())
    assert give(ada, sample, "ben", "cho") == [("Ben", False), ("Cho", False)]
    assert give(ada, sample, "cho", "cho", "ben", days=1) == [("Cho", False), ("Ben", False)]
    assert list(Assignment.objects.order_by("pk").values()) == before
    assert HistoryEntry.objects.filter(event="assigned").count() == 2


def test_what_they_hold_for_minutes_is_theirs_for_days(ada: User, study: Study, sample: Sample) -> None:
    work = lease(study, "ben")
    assert work is not None
    assert give(ada, sample, "ben", "cho") == [("Ben", False), ("Cho", True)]
    held = Assignment.objects.get(member__name="Ben")
    assert (held.public_id, held.assigned) == (work.public_id, True)
    assert ends("Ben") > DAYS - MINUTE
    assert not broken(study)


def test_a_slot_whose_lease_ran_out_unnoticed_is_free(ada: User, study: Study, sample: Sample) -> None:
    for name in ("ann", "cho", "dan"):
        lease(study, name)
    Assignment.objects.update(expires_at=timezone.now() - MINUTE)
    assert give(ada, sample, "ben", "ann") == [("Ben", True), ("Ann", True)]
    assert not broken(study)


def test_pausing_somebody_takes_it_back(ada: User, study: Study, sample: Sample) -> None:
    give(ada, sample, "ben")
    studies.change_member(by=ada, member=member("ben"), state="paused")
    sample.refresh_from_db()
    assert sample.free_slots == 0b111


def test_ten_given_ones_and_more_are_handed_out_one_after_the_other(ada: User, study: Study) -> None:
    for number in range(12):
        give(ada, make_sample(study, pictures=["red"], shuffle=number), "ben")
    got = leasing.lease_samples(by=make_user("ben"), slug=study.slug, count=10)
    assert (len(got.assignments), got.reason) == (10, None)
    for _ in range(12):
        score(study, "ben", same(3))
    assert Assignment.objects.filter(member__name="Ben", state=2, assigned=True).count() == 12


def test_its_life_tells_who_gave_it_to_whom_until_when(ada: User, study: Study, sample: Sample) -> None:
    before = HistoryEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    give(ada, sample, "ben")
    step = read_timeline(Sample.objects.get(pk=sample.pk), names=True)[-1]
    assert (step.event, step.who, step.about, step.to_state) == ("assigned", "Ada", "Ben", "scoring")
    assert step.value == Assignment.objects.get().expires_at.isoformat()
    hidden = read_timeline(Sample.objects.get(pk=sample.pk), names=False)[-1]
    assert hidden.about == f"R-{member('ben').public_id}"
    assert not stored_reports.changed_since(study, before)


class TestMeetingAJudge:
    @pytest.fixture
    def study(self) -> Study:
        study = make_study(k=2, suggestions="prefilled")
        make_member(study, "ada", "admin")
        for name in ("ann", "ben", "cho"):
            make_member(study, name)
        return study

    @pytest.fixture
    def sample(self, study: Study) -> Sample:
        sample = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=1)
        judge_saying(study, {sample: {"TCC": 4, "ICC": 4, "IQ": 4, "ITS": 4}})
        return sample

    def test_one_of_them_stays_blind_and_the_other_meets_it(self, ada: User, sample: Sample) -> None:
        give(ada, sample, "ann", "ben")
        assert arms_of(sample) == {"ann": "blind", "ben": "prefilled"}
        rows = Suggestion.objects.filter(assignment__sample=sample)
        assert set(rows.values_list("assignment__member__name", "shown__value")) == {("Ben", 4.0)}
        assert not rows.filter(shown_at=None).exists()

    def test_who_was_shown_its_values_never_takes_the_blind_place(
        self, ada: User, study: Study, sample: Sample
    ) -> None:
        give(ada, sample, "ann", "ben")
        Assignment.objects.update(expires_at=timezone.now() - MINUTE)
        leases.expire_leases()
        # Named after Cho, Ben is given the place that is not blind all the same.
        give(ada, sample, "cho", "ben")
        assert arms_of(sample) | {"ann": ""} == {"ann": "", "ben": "prefilled", "cho": "blind"}
        Assignment.objects.filter(member__name="Cho").delete()
        Assignment.objects.filter(member__name="Ben").update(state=Assignment.State.RELEASED)
        Sample.objects.filter(pk=sample.pk).update(free_slots=0b01, stage=2)
        error = refused(lambda: give(ada, sample, "ben"))
        assert "Ben has seen a judge’s values of it" in error.fields["members"]


class TestRefusals:
    def test_more_people_than_free_slots_names_how_many_there_are(
        self, ada: User, study: Study, sample: Sample
    ) -> None:
        error = refused(lambda: give(ada, sample, "ann", "ben", "cho", "dan"))
        assert (error.status, error.code) == (409, "no_slot")
        assert "takes 3 more scores, and 4 people" in error.message
        assert not Assignment.objects.exists()
        assert state_of(sample) == "waiting"

    def test_who_has_it_already_needs_no_slot(self, ada: User, study: Study, sample: Sample) -> None:
        give(ada, sample, "ann", "ben", "cho")
        assert give(ada, sample, "ann", "ben", "cho") == [("Ann", False), ("Ben", False), ("Cho", False)]
        assert refused(lambda: give(ada, sample, "ann", "dan")).code == "no_slot"

    def test_all_or_nobody_and_everybody_who_cannot_is_named(self, ada: User, study: Study, sample: Sample) -> None:
        score(study, "ann", same(4))
        work = lease(study, "ben")
        assert work is not None
        leases.skip_sample(by=make_user("ben"), assignment_id=work.public_id, client_key=uuid4(), reason="expertise")
        exposures.record_exposure(member=member("cho"), samples=[sample])
        make_member(study, "rae", "researcher")
        make_member(study, None, name="Ida")
        make_member(study, "eve", state="paused")
        error = refused(lambda: give(ada, sample, "ann", "ben", "cho", "dan", "rae", "ida", "eve"))
        assert isinstance(error, BadInput)
        assert error.fields["members"] == (
            "Ann has scored it already. Ben has skipped it. Cho has seen its scores or its generator. "
            "Rae is a researcher and does not score. Ida has no login. Eve is paused."
        )
        assert not Assignment.objects.filter(member=member("dan")).exists()

    def test_people_of_another_study_are_nobody_here(self, ada: User, study: Study, sample: Sample) -> None:
        other = make_member(make_study("fishes"), "olga")
        keys = [other.public_id]
        error = refused(lambda: assigning_by_hand.assign_sample(by=ada, sample_id=sample.public_id, members=keys))
        assert "nobody of that id" in error.fields["members"]

    @pytest.mark.parametrize("days", [0, 31])
    def test_days_out_of_range_and_nobody(self, ada: User, sample: Sample, days: int) -> None:
        error = refused(
            lambda: assigning_by_hand.assign_sample(by=ada, sample_id=sample.public_id, members=[], days=days)
        )
        assert set(error.fields) == {"members", "days"}

    def test_what_is_agreed_is_sent_back_first(self, ada: User, study: Study, sample: Sample) -> None:
        all_score(study, {"ann": same(4), "ben": same(4), "cho": same(4)})
        assert "Send it to cross-review or reopen it first" in refused(lambda: give(ada, sample, "dan")).message

    @pytest.mark.parametrize("state", ["blocked", "withdrawn"])
    def test_what_was_given_up(self, ada: User, study: Study, state: str) -> None:
        sample = make_sample(study, pictures=["red"], state=state, stage=0)
        assert "Reopen it first" in refused(lambda: give(ada, sample, "dan")).message

    def test_what_is_discussed(self, ada: User, study: Study) -> None:
        case = make_discussion(study)
        assert "being discussed" in refused(lambda: give(ada, case.sample, "dan")).message

    @pytest.mark.parametrize("state", ["draft", "paused", "closed"])
    def test_while_the_study_does_not_run(self, ada: User, study: Study, sample: Sample, state: str) -> None:
        Study.objects.update(state=state)
        assert refused(lambda: give(ada, sample, "ben")).code == "study_not_running"

    def test_only_admins_may(self, study: Study, sample: Sample) -> None:
        make_member(study, "rae", "researcher")
        assert isinstance(refused(lambda: give(make_user("rae"), sample, "ben")), NotAllowed)
        for who in ("ann", "sam"):
            assert isinstance(refused(lambda who=who: give(make_user(who), sample, "ben")), NotFound)  # type: ignore[misc]
