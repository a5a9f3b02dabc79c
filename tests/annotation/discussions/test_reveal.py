"""What of a discussion is shown to whom: the own reason first, pseudonyms always."""

import json
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.core.errors import NotFound
from annotation.core.visibility import discussions_visible_to, pictures_visible_to
from annotation.discussions import moderating
from annotation.discussions.views import CaseView, case_for, owes_reason
from annotation.models import Discussion, FinalScore, Member, Protocol, Sample, Score, Study
from annotation.samples import reopening
from tests.annotation.scoring.score_rows import all_score, same
from tests.factories import make_discussion, make_member, make_sample, make_study, make_user

from .cases import lines, reason, reasons, say, stand

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def case(study: Study) -> Discussion:
    """On ITS Ann says 2, Ben and Cho say 4; on TCC Ann and Ben say 0, Cho says 1."""
    values = {"ann": {"ITS": 2, "TCC": 0}, "ben": {"ITS": 4, "TCC": 0}, "cho": {"ITS": 4, "TCC": 1}}
    return make_discussion(study, values)


def seen(who: str, case: Discussion) -> CaseView:
    return case_for(by=make_user(who), discussion_id=case.public_id)


def without_sample(view: CaseView) -> str:
    return json.dumps({**asdict(view), "sample": None, "opened_at": None, "id": None}, default=str)


def test_before_the_own_reason_there_is_no_trace_of_the_others(case: Discussion) -> None:
    untouched = without_sample(seen("ann", case)).replace('"version": 1', "")
    reasons(case, "ben", "cho")
    reasons(case, "ben", "cho", on="TCC")
    say("ben", case, "A secret remark.")
    stand("cho", case, 5, "picture")
    shown = seen("ann", case)
    assert without_sample(shown).replace(f'"version": {shown.version}', "") == untouched
    assert [one.alias for one in shown.participants] == ["R1"]
    for topic in shown.topics:
        assert (topic.revealed, topic.stances, topic.posts, topic.waits_for) == (False, None, (), None)
    assert all(settled.firsts is None for settled in shown.settled)


def test_each_dimension_is_revealed_by_ones_own_reason_on_it(case: Discussion) -> None:
    reasons(case, "ben")
    reasons(case, "ben", on="TCC")
    shown = reason("ann", case)
    tcc, its = shown.topics
    assert its.stances is not None
    assert [(one.alias, one.first, one.current) for one in its.stances] == [("R1", 2, 2), ("R2", 4, 4), ("R3", 4, 4)]
    assert [(post.alias, post.text) for post in its.posts] == [("R2", "So says ben."), ("R1", "Because.")]
    assert its.waits_for == ("R2", "R3")
    assert (tcc.stances, tcc.posts, tcc.waits_for) == (None, (), None)
    assert len(shown.participants) == 3
    # Whether somebody is awaited may be because of the dimension that is still covered.
    assert [one.waits for one in shown.participants] == [True, None, None]


def test_ones_own_words_are_shown_all_the_time(case: Discussion) -> None:
    shown = reason("ann", case)
    assert [post.text for topic in shown.topics for post in topic.posts] == ["Because."]


def test_a_closed_dimension_is_shown_to_all_who_take_part(case: Discussion) -> None:
    reason("ann", case)
    stand("ann", case, 4)
    shown = seen("cho", case)
    assert [(topic.state, topic.revealed) for topic in shown.topics] == [("open", False), ("closed", True)]
    assert shown.topics[1].value == 4


def test_without_the_rule_everything_is_shown_at_once() -> None:
    case = make_discussion(make_study(reason_first=False))
    assert all(topic.revealed for topic in seen("ann", case).topics)


def test_participants_never_see_a_name_or_that_it_was_a_review(case: Discussion) -> None:
    Discussion.objects.update(because="review")
    reasons(case, "ann", "ben", "cho")
    reasons(case, "ann", "ben", "cho", on="TCC")
    shown = seen("ann", case)
    text = without_sample(shown)
    for member in Member.objects.all():
        assert member.public_id not in text
        assert f'"{member.name}"' not in text
    assert shown.because == "scores"


def differing_newcomer(study: Study, *, tolerance: float = 0) -> tuple[CaseView, CaseView]:
    """Return how Ann sees a case that follows from three scores, and one that follows from two and a review."""
    three, two = ({"ann": same(4, TCC=5), "ben": same(4)}, {"ann": same(4, TCC=5), "ben": same(4)})
    if not tolerance:
        three["ann"] = two["ann"] = same(4)
    views = []
    for k, scores, cross_review in ((3, three, "none"), (2, two, "all")):
        Protocol.objects.filter(study=study).update(
            annotators_per_sample=k, cross_review=cross_review, tolerance=tolerance, tie_rule="lower"
        )
        sample = make_sample(study, pictures=["red"])
        all_score(study, {**scores, "cho": same(4, ITS=1)})
        views.append(seen("ann", Discussion.objects.get(sample=sample)))
    return views[0], views[1]


@pytest.mark.parametrize(
    ("tolerance", "told"),
    [
        (0, {"TCC": (4, "unanimous"), "ICC": (4, "unanimous"), "IQ": (4, "unanimous")}),
        (1, {"TCC": (None, "within_tolerance"), "ICC": (4, "unanimous"), "IQ": (4, "unanimous")}),
    ],
)
def test_to_who_owes_a_reason_a_case_after_a_review_looks_like_any_other(
    study: Study, tolerance: float, told: dict[str, tuple[float | None, str]]
) -> None:
    after_scores, after_review = differing_newcomer(study, tolerance=tolerance)
    assert {one.key: (one.value, one.outcome) for one in after_review.settled} == told
    assert FinalScore.objects.filter(outcome="reviewed").count() == 3
    shown = [json.loads(without_sample(view)) for view in (after_scores, after_review)]
    for one in shown:
        assert len(one.pop("participants")) == 1
        # Drawn by chance, and of the moment.
        del one["me"], one["due_at"]
    assert shown[0] == shown[1]


def test_after_the_reveal_too_nothing_says_that_there_was_a_review_but_to_those_who_read_results(study: Study) -> None:
    make_member(study, "ada", "admin")
    make_member(study, "ravi", "researcher")
    _, view = differing_newcomer(study)
    case = Discussion.objects.get(public_id=view.id)
    reasons(case, "ann", "ben", "cho")
    for who, outcome in (("ann", "unanimous"), ("cho", "unanimous"), ("ada", "reviewed"), ("ravi", "reviewed")):
        assert {one.outcome for one in seen(who, case).settled} == {outcome}, who
        assert all(one.firsts == (4, 4, 4) for one in seen(who, case).settled)


def test_an_admin_who_owes_a_reason_is_not_told_of_the_review_either(study: Study) -> None:
    ada = make_member(study, "ada", "admin")
    case = make_discussion(study, {"ada": {"ITS": 2}, "ben": {"ITS": 4}}, because="review")
    FinalScore.objects.filter(sample=case.sample).update(outcome="reviewed")
    assert ada.user is not None
    assert {one.outcome for one in seen("ada", case).settled} == {"unanimous"}
    reason("ada", case)
    assert {one.outcome for one in seen("ada", case).settled} == {"reviewed"}


def test_imported_scores_that_do_not_decide_make_no_other_outcome(study: Study) -> None:
    _, view = differing_newcomer(study)
    case = Discussion.objects.get(public_id=view.id)
    tcc = study.rubric.dimensions.get(key="TCC")
    old = Score.objects.create(sample=case.sample, member=make_member(study, None), origin="imported")
    old.ratings.create(dimension=tcc, level=tcc.levels.get(value=1))
    assert {one.key: one.outcome for one in seen("ann", case).settled}["TCC"] == "unanimous"
    Sample.objects.filter(pk=case.sample_id).update(counts_imported=True)
    assert {one.key: one.outcome for one in seen("ann", case).settled}["TCC"] == "within_tolerance"


def test_pseudonyms_stay_the_same_within_a_case(case: Discussion) -> None:
    before = [(one.alias, one.me) for one in reason("ben", case).participants]
    reasons(case, "ann", "cho")
    assert [(one.alias, one.me) for one in seen("ben", case).participants] == before
    assert seen("ben", case).me == "R2"


def test_an_admin_sees_all_under_names_a_researcher_under_pseudonyms_of_the_study(
    case: Discussion, study: Study
) -> None:
    make_member(study, "ada", "admin")
    make_member(study, "ravi", "researcher")
    reason("ben", case, "A remark.")
    ada, ravi = seen("ada", case), seen("ravi", case)
    assert [one.name for one in ada.participants] == ["Ann", "Ben", "Cho"]
    assert [one.name for one in ravi.participants] == [None, None, None]
    for shown in (ada, ravi):
        assert all(topic.revealed for topic in shown.topics)
        assert [post.text for topic in shown.topics for post in topic.posts] == ["A remark."]
        assert [settled.firsts for settled in shown.settled] == [(3, 3, 3), (3, 3, 3)]
        assert shown.me is None


def test_an_admin_who_takes_part_sees_no_more_than_a_participant_until_all_reasons_are_given(study: Study) -> None:
    ada = make_member(study, "ada", "admin")
    case = make_discussion(study, {"ada": {"ITS": 2, "TCC": 0}, "ben": {"ITS": 4, "TCC": 5}})
    assert owes_reason(make_user("ada"), case.sample)
    reason("ada", case)
    shown = seen("ada", case)
    assert not shown.leads
    assert [topic.revealed for topic in shown.topics] == [False, True]
    assert all(one.name is None for one in shown.participants)
    reason("ada", case, on="TCC")
    assert seen("ada", case).leads
    assert not owes_reason(make_user("ada"), case.sample)
    assert ada.user is not None


def test_an_admin_who_takes_part_sees_all_once_it_is_theirs_to_decide(study: Study) -> None:
    make_member(study, "ada", "admin")
    late = timezone.now() - timedelta(minutes=1)
    case = make_discussion(study, {"ada": {"ITS": 2}, "ben": {"ITS": 4}}, due_at=late)
    assert not owes_reason(make_user("ada"), case.sample)
    assert seen("ada", case).leads


def test_strangers_and_members_who_do_not_take_part_find_nothing(case: Discussion, study: Study) -> None:
    make_member(study, "dan")
    make_member(study, "former", state="left")
    make_member(make_study("cats"), "cat", "admin")
    for who in ("sam", "dan", "former", "cat"):
        assert not discussions_visible_to(make_user(who)).exists()
        with pytest.raises(NotFound):
            seen(who, case)


def test_who_was_excused_sees_what_they_had_seen_and_no_more(case: Discussion, study: Study) -> None:
    make_member(study, "ada", "admin")
    reason("ann", case)
    moderating.excuse_participant(by=make_user("ada"), discussion_id=case.public_id, participant="R1", reason="Away.")
    # Ben and Cho stand together on ITS, so that is settled; they differ on TCC.
    shown = seen("ann", case)
    assert [topic.revealed for topic in shown.topics] == [False, True]
    assert [one.state for one in shown.participants] == ["excused", "active", "active"]


def test_pictures_are_shown_to_whoever_discusses_them(case: Discussion, study: Study) -> None:
    make_member(study, "ada", "admin")
    dan = make_member(study, "dan")
    assert dan.user is not None
    assert not pictures_visible_to(dan.user).exists()
    moderating.excuse_participant(
        by=make_user("ada"), discussion_id=case.public_id, participant=1, reason="Away.", replacement=dan.public_id
    )
    assert pictures_visible_to(dan.user).count() == 1


def test_lists_withhold_the_range_and_who_is_awaited_before_the_own_reason(case: Discussion) -> None:
    row = lines(make_user("ann"))[0]
    assert (row.spread, row.waits_for, row.sample_external_id, row.dimensions) == (None, None, None, ("TCC", "ITS"))
    reasons(case, "ann")
    reasons(case, "ann", on="TCC")
    row = lines(make_user("ann"), "open")[0]
    assert (row.spread, row.waits_for, row.away) == (2, ("R2", "R3"), ())


def test_what_was_never_revealed_stays_covered_when_the_sample_is_withdrawn(case: Discussion, study: Study) -> None:
    make_member(study, "ada", "admin")
    reopening.withdraw_sample(by=make_user("ada"), sample_id=case.sample.public_id, reason="Broken.")
    assert [topic.revealed for topic in seen("ann", case).topics] == [False, False]
    assert [one.alias for one in seen("ann", case).participants] == ["R1"]
    row = lines(make_user("ann"), "closed")[0]
    assert (row.spread, row.waits_for) == (None, None)
    assert all(topic.revealed for topic in seen("ada", case).topics)


def test_an_admin_who_was_excused_sees_all_again(study: Study) -> None:
    make_member(study, "ada", "admin")
    make_member(study, "eve", "admin")
    case = make_discussion(study, {"ada": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 5}})
    moderating.excuse_participant(
        by=make_user("eve"), discussion_id=case.public_id, participant="R1", reason="She leads."
    )
    assert seen("ada", case).leads
    assert lines(make_user("ada"), "open")[0].spread == 3
