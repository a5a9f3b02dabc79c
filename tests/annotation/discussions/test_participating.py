"""Taking part in a discussion, through the services."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.core.errors import BadInput, NotAllowed, NotFound, WorkflowError, WrongState
from annotation.discussions import participating
from annotation.discussions.participating import StanceReason
from annotation.discussions.views import case_for
from annotation.models import Discussion, FinalScore, HistoryEntry, Member, Post, Rating, Sample, Score, Stance, Study
from tests.factories import make_discussion, make_member, make_study, make_user

from .cases import awaited, reason, reasons, say, stand

pytestmark = pytest.mark.django_db
EVERYBODY = ("ann", "ben", "cho")


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def case(study: Study) -> Discussion:
    """Ann says 2 on ITS, Ben and Cho say 4."""
    return make_discussion(study)


def refused(act: Callable[[], object]) -> WorkflowError:
    with pytest.raises(WorkflowError) as caught:
        act()
    return caught.value


def finals(case: Discussion) -> dict[str, tuple[float | None, str]]:
    rows = FinalScore.objects.filter(sample=case.sample, current=True)
    return {key: (value, how) for key, value, how in rows.values_list("dimension__key", "level__value", "outcome")}


def signed(case: Discussion) -> dict[str, dict[str, float]]:
    rows = Rating.objects.filter(score__discussion=case, score__origin="signed")
    found: dict[str, dict[str, float]] = {}
    for who, key, value in rows.values_list("score__member__name", "dimension__key", "level__value"):
        found.setdefault(who, {})[key] = value
    return found


# --- closing ------------------------------------------------------------------------------------------------


def test_the_dimension_closes_when_the_last_one_moves_to_where_the_others_stand(case: Discussion) -> None:
    reasons(case, *EVERYBODY)
    shown = stand("ann", case, 4)
    assert shown.state == "closed"
    assert shown.topics[0].value == 4
    assert shown.topics[0].outcome == "discussed"
    assert finals(case)["ITS"] == (4, "discussed")
    assert Sample.objects.get(pk=case.sample_id).state == "agreed"


def test_a_majority_closes_nothing(study: Study) -> None:
    people = {name: {"ITS": 4} for name in ("ann", "ben", "cho", "dan", "eve")} | {"fay": {"ITS": 3}}
    case = make_discussion(study, people)
    reasons(case, *people)
    for name in people:
        stand(name, case, 3 if name == "fay" else 4)
    assert Discussion.objects.get(pk=case.pk).state == "open"
    assert "ITS" not in finals(case)
    assert stand("fay", case, 4).state == "closed"


def test_two_who_swap_their_values_are_no_nearer(study: Study) -> None:
    case = make_discussion(study, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 3}})
    reasons(case, *EVERYBODY)
    stand("ann", case, 4)
    assert stand("ben", case, 2).state == "open"
    assert awaited(case) == set(EVERYBODY) - {"ben"}


def test_everybody_who_takes_part_signs_and_their_first_values_stay(case: Discussion) -> None:
    reasons(case, *EVERYBODY)
    stand("ann", case, 4)
    assert signed(case) == {"Ann": {"ITS": 4}, "Ben": {"ITS": 4}, "Cho": {"ITS": 4}}
    assert set(Score.objects.filter(discussion=case).values_list("round", flat=True)) == {2}
    first = Rating.objects.get(score__member__name="Ann", score__round=1, dimension__key="ITS")
    assert first.level.value == 2
    stance = Stance.objects.get(participant__member__name="Ann")
    assert (stance.first.value, stance.level.value) == (2, 4)  # type: ignore[union-attr]


def test_each_dimension_closes_for_itself_and_one_score_holds_all_signatures(study: Study) -> None:
    case = make_discussion(study, {"ann": {"ITS": 2, "TCC": 1}, "ben": {"ITS": 4, "TCC": 5}})
    for key in ("ITS", "TCC"):
        reasons(case, "ann", "ben", on=key)
    shown = stand("ann", case, 4)
    assert [(topic.key, topic.state) for topic in shown.topics] == [("TCC", "open"), ("ITS", "closed")]
    assert shown.state == "open"
    assert finals(case)["ITS"] == (4, "discussed")
    assert Sample.objects.get(pk=case.sample_id).state == "in_discussion"
    assert stand("ben", case, 1, on="TCC").state == "closed"
    assert signed(case) == {"Ann": {"ITS": 4, "TCC": 1}, "Ben": {"ITS": 4, "TCC": 1}}
    assert Score.objects.filter(discussion=case).count() == 2


def test_moving_before_the_others_have_given_reasons_closes_it_too(case: Discussion) -> None:
    reason("ann", case)
    assert stand("ann", case, 4).state == "closed"


def test_a_reason_may_come_with_another_value(case: Discussion) -> None:
    assert reason("ann", case, "A slip.", value=4).state == "closed"
    post = Post.objects.get(discussion=case)
    assert (post.kind, post.before.value, post.level.value) == ("reason", 2, 4)  # type: ignore[union-attr]


def test_the_agreed_value_may_be_one_with_which_nobody_began(study: Study) -> None:
    case = make_discussion(study, {"ann": {"ITS": 2}, "ben": {"ITS": 4}})
    reasons(case, "ann", "ben")
    stand("ann", case, 3)
    assert stand("ben", case, 3).state == "closed"
    assert finals(case)["ITS"] == (3, "discussed")


def test_the_history_tells_every_step_with_who_and_from_where_to_where(case: Discussion) -> None:
    reasons(case, *EVERYBODY)
    say("ben", case, "Look at I1.")
    stand("cho", case, 4, "")
    stand("ann", case, 4, "picture")
    steps = HistoryEntry.objects.filter(sample=case.sample).select_related("member")
    assert [(step.event, step.member.name) for step in steps if step.member] == [
        ("discussion_reason", "Ann"),
        ("discussion_reason", "Ben"),
        ("discussion_reason", "Cho"),
        ("discussion_comment", "Ben"),
        ("stance_kept", "Cho"),
        ("stance_moved", "Ann"),
        ("topic_closed", "Ann"),
        ("discussed", "Ann"),
    ]
    moved = next(step.detail for step in steps if step.event == "stance_moved")
    assert (moved["dimension"], moved["before"], moved["value"], moved["reason"]) == ("ITS", 2, 4, "picture")
    assert next(step.detail for step in steps if step.event == "discussed")["to"] == "agreed"


# --- what is refused ----------------------------------------------------------------------------------------


def test_the_own_reason_comes_before_any_answer(case: Discussion) -> None:
    reason("ben", case)
    for act in (lambda: stand("ann", case, 4), lambda: stand("ann", case, 2, ""), lambda: say("ann", case, "Hm.")):
        assert refused(act).code == "reason_first"
    assert Post.objects.filter(discussion=case).count() == 1


def test_without_that_rule_one_may_answer_at_once() -> None:
    case = make_discussion(make_study(reason_first=False))
    assert stand("ann", case, 4).state == "closed"


def test_a_move_needs_a_reason_and_keeping_needs_none(case: Discussion) -> None:
    reasons(case, *EVERYBODY)
    error = refused(lambda: stand("ann", case, 4, ""))
    assert isinstance(error, BadInput)
    assert list(error.fields) == ["reasons.ITS"]
    assert stand("ann", case, 2, "").state == "open"
    assert Post.objects.filter(discussion=case, kind="keep").count() == 1


@pytest.mark.parametrize(
    ("stances", "why", "field"),
    [
        ({"ITS": 6}, {}, "stances.ITS"),
        ({"ITS": 2.5}, {}, "stances.ITS"),
        ({"ITS": True}, {}, "stances.ITS"),
        ({"TCC": 3}, {}, "stances.TCC"),
        ({"XYZ": 3}, {}, "stances.XYZ"),
        ({}, {}, "stances"),
        ({"ITS": 2}, {"TCC": StanceReason(text="x")}, "reasons.TCC"),
        ({"ITS": 4}, {"ITS": StanceReason(code="because")}, "reasons.ITS"),
        ({"ITS": 4}, {"ITS": StanceReason(text="  ")}, "reasons.ITS"),
        ({"ITS": 4}, {"ITS": StanceReason(text="x" * 4001)}, "reasons.ITS"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field_and_nothing_is_stored(
    case: Discussion, stances: dict[str, float], why: dict[str, StanceReason], field: str
) -> None:
    reasons(case, *EVERYBODY)
    before = Post.objects.count()
    error = refused(
        lambda: participating.take_stances(
            by=make_user("ann"), discussion_id=case.public_id, client_key=uuid4(), stances=stances, reasons=why
        )
    )
    assert isinstance(error, BadInput)
    assert field in error.fields
    assert Post.objects.count() == before


def test_one_bad_dimension_stores_none_of_them(study: Study) -> None:
    case = make_discussion(study, {"ann": {"ITS": 2, "TCC": 1}, "ben": {"ITS": 4, "TCC": 5}})
    reason("ann", case)
    stances = {"ITS": 4, "TCC": 5}
    why = {"ITS": StanceReason("slip"), "TCC": StanceReason("slip")}
    error = refused(
        lambda: participating.take_stances(
            by=make_user("ann"), discussion_id=case.public_id, client_key=uuid4(), stances=stances, reasons=why
        )
    )
    assert error.code == "reason_first"
    assert list(error.fields) == ["TCC"]
    assert Stance.objects.filter(level__value=4, participant__member__name="Ann").count() == 0


def test_an_empty_reason_is_none(case: Discussion) -> None:
    assert "reasons.ITS" in refused(lambda: reason("ann", case, " ")).fields
    assert refused(lambda: say("ann", case, "")).fields


def test_a_reason_is_given_once(case: Discussion) -> None:
    reason("ann", case)
    assert refused(lambda: reason("ann", case, "Or rather.")).code == "already_given"


def test_a_late_write_to_a_closed_case_is_refused_and_changes_nothing(case: Discussion) -> None:
    reasons(case, *EVERYBODY)
    stand("ann", case, 4)
    for act in (lambda: stand("ben", case, 1), lambda: say("ben", case, "Wait!"), lambda: reason("ben", case)):
        assert refused(act).code == "closed"
    assert finals(case)["ITS"] == (4, "discussed")


def test_a_late_answer_on_a_closed_dimension_is_refused(study: Study) -> None:
    case = make_discussion(study, {"ann": {"ITS": 2, "TCC": 1}, "ben": {"ITS": 4, "TCC": 5}})
    reason("ann", case)
    stand("ann", case, 4)
    assert refused(lambda: reason("ben", case)).code == "topic_closed"
    assert refused(lambda: say("ann", case, "Done.")).code == "topic_closed"


def test_after_the_deadline_the_participants_are_refused_even_before_it_was_noticed(study: Study) -> None:
    case = make_discussion(study, due_at=timezone.now() - timedelta(seconds=1))
    assert refused(lambda: reason("ann", case)).code == "handed_over"


@pytest.mark.parametrize(("state", "code"), [("paused", "study_paused"), ("closed", "study_closed")])
def test_a_study_that_stands_still_takes_no_answers(case: Discussion, state: str, code: str) -> None:
    Study.objects.update(state=state)
    assert refused(lambda: reason("ann", case)).code == code


def test_who_is_paused_waits_who_has_left_knows_nothing_of_it(case: Discussion) -> None:
    Member.objects.filter(name="Ann").update(state="paused")
    assert refused(lambda: reason("ann", case)).code == "member_paused"
    Member.objects.filter(name="Ann").update(state="left")
    assert isinstance(refused(lambda: reason("ann", case)), NotFound)


def test_others_learn_nothing_of_it(case: Discussion, study: Study) -> None:
    make_member(study, "dan")
    make_member(study, "ada", "admin")
    for who in ("dan", "sam"):
        assert isinstance(refused(lambda who=who: reason(who, case)), NotFound)  # type: ignore[misc]
    assert isinstance(refused(lambda: reason("ada", case)), NotAllowed)


# --- the same again -----------------------------------------------------------------------------------------


def test_the_same_key_again_stores_nothing_and_answers_the_same(case: Discussion) -> None:
    key = uuid4()
    first = reason("ann", case, key=key)
    assert reason("ann", case, key=key) == first
    assert Post.objects.count() == 1


def test_the_same_key_answers_even_after_it_closed_the_case(case: Discussion) -> None:
    reasons(case, *EVERYBODY)
    key = uuid4()
    closed = stand("ann", case, 4, key=key)
    assert stand("ann", case, 4, key=key) == closed
    assert Score.objects.filter(discussion=case).count() == 3


def test_a_key_that_somebody_else_used_is_refused(case: Discussion, study: Study) -> None:
    key = uuid4()
    reason("ann", case, key=key)
    assert refused(lambda: reason("ben", case, key=key)).code == "client_key_reused"
    other = make_discussion(study)
    assert refused(lambda: reason("ann", other, key=key)).code == "client_key_reused"


# --- whom it waits for --------------------------------------------------------------------------------------


def test_it_waits_for_whom_something_new_has_been_said(case: Discussion) -> None:
    assert awaited(case) == {"ann", "ben", "cho"}
    reason("ben", case)
    assert awaited(case) == {"ann", "cho"}
    reason("ann", case)
    assert awaited(case) == {"ben", "cho"}
    reason("cho", case)
    assert awaited(case) == {"ann", "ben"}
    stand("ben", case, 4, "")
    assert awaited(case) == {"ann"}
    say("ann", case, "Why?")
    assert awaited(case) == {"ben", "cho"}
    stand("ann", case, 4)
    assert awaited(case) == set()


def test_each_write_makes_a_new_version(case: Discussion) -> None:
    versions = [reason("ann", case).version, say("ann", case, "Also this.").version]
    assert versions == [2, 3]


def test_a_wrong_time_is_refused(case: Discussion) -> None:
    with pytest.raises(BadInput):
        participating.post_comment(
            by=make_user("ann"),
            discussion_id=case.public_id,
            client_key=uuid4(),
            dimension="ITS",
            text="x",
            seconds=float("nan"),
        )


def test_the_time_of_one_act_on_two_dimensions_is_counted_once(study: Study) -> None:
    case = make_discussion(study, {"ann": {"ITS": 2, "TCC": 1}, "ben": {"ITS": 4, "TCC": 5}})
    participating.give_reasons(
        by=make_user("ann"),
        discussion_id=case.public_id,
        client_key=uuid4(),
        reasons={"ITS": StanceReason("picture"), "TCC": StanceReason("text")},
        seconds=30,
    )
    assert sum(seconds or 0 for seconds in Post.objects.values_list("seconds", flat=True)) == 30


def test_a_sample_that_is_not_in_discussion_cannot_be_discussed(case: Discussion) -> None:
    Sample.objects.filter(pk=case.sample_id).update(state="withdrawn")
    reason("ann", case)
    with pytest.raises(WrongState):
        stand("ann", case, 4)
    assert "ITS" not in finals(case)


def test_an_answer_shows_what_a_fresh_look_shows(case: Discussion) -> None:
    for answer in (
        lambda: reason("ann", case),
        lambda: reason("ben", case),
        lambda: say("ann", case, "Hm."),
        lambda: reason("cho", case),
        lambda: stand("ben", case, 3),
        lambda: stand("cho", case, 2),
    ):
        shown = answer()
        who = {"R1": "ann", "R2": "ben", "R3": "cho"}[shown.me or ""]
        assert shown == case_for(by=make_user(who), discussion_id=case.public_id)
