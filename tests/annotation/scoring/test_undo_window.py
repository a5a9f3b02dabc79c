"""What cannot be given anew is not taken back: in a closed study, and by who has seen what others gave."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from annotation.core.errors import WrongState
from annotation.models import Assignment, Revision, Sample, Score, Study
from annotation.scoring import leasing, revising, submitting
from annotation.scoring.exposures import record_exposure, record_exposure_to_all
from annotation.suggestions.arms import SuggestionArm
from tests.factories import make_study, make_user
from tests.suggestion_studies import drawn_sample, judge_saying, member_of

from .score_rows import ALL, person, same

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study(k=3, suggestions="both")


def close(study: Study) -> str:
    Study.objects.filter(pk=study.pk).update(state="closed")
    return "study_closed"


def look_into_it(study: Study) -> str:
    record_exposure(member=member_of(study, "ann"), samples=list(Sample.objects.all()))
    return "not_independent"


def export_everything(study: Study) -> str:
    record_exposure_to_all(member=member_of(study, "ann"))
    return "not_independent"


def scored(study: Study, arm: SuggestionArm) -> str:
    """Let Ann score a sample in an arm, and answer the judge where it speaks later; returns her assignment's id."""
    judge_saying(study, {drawn_sample(study, arm, blind_slot=2): same(5)})
    (work,) = leasing.lease_samples(by=person(study, "ann"), slug=study.slug).assignments
    given = {"client_key": uuid4(), "ratings": same(3), "notes": {}, "seconds": 9.0, "touched": ALL}
    told = submitting.submit_score(by=make_user("ann"), assignment_id=work.public_id, **given)
    if arm is SuggestionArm.DELAYED:
        assert told.state == "revising"
        revise(work.public_id, 4)
    return work.public_id


def revise(assignment: str, value: float) -> None:
    revising.submit_revision(
        by=make_user("ann"), assignment_id=assignment, client_key=uuid4(), ratings=same(value), seconds=3.0
    )


@pytest.mark.parametrize("happens", [close, look_into_it, export_everything])
@pytest.mark.parametrize("arm", list(SuggestionArm), ids=lambda arm: arm.name.lower())
def test_what_could_not_be_given_anew_stands(study: Study, arm: SuggestionArm, happens: Callable[[Study], str]) -> None:
    assignment = scored(study, arm)
    code = happens(study)
    with pytest.raises(WrongState) as refused:
        submitting.undo_score(by=make_user("ann"), assignment_id=assignment)
    assert refused.value.code == code
    assert Assignment.objects.get(public_id=assignment).state == Assignment.State.SCORED
    assert Score.objects.get().voided_at is None
    assert not Revision.objects.exclude(voided_at=None).exists()


@pytest.mark.parametrize("arm", list(SuggestionArm), ids=lambda arm: arm.name.lower())
def test_what_was_taken_back_in_time_can_be_asked_for_again_whatever_happened_since(
    study: Study, arm: SuggestionArm
) -> None:
    assignment = scored(study, arm)
    first = submitting.undo_score(by=make_user("ann"), assignment_id=assignment)
    close(study)
    assert submitting.undo_score(by=make_user("ann"), assignment_id=assignment).ratings == first.ratings


def test_who_has_seen_what_others_gave_does_not_revise_any_more(study: Study) -> None:
    """Looking ends what is pending; a look that was noted at the same moment counts as well."""
    assignment = scored(study, SuggestionArm.DELAYED)
    submitting.undo_score(by=make_user("ann"), assignment_id=assignment)
    pending = Assignment.objects.get(public_id=assignment).revise_until
    look_into_it(study)
    Assignment.objects.filter(public_id=assignment).update(revise_until=pending)
    with pytest.raises(WrongState) as refused:
        revise(assignment, 1)
    assert refused.value.code == "not_independent"
