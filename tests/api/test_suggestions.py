"""How an annotator meets a judge through the API: not at all, after their own values are locked, or prefilled."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.models import Assignment, FinalScore, Member, Revision, Sample, Score, Study, Suggestion
from annotation.scoring import leases
from annotation.suggestions.arms import SuggestionArm
from tests.factories import make_member, make_study
from tests.suggestion_studies import drawn_sample, judge_saying, let_lease_run_out, let_time_to_revise_pass

from .caller import GOOD, Caller, fields, refusal

pytestmark = pytest.mark.django_db

JUDGES = {"TCC": 5, "ICC": 3, "IQ": 2, "ITS": 0}
ALL = list(GOOD)


@pytest.fixture
def study() -> Study:
    """Two score each sample; the first of a mixed one is blind unless a test says otherwise."""
    return make_study("birds", k=2, suggestions="both")


def revise(who: Caller, assignment: str, ratings: Any, *, key: Any = None, **more: Any) -> Any:
    body = {"client_key": str(key or uuid4()), "ratings": ratings, **more}
    return who.put(f"assignments/{assignment}/revision/", body)


def work_of(who: Caller) -> dict[str, Any]:
    (work,) = who.post("studies/birds/assignments/", {"count": 1}).json()["assignments"]
    return dict(work)


def prefilled(study: Study, **more: Any) -> Sample:
    sample = drawn_sample(study, SuggestionArm.PREFILLED, **more)
    judge_saying(study, {sample: JUDGES})
    return sample


def delayed(study: Study, **more: Any) -> Sample:
    sample = drawn_sample(study, SuggestionArm.DELAYED, **more)
    judge_saying(study, {sample: JUDGES})
    return sample


def test_prefilled_values_come_with_the_lease_and_nothing_else_of_the_judge(study: Study, ann: Caller) -> None:
    prefilled(study, blind_slot=2)
    work = work_of(ann)
    assert work["suggestion"] == {"arm": "prefilled", "ratings": JUDGES}
    assert all(isinstance(value, int) for value in work["suggestion"]["ratings"].values())
    assert ann.get("studies/birds/assignments/").json()["assignments"] == [work]
    assert ann.get(f"assignments/{work['id']}/").json() == work


def test_every_prefilled_dimension_has_to_be_touched(study: Study, ann: Caller) -> None:
    prefilled(study, blind_slot=2)
    assignment = ann.lease()
    assert fields(ann.score(assignment, JUDGES)) == {f"ratings.{key}" for key in ALL}
    assert fields(ann.score(assignment, JUDGES, touched=["TCC", "ITS"])) == {"ratings.ICC", "ratings.IQ"}
    assert fields(ann.score(assignment, JUDGES, touched=[*ALL, "XYZ"])) == {"touched"}
    assert fields(ann.score(assignment, JUDGES, touched="TCC")) == {"touched"}
    assert not Score.objects.exists()
    scored = ann.score(assignment, JUDGES, touched=ALL).json()
    assert (scored["state"], scored["ratings"], scored["suggestion"]) == ("scored", JUDGES, None)
    assert Score.objects.get().arm == SuggestionArm.PREFILLED


def test_what_was_made_of_prefilled_values_is_kept_the_first_and_the_last(study: Study, ann: Caller) -> None:
    prefilled(study, blind_slot=2)
    assignment = ann.lease()
    ann.score(assignment, JUDGES | {"ITS": 1}, touched=ALL)
    undone = ann.delete(f"assignments/{assignment}/score/").json()
    assert (undone["state"], undone["suggestion"]) == ("leased", {"arm": "prefilled", "ratings": JUDGES})
    assert set(Suggestion.objects.values_list("final", "touched")) == {(None, False)}
    ann.score(assignment, JUDGES | {"ITS": 2}, touched=ALL)
    of = {row.dimension.key: row for row in Suggestion.objects.select_related("dimension", "shown", "first", "final")}
    assert {key: row.shown.value for key, row in of.items()} == JUDGES
    assert (of["ITS"].first.value, of["ITS"].final.value) == (1, 2)  # type: ignore[union-attr]
    assert (of["TCC"].first.value, of["TCC"].final.value) == (5, 5)  # type: ignore[union-attr]
    assert all(row.touched and row.shown_at for row in of.values())


def test_a_dimension_on_which_the_judge_says_nothing_is_not_prefilled(study: Study, ann: Caller) -> None:
    sample = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=2)
    judge_saying(study, {sample: {"TCC": 5}})
    work = work_of(ann)
    assert work["suggestion"]["ratings"] == {"TCC": 5}
    assert ann.score(work["id"], GOOD, touched=["TCC"]).status_code == 200


def test_missing_sides_are_neither_prefilled_nor_to_be_touched(study: Study, ann: Caller) -> None:
    sample = drawn_sample(study, SuggestionArm.PREFILLED, blind_slot=2, pictures=())
    judge_saying(study, {sample: JUDGES})
    work = work_of(ann)
    assert work["suggestion"]["ratings"] == {"TCC": 5}
    assert ann.score(work["id"], {"TCC": 1}, touched=["TCC"]).json()["ratings"] == {
        "TCC": 1,
        "ICC": 0,
        "IQ": 0,
        "ITS": 0,
    }


def test_elsewhere_what_was_touched_is_taken_and_means_nothing(study: Study, ann: Caller) -> None:
    drawn_sample(study, SuggestionArm.BLIND)
    assignment = ann.lease()
    assert fields(ann.score(assignment, GOOD, touched=["XYZ"])) == {"touched"}
    assert ann.score(assignment, GOOD, touched=["TCC"]).status_code == 200


def test_own_values_are_locked_and_then_the_judges_appear_with_their_uncertainty(study: Study, ann: Caller) -> None:
    delayed(study, blind_slot=2)
    work = work_of(ann)
    assert (work["state"], work["suggestion"]) == ("leased", None)
    assert not Suggestion.objects.exclude(shown_at=None).exists()
    scored = ann.score(work["id"], GOOD, notes={"IQ": "blurred"}, seconds=9).json()
    assert (scored["state"], scored["ratings"], scored["undo_until"]) == ("revising", GOOD, None)
    assert scored["suggestion"] == {
        "arm": "delayed",
        "ratings": JUDGES,
        "expected": {key: value + 0.25 for key, value in JUDGES.items()},
        "interval": {"TCC": [3.5, 5.0], "ICC": [1.5, 4.5], "IQ": [0.5, 3.5], "ITS": [0.0, 1.5]},
        "sd": dict.fromkeys(JUDGES, 0.625),
    }
    until = Assignment.objects.get().revise_until
    assert until is not None
    assert timedelta(minutes=29) < until - timezone.now() <= timedelta(minutes=30)
    assert Score.objects.get().arm == SuggestionArm.DELAYED


def test_what_is_to_be_revised_comes_first_when_work_is_asked_for(study: Study, ann: Caller) -> None:
    delayed(study, blind_slot=2)
    first = ann.lease()
    scored = ann.score(first, GOOD).json()
    drawn_sample(study, SuggestionArm.BLIND)
    answer = ann.post("studies/birds/assignments/", {"count": 2}).json()
    assert [work["state"] for work in answer["assignments"]] == ["revising", "leased"]
    pending = answer["assignments"][0]
    assert (pending["id"], pending["suggestion"]) == (first, scored["suggestion"])
    assert (pending["expires_at"], pending["score"]["ratings"]) == (scored["revise_until"], GOOD)
    assert ann.get("studies/birds/assignments/").json()["assignments"] == answer["assignments"]
    assert ann.get(f"assignments/{first}/").json() == pending


def test_what_is_kept_or_changed_decides_and_both_versions_stay(study: Study, ann: Caller) -> None:
    delayed(study, blind_slot=2)
    assignment = ann.lease()
    ann.score(assignment, GOOD, notes={"IQ": "blurred"}, seconds=9)
    answer = revise(ann, assignment, GOOD | {"TCC": 5}, seconds=4.5).json()
    assert (answer["state"], answer["ratings"], answer["own"]) == ("scored", GOOD | {"TCC": 5}, GOOD)
    assert (answer["notes"], answer["seconds"], answer["revise_until"]) == ({"IQ": "blurred"}, 9, None)
    of = {row.dimension.key: row for row in Suggestion.objects.select_related("dimension", "first", "final")}
    assert {key: row.first.value for key, row in of.items() if row.first} == GOOD
    assert {key: row.final.value for key, row in of.items() if row.final} == GOOD | {"TCC": 5}
    assert all(row.touched for row in of.values())
    revision = Revision.objects.get()
    assert (revision.values, revision.seconds) == (GOOD | {"TCC": 5}, 4.5)
    shown = ann.get(f"assignments/{assignment}/").json()
    assert (shown["state"], shown["score"]["ratings"], shown["score"]["own"]) == ("scored", answer["ratings"], GOOD)
    assert ann.get("studies/birds/assignments/?state=scored").json()["results"] == [shown]


def test_the_same_revision_again_is_stored_once_and_answers_the_same(study: Study, ann: Caller) -> None:
    delayed(study, blind_slot=2)
    assignment, key = ann.lease(), uuid4()
    ann.score(assignment, GOOD)
    first = revise(ann, assignment, GOOD, key=key)
    again = revise(ann, assignment, GOOD, key=key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert Revision.objects.count() == 1
    assert refusal(revise(ann, assignment, GOOD)) == (409, "already_revised")


def test_the_same_score_again_answers_the_same_while_it_can_be_revised(study: Study, ann: Caller) -> None:
    delayed(study, blind_slot=2)
    assignment, key = ann.lease(), uuid4()
    first = ann.score(assignment, GOOD, key=key, seconds=3)
    again = ann.score(assignment, GOOD, key=key, seconds=3)
    assert (again.status_code, again.json()) == (200, first.json())
    assert refusal(ann.score(assignment, GOOD | {"TCC": 0})) == (409, "already_scored")
    assert refusal(ann.post(f"assignments/{assignment}/skip/", {"client_key": str(key), "reason": "known"}))[0] == 409


def test_there_is_nothing_to_revise_before_own_values_are_locked_or_in_other_arms(
    study: Study, ann: Caller, ben: Caller
) -> None:
    delayed(study, blind_slot=2)
    drawn_sample(study, SuggestionArm.BLIND)
    ann.post("studies/birds/assignments/", {"count": 2})
    # Which of the two she is given first is chance.
    assignment, blind = (
        Assignment.objects.get(arm=arm).public_id for arm in (SuggestionArm.DELAYED, SuggestionArm.BLIND)
    )
    assert refusal(revise(ann, assignment, GOOD)) == (409, "nothing_to_revise")
    ann.score(blind, GOOD)
    assert refusal(revise(ann, blind, GOOD)) == (409, "nothing_to_revise")
    assert revise(ben, assignment, GOOD).status_code == 404


def test_a_revision_names_what_is_wrong_with_it(study: Study, ann: Caller) -> None:
    sample = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=2)
    judge_saying(study, {sample: {"TCC": 5, "ICC": 3}})
    assignment = ann.lease()
    ann.score(assignment, GOOD)
    assert fields(revise(ann, assignment, {"TCC": 4, "ICC": 9})) == {"ratings.ICC", "ratings.IQ", "ratings.ITS"}
    assert fields(revise(ann, assignment, GOOD, seconds=-1)) == {"seconds"}
    assert fields(revise(ann, assignment, GOOD, notes={})) == {"notes"}
    # Where the judge says nothing there is nothing to answer.
    assert fields(revise(ann, assignment, GOOD | {"ITS": 5})) == {"ratings.ITS"}
    assert not Revision.objects.exists()
    assert revise(ann, assignment, GOOD | {"TCC": 5}).status_code == 200


def test_own_values_are_never_taken_back_once_the_judges_were_shown(study: Study, ann: Caller) -> None:
    delayed(study, blind_slot=2)
    assignment = ann.lease()
    scored = ann.score(assignment, GOOD).json()
    assert refusal(ann.delete(f"assignments/{assignment}/score/")) == (409, "revealed")
    key = uuid4()
    assert revise(ann, assignment, GOOD | {"TCC": 5}, key=key).json()["undo_until"]
    for _ in range(2):
        undone = ann.delete(f"assignments/{assignment}/score/").json()
        assert (undone["state"], undone["ratings"]) == ("revising", GOOD)
        assert undone["suggestion"] == scored["suggestion"]
    assert refusal(revise(ann, assignment, GOOD, key=key)) == (409, "undone")
    assert set(Suggestion.objects.values_list("final", "touched")) == {(None, False)}
    assert revise(ann, assignment, GOOD).json()["state"] == "scored"
    assert Revision.objects.exclude(voided_at=None).count() == 1
    Revision.objects.filter(voided_at=None).update(at=timezone.now() - timedelta(minutes=11))
    assert refusal(ann.delete(f"assignments/{assignment}/score/")) == (409, "undo_too_late")


def test_an_overdue_revision_ends_with_the_own_values(study: Study, ann: Caller) -> None:
    delayed(study, blind_slot=2)
    assignment = ann.lease()
    ann.score(assignment, GOOD)
    assert leases.expire_leases() == 0
    let_time_to_revise_pass(assignment)
    assert leases.expire_leases() == 1
    assert refusal(revise(ann, assignment, GOOD)) == (409, "revision_over")
    assert refusal(ann.delete(f"assignments/{assignment}/score/")) == (409, "revealed")
    shown = ann.get(f"assignments/{assignment}/").json()
    assert (shown["state"], shown["score"]["ratings"], shown["score"]["own"]) == ("scored", GOOD, GOOD)
    rows = Suggestion.objects.all()
    assert all(row.final_id == row.first_id and not row.touched for row in rows)
    assert not Revision.objects.exists()


def test_asking_for_work_ends_an_overdue_revision_too(study: Study, ann: Caller, ben: Caller) -> None:
    delayed(study, blind_slot=2)
    assignment = ann.lease()
    ann.score(assignment, GOOD)
    let_time_to_revise_pass(assignment)
    ben.post("studies/birds/assignments/", {"count": 1})
    assert Assignment.objects.get(public_id=assignment).revise_until is None


def test_the_time_to_revise_is_prolonged_like_a_lease(study: Study, ann: Caller) -> None:
    delayed(study, blind_slot=2)
    assignment = ann.lease()
    ann.score(assignment, GOOD)
    Assignment.objects.update(revise_until=timezone.now() + timedelta(minutes=1))
    renewed = ann.post(f"assignments/{assignment}/renew/")
    assert renewed.status_code == 200
    assert ann.get(f"assignments/{assignment}/").json()["expires_at"] == renewed.json()["expires_at"]
    let_time_to_revise_pass(assignment)
    assert refusal(ann.post(f"assignments/{assignment}/renew/")) == (409, "lease_lost")


def test_a_sample_is_decided_when_nobody_may_revise_any_more(study: Study, ann: Caller, ben: Caller) -> None:
    sample = delayed(study, blind_slot=2)
    mine, bens = ann.lease(), ben.lease()
    ann.score(mine, GOOD)
    ben.score(bens, GOOD | {"TCC": 5})
    sample.refresh_from_db()
    assert (sample.state, sample.scores_in) == ("scoring", 2)
    revise(ann, mine, GOOD | {"TCC": 5})
    sample.refresh_from_db()
    assert sample.state == "agreed"
    finals = {row.dimension.key: row for row in FinalScore.objects.select_related("dimension", "level")}
    assert {key: row.level.value for key, row in finals.items() if row.level} == GOOD | {"TCC": 5}
    assert {row.label_origin for row in finals.values()} == {"mixed"}
    assert refusal(ann.delete(f"assignments/{mine}/score/")) == (409, "decided")


def test_where_the_time_passes_the_own_values_decide(study: Study, ann: Caller, ben: Caller) -> None:
    sample = delayed(study, blind_slot=2)
    mine, bens = ann.lease(), ben.lease()
    ben.score(bens, GOOD | {"TCC": 5})
    ann.score(mine, GOOD)
    let_time_to_revise_pass(mine)
    leases.expire_leases()
    sample.refresh_from_db()
    assert sample.state == "in_discussion"
    topics = sample.discussions.get().topics.values_list("dimension__key", flat=True)  # type: ignore[attr-defined]
    assert list(topics) == ["TCC"]


def test_who_was_shown_prefilled_values_never_takes_the_blind_slot(study: Study, ann: Caller, ben: Caller) -> None:
    sample = prefilled(study, blind_slot=2)
    mine = ann.lease()
    let_lease_run_out(mine)
    bens = work_of(ben)
    assert bens["suggestion"] == {"arm": "prefilled", "ratings": JUDGES}
    assert ann.post("studies/birds/assignments/", {"count": 1}).json() == {
        "assignments": [],
        "reason": "nothing_left",
    }
    assert refusal(ann.score(mine, GOOD, touched=ALL)) == (409, "lease_lost")
    other = drawn_sample(study, SuggestionArm.BLIND)
    assert work_of(ann)["sample"]["id"] == other.public_id
    let_lease_run_out(bens["id"])
    leases.expire_leases()
    works = ann.post("studies/birds/assignments/", {"count": 2}).json()["assignments"]
    again = next(work for work in works if work["sample"]["id"] == sample.public_id)
    assert (again["id"], again["suggestion"]) == (mine, {"arm": "prefilled", "ratings": JUDGES})


def test_a_lost_prefilled_lease_is_regained_by_its_score_and_keeps_what_was_shown(study: Study, ann: Caller) -> None:
    sample = prefilled(study, blind_slot=2)
    mine = ann.lease()
    let_lease_run_out(mine)
    leases.expire_leases()
    study.judge_runs.update(active=False)
    judge_saying(study, {sample: dict.fromkeys(JUDGES, 1)})
    assert fields(ann.score(mine, GOOD)) == {f"ratings.{key}" for key in ALL}
    assert ann.score(mine, GOOD, touched=ALL).status_code == 200
    assert {row.dimension.key: row.shown.value for row in Suggestion.objects.all()} == JUDGES


def test_whoever_was_to_see_the_judge_later_and_regains_the_blind_slot_is_blind(
    study: Study, ann: Caller, ben: Caller
) -> None:
    delayed(study, blind_slot=2)
    mine = ann.lease()
    let_lease_run_out(mine)
    bens = work_of(ben)
    scored = ann.score(mine, GOOD).json()
    assert (scored["state"], scored["suggestion"], scored["revise_until"]) == ("scored", None, None)
    own = Assignment.objects.get(public_id=mine)
    assert (own.slot, own.arm, own.suggestions.count()) == (2, SuggestionArm.BLIND, 0)
    assert Score.objects.get().arm == SuggestionArm.BLIND
    assert Assignment.objects.get(public_id=bens["id"]).arm == SuggestionArm.DELAYED


def test_a_paused_annotator_revises_nothing_and_their_own_values_stand(
    study: Study, ann: Caller, ann_member: Member, ada: Caller
) -> None:
    delayed(study, blind_slot=2)
    assignment = ann.lease()
    ann.score(assignment, GOOD)
    assert ada.patch(f"studies/birds/members/{ann_member.public_id}/", {"state": "paused"}).status_code == 200
    assert refusal(revise(ann, assignment, GOOD)) == (409, "revision_over")


def test_the_judge_of_the_lease_is_the_judge_that_is_shown(study: Study, ann: Caller) -> None:
    sample = delayed(study, blind_slot=2)
    assignment = ann.lease()
    study.judge_runs.update(active=False)
    judge_saying(study, {sample: dict.fromkeys(JUDGES, 1)})
    assert ann.score(assignment, GOOD).json()["suggestion"]["ratings"] == JUDGES


def test_a_withdrawn_sample_waits_for_no_revision(study: Study, ann: Caller, ada: Caller) -> None:
    sample = delayed(study, blind_slot=2)
    assignment = ann.lease()
    ann.score(assignment, GOOD)
    assert ada.post(f"samples/{sample.public_id}/withdraw/", {"reason": "Broken."}).status_code == 200
    assert refusal(revise(ann, assignment, GOOD)) == (409, "revision_over")
    assert ada.post(f"samples/{sample.public_id}/reopen/", {"reason": "Mended."}).status_code == 200
    cho = Caller(make_member(study, "cho"))
    assert cho.score(cho.lease(), GOOD).status_code == 200
    sample.refresh_from_db()
    assert sample.state == "agreed"


def test_who_leads_reads_how_each_met_the_judge_and_what_they_made_of_it(
    study: Study, ann: Caller, ben: Caller, ada: Caller, rae: Caller
) -> None:
    sample = delayed(study, blind_slot=2)
    mine, bens = ann.lease(), ben.lease()
    ann.score(mine, GOOD)
    revise(ann, mine, GOOD | {"TCC": 5}, seconds=4)
    ben.score(bens, GOOD | {"TCC": 5})
    by_name = {one["annotator"]: one for one in ada.get(f"samples/{sample.public_id}/").json()["scores"]}
    assert (by_name["Ben"]["arm"], by_name["Ben"]["met"]) == ("blind", None)
    own = by_name["Ann"]
    assert (own["arm"], own["ratings"], own["met"]["judge"]) == ("delayed", GOOD, 1)
    assert own["met"]["dimensions"]["TCC"] == {
        "shown": 5,
        "expected": 5.25,
        "first": 4,
        "final": 5,
        "touched": True,
    }
    assert own["met"]["revision"]["seconds"] == 4
    steps = rae.get(f"samples/{sample.public_id}/history/").json()["results"]
    assert [step["values"] for step in steps if step["event"] == "revised"] == [GOOD | {"TCC": 5}]
