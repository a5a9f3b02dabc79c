"""Reopening and withdrawing samples, and the life that one can read of them."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.core.errors import BadInput, NotAllowed, NotFound, WorkflowError
from annotation.discussions import moderating
from annotation.discussions.views import case_for
from annotation.models import Assignment, Discussion, FinalScore, HistoryEntry, Member, Sample, Score, Study, User
from annotation.samples import reopening
from annotation.samples.timeline import TimelineEntry, read_timeline
from annotation.scoring import leasing, submitting
from tests.annotation.discussions.cases import awaited, reason, reasons, say, stand
from tests.factories import make_discussion, make_member, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db
THREES = {"TCC": 3.0, "ICC": 3.0, "IQ": 3.0, "ITS": 3.0}


@pytest.fixture
def study() -> Study:
    study = make_study()
    make_member(study, "ada", "admin")
    return study


@pytest.fixture
def ada(study: Study) -> User:
    return make_user("ada")


def refused(act: Callable[[], object]) -> WorkflowError:
    with pytest.raises(WorkflowError) as caught:
        act()
    return caught.value


def agreed(study: Study) -> Discussion:
    """Ann came from 2 to Ben's and Cho's 4 on ITS."""
    case = make_discussion(study)
    reason("ann", case)
    stand("ann", case, 4)
    return case


def reopen(ada: User, sample: Sample, why: str = "Look again.", dimensions: list[str] | None = None) -> Sample:
    return reopening.reopen_sample(by=ada, sample_id=sample.public_id, reason=why, dimensions=dimensions)


def withdraw(ada: User, sample: Sample, why: str = "Broken picture.") -> Sample:
    return reopening.withdraw_sample(by=ada, sample_id=sample.public_id, reason=why)


def current(sample: Sample) -> dict[str, tuple[float | None, str]]:
    rows = FinalScore.objects.filter(sample=sample, current=True)
    return {key: (value, how) for key, value, how in rows.values_list("dimension__key", "level__value", "outcome")}


def score(who: str, sample: Sample, **values: float) -> None:
    """Lease this very sample and score it."""
    leased = leasing.lease_samples(by=make_user(who), slug=sample.study.slug, count=5).assignments
    work = next(one for one in leased if one.sample.public_id == sample.public_id)
    submitting.submit_score(
        by=make_user(who),
        assignment_id=work.public_id,
        client_key=uuid4(),
        ratings={**THREES, **values},
        notes={},
        seconds=10,
    )


# --- reopening ----------------------------------------------------------------------------------------------


def test_an_agreed_sample_is_discussed_again_from_where_everybody_stood(ada: User, study: Study) -> None:
    first = agreed(study)
    sample = reopen(ada, first.sample, dimensions=["ITS"])
    assert sample.state == "in_discussion"
    assert current(sample).keys() == {"TCC", "ICC", "IQ"}
    again = Discussion.objects.get(sample=sample, number=2)
    assert (again.because, again.spread, again.state) == ("reopened", 0, "open")
    shown = case_for(by=ada, discussion_id=again.public_id)
    assert shown.topics[0].stances is not None
    assert [stance.first for stance in shown.topics[0].stances] == [4, 4, 4]
    assert awaited(again) == {"ann", "ben", "cho"}


def test_a_reopened_case_closes_only_after_everybody_has_spoken(ada: User, study: Study) -> None:
    sample = reopen(ada, agreed(study).sample, dimensions=["ITS"])
    again = Discussion.objects.get(sample=sample, number=2)
    assert reason("ann", again, "Still 4.").state == "open"
    assert reason("ben", again, "Still 4.").state == "open"
    assert awaited(again) == {"cho"}
    assert reason("cho", again, "Still 4.").state == "closed"
    final = FinalScore.objects.get(sample=sample, dimension__key="ITS", current=True)
    assert (final.version, final.outcome, final.discussion) == (2, "discussed", again)
    assert sorted(Score.objects.filter(sample=sample, member__name="Ann").values_list("round", flat=True)) == [1, 2, 3]
    assert Sample.objects.get(pk=sample.pk).state == "agreed"


def test_all_dimensions_are_reopened_where_none_is_named(ada: User, study: Study) -> None:
    sample = reopen(ada, agreed(study).sample)
    again = Discussion.objects.get(sample=sample, number=2)
    assert [topic.key for topic in case_for(by=ada, discussion_id=again.public_id).topics] == list(THREES)
    assert current(sample) == {}


def test_pseudonyms_are_shuffled_between_cases(ada: User, study: Study) -> None:
    first = agreed(study)
    orders = set()
    for _ in range(12):
        sample = reopen(ada, first.sample, dimensions=["ITS"])
        again = Discussion.objects.filter(sample=sample).latest("number")
        orders.add(tuple(again.participants.order_by("number").values_list("member__name", flat=True)))
        moderating.override_topics(by=ada, discussion_id=again.public_id, values={"ITS": 4}, reason="Enough.")
    # Twelve times the same of six orders comes once in 300 million.
    assert len(orders) > 1


def test_who_has_left_or_was_excused_is_not_called_back(ada: User, study: Study) -> None:
    case = make_discussion(study, {"ann": {"ITS": 1}, "ben": {"ITS": 2}, "cho": {"ITS": 4}, "dan": {"ITS": 4}})
    excuse = moderating.excuse_participant
    excuse(by=ada, discussion_id=case.public_id, participant="R1", reason="Ill.")
    moderating.override_topics(by=ada, discussion_id=case.public_id, values={"ITS": 4}, reason="Enough.")
    Member.objects.filter(name="Ben").update(state="left")
    sample = reopen(ada, case.sample, dimensions=["ITS"])
    again = Discussion.objects.get(sample=sample, number=2)
    assert set(again.participants.values_list("member__name", flat=True)) == {"Cho", "Dan"}


def test_a_replacement_who_signed_is_called_back_and_owes_a_value_where_they_never_gave_one(
    ada: User, study: Study
) -> None:
    case = make_discussion(study)
    eve = make_member(study, "eve")
    moderating.excuse_participant(
        by=ada, discussion_id=case.public_id, participant="R1", reason="Ill.", replacement=eve.public_id
    )
    reason("eve", case, value=4)
    sample = reopen(ada, case.sample, dimensions=["ITS", "TCC"])
    again = Discussion.objects.get(sample=sample, number=2)
    stances = again.participants.get(member=eve).stances
    assert {s.dimension.key: s.level and s.level.value for s in stances.all()} == {"ITS": 4, "TCC": None}


def test_a_sample_with_one_scorer_goes_back_for_one_more_score(ada: User) -> None:
    study = make_study("single", k=1)
    make_member(study, ada, "admin")
    for who in ("ann", "ben"):
        make_member(study, who)
    sample = make_sample(study, pictures=["red"])
    score("ann", sample)
    assert Sample.objects.get(pk=sample.pk).state == "agreed"
    sample = reopen(ada, sample)
    assert (sample.state, sample.scores_needed, sample.stage) == ("scoring", 2, Sample.Stage.BEGUN)
    assert current(sample) == {}
    score("ben", sample, ITS=5)
    case = Discussion.objects.get(sample=sample)
    assert set(case.participants.values_list("member__name", flat=True)) == {"Ann", "Ben"}
    assert current(sample).keys() == {"TCC", "ICC", "IQ"}


def test_a_blocked_sample_goes_back_for_the_scores_that_are_missing(ada: User, study: Study) -> None:
    for who in ("ann", "ben", "cho", "dan"):
        make_member(study, who)
    sample = make_sample(study, pictures=["red"])
    score("ann", sample)
    Sample.objects.filter(pk=sample.pk).update(state="blocked", state_reason="skipped", stage=0, free_slots=0)
    sample = reopen(ada, sample)
    assert (sample.state, sample.state_reason) == ("scoring", "")
    assert bin(sample.free_slots).count("1") == 2
    score("ben", sample)
    score("cho", sample)
    assert Sample.objects.get(pk=sample.pk).state == "agreed"
    assert Assignment.objects.filter(sample=sample, state=2).count() == 3


def test_a_sample_that_was_never_opened_comes_back_under_the_rules_of_now(ada: User, study: Study) -> None:
    make_member(study, "ann")
    sample = withdraw(ada, make_sample(study, pictures=["red"]))
    assert sample.state == "withdrawn"
    sample = reopen(ada, sample)
    assert (sample.state, sample.scores_needed, sample.free_slots) == ("scoring", 3, 0b111)
    score("ann", sample)


def test_a_withdrawn_sample_with_all_its_scores_is_decided_at_once(ada: User, study: Study) -> None:
    sample = withdraw(ada, make_discussion(study).sample)
    sample = reopen(ada, sample)
    assert sample.state == "in_discussion"
    assert Discussion.objects.get(sample=sample, number=2).state == "open"


def test_imported_labels_are_scored_anew(ada: User, study: Study) -> None:
    make_member(study, "ann")
    sample = make_sample(study, pictures=["red"], state="agreed", stage=0)
    for dimension in study.rubric.dimensions.all():
        level = dimension.levels.get(value=5)
        FinalScore.objects.create(sample=sample, dimension=dimension, level=level, outcome="imported")
    sample = reopen(ada, sample)
    assert (sample.state, sample.scores_needed, sample.free_slots) == ("scoring", 3, 0b111)
    assert current(sample) == {}


def test_what_a_rule_decides_is_not_reopened(ada: User, study: Study) -> None:
    sample = make_sample(study, None, question="?", state="agreed", stage=0)
    assert refused(lambda: reopen(ada, sample)).code == "by_rule"


def by_rule(study: Study) -> Sample:
    """Without a text and without a picture, as an import brings it: 0 on everything."""
    sample = make_sample(study, None, question="?", state="agreed", stage=0)
    for version in (1, 2):
        FinalScore.objects.filter(sample=sample).update(current=False)
        for dimension in study.rubric.dimensions.all():
            level = dimension.levels.get(value=0)
            FinalScore.objects.create(
                sample=sample, dimension=dimension, level=level, outcome="by_rule", version=version
            )
    return sample


def test_what_a_rule_decides_comes_back_agreed_after_it_was_withdrawn(ada: User, study: Study) -> None:
    sample = by_rule(study)
    before = current(sample)
    sample = withdraw(ada, sample)
    assert current(sample) == {}
    sample = reopen(ada, sample, "It was the right one after all.")
    assert (sample.state, sample.state_reason, sample.stage) == ("agreed", "", Sample.Stage.CLOSED)
    assert current(sample) == before == dict.fromkeys(THREES, (0, "by_rule"))
    assert set(FinalScore.objects.filter(sample=sample, current=True).values_list("version", flat=True)) == {2}
    step = told(sample)[-1]
    assert (step.event, step.who, step.from_state, step.to_state) == ("restored", "Ada", "withdrawn", "agreed")
    assert step.text == "It was the right one after all."
    assert refused(lambda: reopen(ada, sample)).code == "by_rule"
    assert withdraw(ada, sample).state == "withdrawn"


def test_no_dimension_of_what_a_rule_decides_can_be_chosen(ada: User, study: Study) -> None:
    sample = withdraw(ada, by_rule(study))
    error = refused(lambda: reopen(ada, sample, dimensions=["ITS"]))
    assert isinstance(error, BadInput)
    assert "dimensions" in error.fields
    assert Sample.objects.get(pk=sample.pk).state == "withdrawn"


def test_without_values_by_rule_there_is_nothing_to_bring_back(ada: User, study: Study) -> None:
    sample = make_sample(study, None, question="?", state="withdrawn", stage=0)
    assert refused(lambda: reopen(ada, sample)).code == "by_rule"
    assert Sample.objects.get(pk=sample.pk).state == "withdrawn"


def test_dimensions_of_a_missing_side_are_not_reopened(ada: User, study: Study) -> None:
    sample = make_sample(study, "Text alone.", state="agreed", stage=0)
    error = refused(lambda: reopen(ada, sample, dimensions=["ITS"]))
    assert isinstance(error, BadInput)
    assert "dimensions" in error.fields


@pytest.mark.parametrize("state", ["waiting", "scoring", "in_review", "in_discussion"])
def test_what_goes_on_cannot_be_reopened(ada: User, study: Study, state: str) -> None:
    sample = make_sample(study, pictures=["red"], state=state)
    assert refused(lambda: reopen(ada, sample)).code == "wrong_state"


def test_both_need_a_reason_and_an_admin(ada: User, study: Study) -> None:
    sample = agreed(study).sample
    make_member(study, "ravi", "researcher")
    for act in (reopen, withdraw):
        assert "reason" in refused(lambda act=act: act(ada, sample, " ")).fields  # type: ignore[misc]
        assert isinstance(refused(lambda act=act: act(make_user("ravi"), sample)), NotAllowed)  # type: ignore[misc]
        for who in ("ann", "sam"):
            assert isinstance(refused(lambda act=act, who=who: act(make_user(who), sample)), NotFound)  # type: ignore[misc]
    assert Sample.objects.get(pk=sample.pk).state == "agreed"


# --- withdrawing --------------------------------------------------------------------------------------------


def test_withdrawing_ends_the_discussion_and_the_agreed_values(ada: User, study: Study) -> None:
    case = make_discussion(study)
    sample = withdraw(ada, case.sample)
    assert (sample.state, sample.state_reason) == ("withdrawn", "Broken picture.")
    assert current(sample) == {}
    assert Discussion.objects.get(pk=case.pk).state == "closed"
    assert awaited(case) == set()
    assert refused(lambda: reason("ann", case)).code == "closed"
    # What was never revealed stays covered: the sample may come back.
    shown = case_for(by=make_user("ann"), discussion_id=case.public_id)
    assert [(topic.state, topic.revealed) for topic in shown.topics] == [("closed", False)]
    assert Score.objects.filter(sample=sample, voided_at=None).count() == 3


def test_withdrawing_takes_it_from_whoever_holds_it(ada: User, study: Study) -> None:
    make_member(study, "ann")
    sample = make_sample(study, pictures=["red"])
    work = leasing.lease_samples(by=make_user("ann"), slug="birds").assignments[0]
    sample = withdraw(ada, sample)
    assert (sample.stage, sample.free_slots) == (Sample.Stage.CLOSED, 0)
    error = refused(
        lambda: submitting.submit_score(
            by=make_user("ann"),
            assignment_id=work.public_id,
            client_key=uuid4(),
            ratings=THREES,
            notes={},
            seconds=None,
        )
    )
    assert error.status == 409
    assert refused(lambda: withdraw(ada, sample)).code == "wrong_state"


# --- the timeline -------------------------------------------------------------------------------------------


def told(sample: Sample, *, names: bool = True) -> list[TimelineEntry]:
    return read_timeline(Sample.objects.get(pk=sample.pk), names=names)


def test_the_timeline_tells_a_whole_life_with_who_and_from_which_state_to_which(ada: User, study: Study) -> None:
    for who in ("ann", "ben", "cho"):
        make_member(study, who)
    sample = make_sample(study, pictures=["red"])
    for who, its in (("ann", 2), ("ben", 4), ("cho", 4)):
        score(who, sample, ITS=its)
    case = Discussion.objects.get(sample=sample)
    reason("ann", case, "The wing is cut off.")
    stand("ann", case, 3, "overlooked")
    moderating.override_topics(by=ada, discussion_id=case.public_id, values={"ITS": 4}, reason="Two see it so.")
    reopening.reopen_sample(by=ada, sample_id=sample.public_id, reason="A doubt.", dimensions=["ITS"])
    reopening.withdraw_sample(by=ada, sample_id=sample.public_id, reason="Gave up.")

    life = told(sample)
    steps = [(one.event, one.who, one.to_state) for one in life]
    assert steps == [
        ("imported", "", "waiting"),
        *((event, who, "scoring") for who in ("Ann", "Ben", "Cho") for event in ("leased", "scored")),
        ("disputed", "Cho", "in_discussion"),
        ("discussion_reason", "Ann", "in_discussion"),
        ("stance_moved", "Ann", "in_discussion"),
        ("topic_overridden", "Ada", "in_discussion"),
        ("overridden", "Ada", "agreed"),
        ("reopened", "Ada", "in_discussion"),
        ("withdrawn", "Ada", "withdrawn"),
    ]
    by_event = {one.event: one for one in life}
    assert [one.values["ITS"] for one in life if one.event == "scored"] == [2, 4, 4]
    assert (by_event["disputed"].dimensions, by_event["disputed"].values) == (("ITS",), {"TCC": 3, "ICC": 3, "IQ": 3})
    assert by_event["discussion_reason"].text == "The wing is cut off."
    moved = by_event["stance_moved"]
    assert (moved.dimension, moved.before, moved.value, moved.reason) == ("ITS", 2, 3, "overlooked")
    assert (by_event["topic_overridden"].value, by_event["topic_overridden"].text) == (4, "Two see it so.")
    assert by_event["withdrawn"].text == "Gave up."
    assert (by_event["disputed"].from_state, by_event["overridden"].from_state) == ("scoring", "in_discussion")
    assert life == sorted(life, key=lambda one: one.at)  # type: ignore[arg-type, return-value]


def test_researchers_read_it_under_pseudonyms(ada: User, study: Study) -> None:
    case = make_discussion(study)
    reasons(case, "ann", "ben", "cho")
    say("ben", case, "Hm.")
    moderating.excuse_participant(by=ada, discussion_id=case.public_id, participant="R1", reason="Ill.")
    text = str(told(case.sample, names=False))
    for name in ("Ann", "Ben", "Cho", "Ada"):
        assert f"'{name}'" not in text
    ann = Member.objects.get(name="Ann")
    excused = next(one for one in told(case.sample, names=False) if one.event == "participant_excused")
    assert (excused.about, excused.text) == (f"R-{ann.public_id}", "Ill.")


def test_what_files_brought_is_told_too(ada: User, study: Study) -> None:
    sample = make_sample(study, pictures=["red"], state="agreed", stage=0)
    dimension = study.rubric.dimensions.get(key="ITS")
    level = dimension.levels.get(value=5)
    FinalScore.objects.create(sample=sample, dimension=dimension, level=level, outcome="imported")
    expert = make_member(study, None, name="Expert 1")
    given = timezone.now() - timedelta(days=400)
    old = Score.objects.create(sample=sample, member=expert, origin="imported", at=given)
    old.ratings.create(dimension=dimension, level=level)
    reopen(ada, sample)
    life = told(sample)
    assert [(one.event, one.who, one.to_state) for one in life] == [
        ("imported", "", "waiting"),
        ("score_imported", "Expert 1", "waiting"),
        ("labels_imported", "", "agreed"),
        ("sent_back", "Ada", "scoring"),
    ]
    assert life[1].values == life[2].values == {"ITS": 5}


def test_an_undone_score_and_a_skip_stay_in_it(ada: User, study: Study) -> None:
    from annotation.scoring import leases

    make_member(study, "ann")
    sample = make_sample(study, pictures=["red"])
    score("ann", sample)
    work = Assignment.objects.get(sample=sample)
    submitting.undo_score(by=make_user("ann"), assignment_id=work.public_id)
    leases.skip_sample(
        by=make_user("ann"), assignment_id=work.public_id, client_key=uuid4(), reason="other", note="No idea."
    )
    life: Mapping[str, TimelineEntry] = {one.event: one for one in told(sample)}
    assert life["undone"].values == life["scored"].values == THREES
    assert (life["skipped"].reason, life["skipped"].text) == ("other", "No idea.")
    assert HistoryEntry.objects.filter(sample=sample).count() == len(life) - 1


def test_reading_a_life_costs_the_same_however_long_it_was(
    ada: User, study: Study, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    case = make_discussion(study)
    reasons(case, "ann", "ben", "cho")
    for _ in range(5):
        say("ann", case, "And another thing.")
    moderating.excuse_participant(by=ada, discussion_id=case.public_id, participant="R1", reason="Ill.")
    sample = Sample.objects.select_related("study").get(pk=case.sample_id)
    read_timeline(sample, names=True)
    with django_assert_max_num_queries(8):
        assert len(read_timeline(sample, names=True)) > 10
