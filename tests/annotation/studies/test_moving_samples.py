"""Moving begun samples to new rules changes their scores, leases and slots."""

import uuid
from types import SimpleNamespace

import pytest

from annotation.core.errors import NotAllowed, WrongState
from annotation.jobs.registry import KINDS
from annotation.models import Assignment, HistoryEntry, Job, Sample, Study, User
from annotation.scoring import leasing, submitting
from annotation.studies import protocols
from tests.factories import make_member, make_sample, make_study, make_user


@pytest.fixture
def study(db: None) -> Study:
    """Three annotators and an admin; two score each sample."""
    study = make_study(k=2)
    for who in ("ann", "ben", "cho"):
        make_member(study, who)
    make_member(study, "ada", "admin")
    return study


def lease_sample(study: Study, who: str) -> str:
    return leasing.lease_samples(by=make_user(who), slug=study.slug).assignments[0].public_id


def score_sample(study: Study, who: str, value: int = 3) -> None:
    submit_score(lease_sample(study, who), who, value)


def submit_score(assignment: str, who: str, value: int = 3) -> None:
    submitting.submit_score(
        by=make_user(who),
        assignment_id=assignment,
        client_key=uuid.uuid4(),
        ratings={"TCC": value, "ICC": value, "IQ": value, "ITS": value},
        notes={},
        seconds=10,
    )


def count_open_slots(sample: Sample) -> int:
    """Slots that are held, scored or free."""
    sample.refresh_from_db()
    used_slots = Assignment.objects.filter(sample=sample, state__lte=Assignment.State.SCORED).count()
    return used_slots + sample.free_slots.bit_count()


@pytest.fixture
def sample(study: Study) -> Sample:
    return make_sample(study, pictures=["red"])


def test_a_begun_sample_keeps_its_rules_until_it_is_moved(study: Study, ada: User, sample: Sample) -> None:
    score_sample(study, "ann")
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=3)
    sample.refresh_from_db()
    assert sample.protocol is not None
    assert (sample.protocol.version, count_open_slots(sample)) == (1, 2)
    preview = protocols.preview_move(by=ada, study=study)
    assert (preview.samples, preview.more_slots, preview.decided_now, preview.leases_back) == (1, 1, 0, 0)
    assert protocols.move_samples(by=ada, study=study) == 1
    sample.refresh_from_db()
    assert sample.protocol is not None
    assert (sample.protocol.version, sample.scores_needed, count_open_slots(sample), sample.stage) == (2, 3, 3, 2)
    entry = HistoryEntry.objects.get(sample=sample, event="protocol_changed")
    assert (entry.user, entry.detail) == (ada, {"to": "scoring", "before": 1, "version": 2})
    assert protocols.move_samples(by=ada, study=study) == 0
    assert protocols.preview_move(by=ada, study=study).samples == 0


def test_where_enough_scores_stand_the_sample_is_decided_at_once(study: Study, ada: User, sample: Sample) -> None:
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=3)
    differing = make_sample(study, "Another one.", ["red"])
    for who, value in (("ann", 3), ("ben", 4)):
        for _ in range(2):
            assignment = leasing.lease_samples(by=make_user(who), slug=study.slug).assignments[0]
            submit_score(assignment.public_id, who, value if assignment.sample.public_id == differing.public_id else 3)
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=2)
    preview = protocols.preview_move(by=ada, study=study)
    assert (preview.samples, preview.decided_now, preview.fewer_slots) == (2, 2, 2)
    assert protocols.move_samples(by=ada, study=study) == 2
    sample.refresh_from_db()
    differing.refresh_from_db()
    assert (sample.state, differing.state) == ("agreed", "in_discussion")
    assert (sample.stage, sample.free_slots) == (0, 0)
    assert HistoryEntry.objects.get(sample=sample, event="agreed").user == ada


def test_what_is_held_beyond_the_new_k_is_taken_back_the_newest_first(study: Study, ada: User, sample: Sample) -> None:
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=3)
    score_sample(study, "ann")
    bens, chos = lease_sample(study, "ben"), lease_sample(study, "cho")
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=2)
    preview = protocols.preview_move(by=ada, study=study)
    assert (preview.leases_back, preview.fewer_slots, preview.more_slots) == (1, 1, 0)
    protocols.move_samples(by=ada, study=study)
    assert Assignment.objects.get(public_id=bens).state == Assignment.State.LEASED
    assert Assignment.objects.get(public_id=chos).state == Assignment.State.RELEASED
    assert count_open_slots(sample) == 2
    assert HistoryEntry.objects.filter(sample=sample, event="released", member__user__username="cho").exists()
    with pytest.raises(WrongState) as refused:
        submit_score(chos, "cho")
    assert refused.value.code == "lease_lost"
    submit_score(bens, "ben")
    sample.refresh_from_db()
    assert sample.state == "agreed"


def test_a_high_slot_that_is_taken_counts_like_a_low_one(study: Study, ada: User, sample: Sample) -> None:
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=4)
    anns, bens = lease_sample(study, "ann"), lease_sample(study, "ben")
    submit_score(bens, "ben")
    Assignment.objects.filter(public_id=bens).update(slot=4)
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=3)
    protocols.move_samples(by=ada, study=study)
    sample.refresh_from_db()
    assert sample.free_slots == 0b10
    assert count_open_slots(sample) == 3
    submit_score(anns, "ann")
    score_sample(study, "cho")
    sample.refresh_from_db()
    assert sample.state == "agreed"


def test_one_more_score_that_breaks_a_tie_goes_on_being_asked_for(study: Study, ada: User, sample: Sample) -> None:
    protocols.change_protocol(by=ada, study=study, tolerance=1, tie_rule="third")
    score_sample(study, "ann", 3)
    score_sample(study, "ben", 4)
    sample.refresh_from_db()
    assert (sample.state, sample.scores_needed) == ("scoring", 3)
    chos = lease_sample(study, "cho")
    protocols.change_protocol(by=ada, study=study, lease_minutes=60)
    assert protocols.preview_move(by=ada, study=study).leases_back == 0
    protocols.move_samples(by=ada, study=study)
    sample.refresh_from_db()
    assert (sample.scores_needed, count_open_slots(sample)) == (3, 3)
    submit_score(chos, "cho", 4)
    sample.refresh_from_db()
    assert sample.state == "agreed"


def test_what_is_discussed_or_blocked_ends_under_its_old_rules(study: Study, ada: User, sample: Sample) -> None:
    score_sample(study, "ann", 3)
    score_sample(study, "ben", 5)
    blocked = make_sample(study, "Blocked.", ["red"])
    lease_sample(study, "ann")
    Sample.objects.filter(pk=blocked.pk).update(state="blocked", stage=0, free_slots=0)
    protocols.change_protocol(by=ada, study=study, tolerance=5, tie_rule="lower")
    preview = protocols.preview_move(by=ada, study=study)
    assert (preview.samples, preview.staying) == (0, 2)
    assert protocols.move_samples(by=ada, study=study) == 0
    sample.refresh_from_db()
    assert sample.state == "in_discussion"


def test_moved_samples_go_to_the_end_of_the_queue_no_two_at_one_place(study: Study, ada: User) -> None:
    """A place that somebody's cursor has passed would not be looked at again."""
    samples = [make_sample(study, f"Answer {number}.", ["red"]) for number in range(3)]
    for _ in samples:
        score_sample(study, "ann")
    before = max(Sample.objects.values_list("queued_at", flat=True))
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=3)
    protocols.move_samples(by=ada, study=study)
    places = set(Sample.objects.values_list("queued_at", flat=True))
    assert len(places) == 3
    assert min(places) > before


def test_many_samples_are_moved_by_a_job(study: Study, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocols, "MOVED_AT_ONCE", 1)
    for number in range(2):
        make_sample(study, f"Answer {number}.", ["red"])
        score_sample(study, "ann")
    protocols.change_protocol(by=ada, study=study, annotators_per_sample=1)
    job = protocols.request_move(by=ada, study=study)
    assert isinstance(job, Job)
    assert protocols.request_move(by=ada, study=study) == job, "asked for twice it is done once"
    assert Sample.objects.filter(state="scoring").count() == 2
    told: list[tuple[int, int, str]] = []
    kept: dict[str, object] = {}
    context = SimpleNamespace(
        by=ada, study=study, progress=lambda *step: told.append(step), resumed_from={}, keep_checkpoint=kept.update
    )
    assert KINDS[job.kind].run(context) == {"moved": 2}  # type: ignore[arg-type]
    assert told == [(0, 2, "Moving samples")]
    assert Sample.objects.filter(state="agreed").count() == 2
    assert protocols.request_move(by=ada, study=study) == 0


def test_only_those_who_lead_move_samples(study: Study) -> None:
    for act in (protocols.move_samples, protocols.request_move, protocols.preview_move, protocols.forecast_protocol):
        with pytest.raises(NotAllowed):
            act(by=make_user("ann"), study=study)
