"""Which slots meet a judge, what is fixed with a lease, and what follows for what was decided."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.core import sql as run
from annotation.core.errors import WrongState
from annotation.core.rubric_cache import forget_definitions, load_rubric
from annotation.models import (
    Assignment,
    FinalScore,
    HistoryEntry,
    JudgeRun,
    Member,
    Prediction,
    Protocol,
    Question,
    ReleaseEntry,
    ReservedPool,
    Rubric,
    Sample,
    Stance,
    Study,
    Suggestion,
)
from annotation.samples import reopening
from annotation.samples.timeline import read_timeline
from annotation.scoring import leases, leasing, revising, submitting, unassignable
from annotation.scoring.submit_result import SubmissionResult
from annotation.studies import protocols
from annotation.suggestions.arms import SuggestionArm
from tests.annotation.discussions.cases import reason, stand
from tests.annotation.scoring.score_rows import ALL, person, same
from tests.factories import make_member, make_release, make_rubric, make_study, make_user
from tests.suggestion_studies import arms_of, drawn_sample, judge_saying, let_lease_run_out, let_time_to_revise_pass

pytestmark = pytest.mark.django_db


def take(study: Study, name: str) -> leasing.LeasedWork:
    (work,) = leasing.lease_samples(by=person(study, name), slug=study.slug).assignments
    return work


def submit(name: str, work: leasing.LeasedWork, values: dict[str, float]) -> SubmissionResult:
    return submitting.submit_score(
        by=make_user(name),
        assignment_id=work.public_id,
        client_key=uuid4(),
        ratings=values,
        notes={},
        seconds=9.0,
        touched=ALL,
    )


def revise(name: str, work: leasing.LeasedWork, values: dict[str, float]) -> SubmissionResult:
    return revising.submit_revision(
        by=make_user(name), assignment_id=work.public_id, client_key=uuid4(), ratings=values, seconds=3.0
    )


def origins(sample: Sample) -> dict[str, str]:
    rows = FinalScore.objects.filter(sample=sample, current=True)
    return dict(rows.values_list("dimension__key", "label_origin"))


@pytest.fixture
def study() -> Study:
    return make_study(k=3, suggestions="prefilled", discussion_days=None)


@pytest.fixture
def sample(study: Study) -> Sample:
    """A mixed sample whose second slot is blind, and of which a judge says 5 throughout."""
    found = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=2)
    judge_saying(study, {found: same(5)})
    return found


def test_a_mixed_sample_is_given_in_the_arms_that_its_slots_were_drawn_for(study: Study, sample: Sample) -> None:
    for name in ("ann", "ben", "cho"):
        take(study, name)
    assert arms_of(sample) == {"ann": "prefilled", "ben": "blind", "cho": "prefilled"}
    rows = Suggestion.objects.all()
    assert {row.assignment.member.name for row in rows} == {"Ann", "Cho"}
    assert all(row.shown_at is not None and row.shown.value == 5 and row.expected == 5.25 for row in rows)


def test_what_is_to_be_shown_later_is_fixed_with_the_lease_and_not_seen_yet(study: Study) -> None:
    Protocol.objects.update(suggestions="delayed")
    sample = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=2)
    judge_saying(study, {sample: same(5)})
    take(study, "ann")
    assert arms_of(sample) == {"ann": "delayed"}
    assert set(Suggestion.objects.values_list("shown_at", "first", "final")) == {(None, None, None)}
    assert Suggestion.objects.count() == 4


def kept_from_test(sample: Sample) -> None:
    Question.objects.filter(pk=sample.question_id).update(reserved=True)


def part_test(sample: Sample) -> None:
    Question.objects.filter(pk=sample.question_id).update(reserved=True, part="test")


def calibrating(sample: Sample) -> None:
    Question.objects.filter(pk=sample.question_id).update(calibration=True)


def without_a_pool(sample: Sample) -> None:
    ReservedPool.objects.all().delete()


def without_an_active_judge(sample: Sample) -> None:
    JudgeRun.objects.update(active=False)


def of_which_the_judge_said_nothing(sample: Sample) -> None:
    Prediction.objects.all().delete()


def on_which_the_judge_failed(sample: Sample) -> None:
    Prediction.objects.update(status="parse_error", dimensions={})


def that_the_judge_learned_from(sample: Sample) -> None:
    release = make_release(sample.study)
    Question.objects.filter(pk=sample.question_id).update(part="train")
    ReleaseEntry.objects.create(release=release, sample=sample, newest_final=1)
    JudgeRun.objects.update(release=release)


@pytest.mark.parametrize(
    "how",
    [
        kept_from_test,
        part_test,
        calibrating,
        without_a_pool,
        without_an_active_judge,
        of_which_the_judge_said_nothing,
        on_which_the_judge_failed,
        that_the_judge_learned_from,
    ],
)
def test_nobody_meets_a_judge_on_a_sample(study: Study, sample: Sample, how: Callable[[Sample], None]) -> None:
    how(sample)
    for name in ("ann", "ben", "cho"):
        work = take(study, name)
        assert work.suggestion is None
        submit(name, work, same(3))
    assert set(arms_of(sample).values()) == {"blind"}
    assert not Suggestion.objects.exists()
    assert set(origins(sample).values()) == {"blind"}


def test_a_sample_that_the_judge_learned_from_is_shown_out_of_fold(study: Study, sample: Sample) -> None:
    that_the_judge_learned_from(sample)
    Prediction.objects.update(out_of_fold=True)
    assert take(study, "ann").suggestion is not None


def test_a_sample_of_its_release_that_the_judge_did_not_learn_from_is_shown(study: Study, sample: Sample) -> None:
    that_the_judge_learned_from(sample)
    ReleaseEntry.objects.all().delete()
    assert take(study, "ann").suggestion is not None


def test_values_that_a_rule_set_are_not_the_judges(study: Study, sample: Sample) -> None:
    said = Prediction.objects.get()
    said.dimensions["IQ"]["rule"] = "image"
    said.dimensions["ITS"]["rounded"] = 4.5
    said.save()
    work = take(study, "ann")
    assert work.suggestion is not None
    # Nor is what is no level.
    assert work.suggestion.ratings == {"TCC": 5, "ICC": 5}


def test_a_cross_review_is_blind(study: Study) -> None:
    Protocol.objects.update(cross_review="all")
    sample = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=2)
    judge_saying(study, {sample: same(5)})
    for name in ("ann", "ben", "cho"):
        submit(name, take(study, name), same(4))
    sample.refresh_from_db()
    assert sample.state == "in_review"
    assert take(study, "dan").suggestion is None
    assert arms_of(sample)["dan"] == "blind"


def test_a_study_without_judges_pays_nothing_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    # A rubric in use is read once per process.
    rubric = make_rubric()
    Rubric.objects.update(frozen_at=timezone.now())
    forget_definitions()
    load_rubric(rubric.pk)
    seen: list[str] = []
    executed = run._execute

    def noted(sql: str, parameters: Sequence[Any]) -> Any:
        seen.append(sql)
        return executed(sql, parameters)

    monkeypatch.setattr(run, "_execute", noted)

    def statements(study: Study) -> list[str]:
        drawn_sample(study, SuggestionArm.BLIND)
        user = person(study, "ann")
        # Where one begins in the queue is drawn, and whether the end of it is passed costs a query.
        Member.objects.update(shuffle_start=0)
        seen.clear()
        assert leasing.lease_samples(by=user, slug=study.slug).assignments
        return list(seen)

    without, with_them = statements(make_study("without")), statements(make_study("with", suggestions="both"))
    of_judges = ("annotation_suggestion", "annotation_prediction", "annotation_judgerun", "revise_until >")
    # Whether there are any is asked with the rest of the desk.
    assert not [sql for sql in without if any(word in sql for word in of_judges)]
    # What may be revised, and how the claimed ones meet the judge.
    assert len(with_them) - len(without) == 2


def test_labels_say_by_dimension_whether_a_judge_had_a_part_in_them(study: Study, sample: Sample) -> None:
    said = Prediction.objects.get()
    del said.dimensions["ITS"]
    said.save()
    for name in ("ann", "ben", "cho"):
        submit(name, take(study, name), same(4))
    assert origins(sample) == {"TCC": "mixed", "ICC": "mixed", "IQ": "mixed", "ITS": "blind"}


def test_a_dispute_is_about_what_was_kept_or_changed_and_begins_there(study: Study) -> None:
    Protocol.objects.update(suggestions="delayed")
    sample = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=2)
    judge_saying(study, {sample: same(5)})
    works = {name: take(study, name) for name in ("ann", "ben", "cho")}
    for name, own in (("ann", same(2)), ("ben", same(5)), ("cho", same(5, ITS=1))):
        submit(name, works[name], own)
    revise("ann", works["ann"], same(5, ICC=3))
    sample.refresh_from_db()
    assert sample.state == "scoring"
    revise("cho", works["cho"], same(5, ITS=1))
    sample.refresh_from_db()
    assert sample.state == "in_discussion"
    case = sample.discussions.get()  # type: ignore[attr-defined]
    assert set(case.topics.values_list("dimension__key", flat=True)) == {"ICC", "ITS"}
    firsts = Stance.objects.filter(participant__member__user__username="ann").values_list(
        "dimension__key", "first__value"
    )
    assert dict(firsts) == {"ICC": 3, "ITS": 5}
    assert origins(sample) == {"TCC": "mixed", "IQ": "mixed"}
    for on, mover in (("ICC", "ann"), ("ITS", "cho")):
        for who in ("ann", "ben", "cho"):
            reason(who, case, on=on)
        stand(mover, case, 5, on=on)
    sample.refresh_from_db()
    assert sample.state == "agreed"
    assert set(origins(sample).values()) == {"mixed"}


def test_what_is_discussed_on_a_dimension_without_a_judge_stays_blind(study: Study, sample: Sample) -> None:
    said = Prediction.objects.get()
    del said.dimensions["ITS"]
    said.save()
    for name, value in (("ann", 4), ("ben", 4), ("cho", 1)):
        submit(name, take(study, name), same(4, ITS=value, IQ=value))
    case = sample.discussions.get()  # type: ignore[attr-defined]
    for on in ("ITS", "IQ"):
        for who in ("ann", "ben", "cho"):
            reason(who, case, on=on)
        stand("cho", case, 4, on=on)
    assert origins(sample) == {"TCC": "mixed", "ICC": "mixed", "IQ": "mixed", "ITS": "blind"}


def test_who_discusses_again_begins_with_what_they_had_kept_or_changed(study: Study) -> None:
    Protocol.objects.update(suggestions="delayed")
    make_member(study, "ada", "admin")
    sample = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=2)
    judge_saying(study, {sample: same(5)})
    works = {name: take(study, name) for name in ("ann", "ben", "cho")}
    for name, own in (("ann", same(2)), ("ben", same(5)), ("cho", same(4))):
        submit(name, works[name], own)
    revise("ann", works["ann"], same(5))
    revise("cho", works["cho"], same(5))
    reopening.reopen_sample(by=make_user("ada"), sample_id=sample.public_id, reason="Look again.")
    assert set(Stance.objects.values_list("first__value", flat=True)) == {5}


def test_a_judge_that_is_switched_off_is_shown_to_who_is_on_the_way_and_to_nobody_else(
    study: Study, sample: Sample
) -> None:
    work = take(study, "ann")
    JudgeRun.objects.update(active=False)
    assert leasing.read_own_assignment(by=make_user("ann"), assignment_id=work.public_id).suggestion == work.suggestion
    let_lease_run_out(work.public_id)
    leases.expire_leases()
    # She has seen it; so she gets what she saw, and no blind slot.
    assert take(study, "ann").suggestion == work.suggestion
    take(study, "ben")
    assert take(study, "cho").suggestion is None


def test_a_new_lease_of_what_nobody_saw_is_shown_what_the_judge_of_now_says(study: Study) -> None:
    Protocol.objects.update(suggestions="delayed")
    sample = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=2)
    judge_saying(study, {sample: same(5)})
    work = take(study, "ann")
    let_lease_run_out(work.public_id)
    leases.expire_leases()
    JudgeRun.objects.update(active=False)
    judge_saying(study, {sample: same(1)})
    shown = submit("ann", take(study, "ann"), same(3)).suggestion
    assert shown is not None
    assert set(shown.ratings.values()) == {1}


def test_where_only_blind_slots_are_left_those_who_met_the_judge_are_nobody_to_wait_for(
    study: Study, sample: Sample
) -> None:
    works = {name: take(study, name) for name in ("ann", "ben", "cho")}
    let_lease_run_out(works["ben"].public_id)
    let_lease_run_out(works["cho"].public_id)
    leases.expire_leases()
    submit("ann", works["ann"], same(4))
    leases.skip_sample(
        by=make_user("ben"), assignment_id=take(study, "ben").public_id, client_key=uuid4(), reason="known"
    )
    sample.refresh_from_db()
    assert sample.free_slots == 0b110
    # Cho can still take the third slot.
    assert unassignable.block_unassignable() == 0
    Sample.objects.filter(pk=sample.pk).update(free_slots=0b010)
    assert unassignable.block_unassignable() == 1


class TestMovingToOtherRules:
    def test_fewer_scores_than_before_still_take_a_blind_one(self, study: Study) -> None:
        ada = make_member(study, "ada", "admin").user
        sample = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=3)
        judge_saying(study, {sample: same(5)})
        for name in ("ann", "ben"):
            submit(name, take(study, name), same(4))
        protocols.change_protocol(by=ada, study=study, annotators_per_sample=2)
        preview = protocols.preview_move(by=ada, study=study)  # type: ignore[arg-type]
        assert (preview.decided_now, preview.fewer_slots, preview.more_slots) == (0, 0, 0)
        protocols.move_samples(by=ada, study=study)
        sample.refresh_from_db()
        assert (sample.state, sample.scores_needed, sample.free_slots) == ("scoring", 3, 0b100)
        submit("cho", take(study, "cho"), same(4))
        assert arms_of(sample)["cho"] == "blind"
        sample.refresh_from_db()
        assert sample.state == "agreed"

    def test_of_two_who_hold_it_the_one_who_meets_no_judge_keeps_it(self, study: Study, sample: Sample) -> None:
        ada = make_member(study, "ada", "admin").user
        submit("ann", take(study, "ann"), same(4))
        works = {name: take(study, name) for name in ("ben", "cho")}
        Assignment.objects.filter(public_id=works["cho"].public_id).update(leased_at=timezone.now().replace(year=2020))
        protocols.change_protocol(by=ada, study=study, annotators_per_sample=2)
        protocols.move_samples(by=ada, study=study)
        states = dict(Assignment.objects.values_list("public_id", "state"))
        assert states[works["ben"].public_id] == Assignment.State.LEASED
        assert states[works["cho"].public_id] == Assignment.State.RELEASED

    def test_what_may_still_be_revised_is_not_decided_by_a_move(self, study: Study) -> None:
        ada = make_member(study, "ada", "admin").user
        Protocol.objects.update(suggestions="delayed")
        sample = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=1)
        judge_saying(study, {sample: same(5)})
        submit("ann", take(study, "ann"), same(4))
        bens = take(study, "ben")
        assert submit("ben", bens, same(4)).state == "revising"
        protocols.change_protocol(by=ada, study=study, annotators_per_sample=2)
        protocols.move_samples(by=ada, study=study)
        sample.refresh_from_db()
        assert (sample.state, sample.scores_in, sample.scores_needed) == ("scoring", 2, 2)
        let_time_to_revise_pass(bens.public_id)
        leases.expire_leases()
        sample.refresh_from_db()
        assert sample.state == "agreed"


class TestReservingThePool:
    def test_the_pool_is_reserved_with_the_rules_that_let_a_judge_be_met(self) -> None:
        study = make_study()
        ada = make_member(study, "ada", "admin").user
        protocols.change_protocol(by=ada, study=study, lease_minutes=60)
        assert not ReservedPool.objects.exists()
        protocols.change_protocol(by=ada, study=study, suggestions="delayed")
        pool = ReservedPool.objects.get(study=study)
        assert pool.by == ada
        assert HistoryEntry.objects.filter(study=study, event="pool_reserved").count() == 1
        protocols.change_protocol(by=ada, study=study, suggestions="prefilled")
        assert HistoryEntry.objects.filter(study=study, event="pool_reserved").count() == 1

    def test_a_pool_of_other_shares_stays_as_it_is(self) -> None:
        study = make_study()
        ReservedPool.objects.create(study=study, share=0.4, calibration_share=0.1, seed=7, at=timezone.now())
        protocols.change_protocol(by=None, study=study, suggestions="both")
        assert ReservedPool.objects.get().share == 0.4


def test_a_samples_life_tells_of_revisions(study: Study) -> None:
    Protocol.objects.update(suggestions="delayed")
    sample = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=2)
    judge_saying(study, {sample: same(5)})
    work = take(study, "ann")
    submit("ann", work, same(3))
    revise("ann", work, same(5))
    submitting.undo_score(by=make_user("ann"), assignment_id=work.public_id)
    let_time_to_revise_pass(work.public_id)
    leases.expire_leases()
    steps = [(step.who, step.event, dict(step.values)) for step in read_timeline(sample, names=True)]
    assert steps[1:] == [
        ("Ann", "leased", {}),
        ("Ann", "scored", same(3)),
        ("Ann", "revised", same(5)),
        ("Ann", "revision_undone", same(5)),
        ("Ann", "revision_lapsed", {}),
    ]


def test_a_closed_study_takes_no_revision(study: Study) -> None:
    Protocol.objects.update(suggestions="delayed")
    sample = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=2)
    judge_saying(study, {sample: same(5)})
    work = take(study, "ann")
    submit("ann", work, same(3))
    Study.objects.update(state="closed")
    with pytest.raises(WrongState) as refused:
        revise("ann", work, same(5))
    assert refused.value.code == "study_closed"
