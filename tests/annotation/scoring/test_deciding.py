"""The last score decides: agreed values, a discussion, and what each of them holds."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from annotation.core.errors import WrongState
from annotation.models import Discussion, FinalScore, HistoryEntry, Participant, Protocol, Sample, Stance, Study, Topic
from annotation.models.rubrics import level_id
from annotation.scoring import deciding, submitting
from tests.factories import make_rubric, make_sample, make_study, make_user

from .score_rows import ALL, all_score, discussion_of, finals, lease, same, score, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study(k=3)


def topics(discussion: Discussion) -> list[str]:
    return sorted(topic.dimension.key for topic in Topic.objects.filter(discussion=discussion))


def stances(discussion: Discussion) -> dict[tuple[str, str], tuple[float, float]]:
    rows = Stance.objects.filter(participant__discussion=discussion).select_related("first", "level", "dimension")
    return {
        (row.participant.member.name, row.dimension.key): (row.first.value, row.level.value)  # type: ignore[union-attr]
        for row in rows
    }


def test_three_who_say_the_same_make_it_agreed_with_the_third_score(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    score(study, "ann", same(4))
    score(study, "ben", same(4))
    assert state_of(sample) == "scoring"
    assert not finals(sample)
    score(study, "cho", same(4))
    assert state_of(sample) == "agreed"
    assert finals(sample) == dict.fromkeys(ALL, (4, "unanimous"))
    assert set(FinalScore.objects.values_list("label_origin", "version", "discussion")) == {("blind", 1, None)}
    (entry,) = HistoryEntry.objects.filter(sample=sample, event="agreed")
    assert entry.detail == {"to": "agreed"}
    assert entry.member is not None
    assert entry.member.name == "Cho"
    assert not Discussion.objects.exists()


def test_a_difference_on_one_dimension_opens_a_discussion_of_that_one_alone(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    before = timezone.now()
    all_score(study, {"ann": same(4, ITS=1), "ben": same(4, ITS=3), "cho": same(4, ITS=3)})
    assert (state_of(sample), sample.stage, sample.free_slots) == ("in_discussion", 0, 0)
    discussion = discussion_of(sample)
    assert topics(discussion) == ["ITS"]
    assert (discussion.number, discussion.because, discussion.state) == (1, "scores", "open")
    assert (discussion.study, discussion.spread, discussion.version) == (study, 2, 1)
    assert stances(discussion) == {("Ann", "ITS"): (1, 1), ("Ben", "ITS"): (3, 3), ("Cho", "ITS"): (3, 3)}
    people = Participant.objects.filter(discussion=discussion)
    assert sorted(one.number for one in people) == [1, 2, 3]
    assert all(one.waits and one.state == "active" and one.replaces is None for one in people)
    assert finals(sample) == dict.fromkeys(("TCC", "ICC", "IQ"), (4, "unanimous"))
    assert discussion.due_at is not None
    assert before + timedelta(days=7) <= discussion.due_at <= timezone.now() + timedelta(days=7)
    (entry,) = HistoryEntry.objects.filter(sample=sample, event="disputed")
    assert entry.detail == {"to": "in_discussion", "discussion": discussion.public_id, "dimensions": ["ITS"]}


def test_the_widest_range_orders_the_queue_of_discussions(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(4, ITS=1, TCC=3), "ben": same(4, ITS=5), "cho": same(4, ITS=3)})
    assert discussion_of(sample).spread == 4
    assert topics(discussion_of(sample)) == ["ITS", "TCC"]


def test_pseudonyms_do_not_follow_the_order_of_scoring(monkeypatch: pytest.MonkeyPatch) -> None:
    # Forty draws by true chance miss one of the six orders in every 250th run.
    monkeypatch.setattr(deciding, "_chance", random.Random(7))
    study = make_study(k=3)
    order = {"ann": same(1), "ben": same(2), "cho": same(3)}
    drawn = set()
    for _ in range(40):
        sample = make_sample(study, pictures=["red"])
        all_score(study, order)
        people = Participant.objects.filter(discussion=discussion_of(sample)).order_by("number")
        drawn.add(tuple(one.member.name for one in people))
    assert len(drawn) == 6


def test_a_study_without_deadline_discusses_without_one() -> None:
    study = make_study(k=2, discussion_days=None)
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(1), "ben": same(2)})
    assert discussion_of(sample).due_at is None


def test_within_the_tolerance_the_median_is_final() -> None:
    study = make_study(k=3, tolerance=1)
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(4), "ben": same(4, IQ=5), "cho": same(4, IQ=5, ITS=3)})
    assert state_of(sample) == "agreed"
    assert finals(sample) == {
        "TCC": (4, "unanimous"),
        "ICC": (4, "unanimous"),
        "IQ": (5, "within_tolerance"),
        "ITS": (4, "within_tolerance"),
    }


def test_a_crowd_is_taken_at_its_lower_median() -> None:
    study = make_study(k=4, decide="aggregate")
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(1), "ben": same(2), "cho": same(4), "dan": same(5, IQ=4)})
    assert state_of(sample) == "agreed"
    assert finals(sample) == dict.fromkeys(ALL, (2, "aggregated"))


def test_one_annotator_decides_alone_where_the_protocol_says_one() -> None:
    study = make_study(k=1)
    sample = make_sample(study, pictures=["red"])
    score(study, "ann", same(3))
    assert state_of(sample) == "agreed"
    assert finals(sample) == dict.fromkeys(ALL, (3, "single"))


def test_dimensions_of_a_missing_side_are_settled_by_rule_and_never_discussed(study: Study) -> None:
    sample = make_sample(study, text="Only words.")
    all_score(study, {"ann": {"TCC": 1}, "ben": {"TCC": 2}, "cho": {"TCC": 2}})
    assert topics(discussion_of(sample)) == ["TCC"]
    assert finals(sample) == dict.fromkeys(("ICC", "IQ", "ITS"), (0, "by_rule"))


def test_what_is_not_applicable_is_settled_without_a_level() -> None:
    study = make_study(k=1, rubric=make_rubric("other", missing=None))
    sample = make_sample(study, text="Only words.")
    score(study, "ann", {"TCC": 5})
    assert state_of(sample) == "agreed"
    assert finals(sample)["IQ"] == (None, "by_rule")
    assert finals(sample)["TCC"] == (5, "single")


def test_a_tie_asks_one_more_annotator_once(study: Study) -> None:
    study.protocols.update(annotators_per_sample=2, tolerance=1, tie_rule="third")
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(4), "ben": same(4, ITS=5)})
    assert (state_of(sample), sample.stage, sample.free_slots, sample.scores_needed) == ("scoring", 2, 0b100, 3)
    assert not finals(sample)
    assert HistoryEntry.objects.get(event="one_more_asked").detail == {"to": "scoring"}
    score(study, "cho", same(4, ITS=5))
    assert state_of(sample) == "agreed"
    assert finals(sample)["ITS"] == (5, "within_tolerance")


def test_a_tie_of_four_is_discussed_when_one_more_has_been_asked_already() -> None:
    study = make_study(k=3, tolerance=2, tie_rule="third", rubric=make_rubric("odd", levels=(0, 1, 2, 4)))
    sample = make_sample(study, pictures=["red"])
    # 1 and 2 and 2 have a middle; so the first tie can only come with an even k.
    study.protocols.update(annotators_per_sample=4)
    all_score(study, {"ann": same(2), "ben": same(2), "cho": same(4), "dan": same(4)})
    assert (state_of(sample), sample.scores_needed) == ("scoring", 5)
    Sample.objects.filter(pk=sample.pk).update(scores_needed=6, free_slots=0b110000)
    all_score(study, {"eve": same(2), "fay": same(4)})
    assert state_of(sample) == "in_discussion"
    assert HistoryEntry.objects.filter(event="one_more_asked").count() == 1


def test_a_decided_sample_takes_no_undo_and_no_further_score(study: Study) -> None:
    make_sample(study, pictures=["red"])
    answers = {name: score(study, name, same(value)) for name, value in (("ann", 4), ("ben", 4), ("cho", 3))}
    for name, answer in answers.items():
        with pytest.raises(WrongState) as refused:
            submitting.undo_score(by=make_user(name), assignment_id=answer.assignment_id)
        assert refused.value.code == "decided"
    assert lease(study, "dan") is None


def test_the_answer_to_a_submission_does_not_tell_that_it_decided(study: Study) -> None:
    make_sample(study, pictures=["red"])
    first, _, last = (score(study, name, same(value)) for name, value in (("ann", 4), ("ben", 4), ("cho", 3)))
    hidden = {"assignment_id", "ratings", "scored_at", "undo_until"}
    told = [{name: getattr(one, name) for name in one.__slots__ if name not in hidden} for one in (first, last)]
    assert told[0] == told[1]
    for one in (first, last):
        assert one.scored_at is not None
        assert one.undo_until == one.scored_at + timedelta(minutes=10)


def test_the_same_key_again_decides_nothing_twice(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(4), "ben": same(4)})
    work, key = lease(study, "cho"), uuid4()
    assert work is not None
    for _ in range(2):
        submitting.submit_score(
            by=make_user("cho"),
            assignment_id=work.public_id,
            client_key=key,
            ratings=same(3),
            notes={},
            seconds=None,
        )
    assert Discussion.objects.filter(sample=sample).count() == 1
    assert HistoryEntry.objects.filter(event="disputed").count() == 1


def test_an_undone_score_is_not_among_those_that_decide(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    first = score(study, "ann", same(1))
    submitting.undo_score(by=make_user("ann"), assignment_id=first.assignment_id)
    all_score(study, {"ben": same(4), "cho": same(4), "ann": same(4)})
    assert finals(sample) == dict.fromkeys(ALL, (4, "unanimous"))


def test_somebody_who_still_holds_a_sample_is_waited_for_when_k_has_shrunk(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    score(study, "ann", same(4))
    held = lease(study, "ben"), lease(study, "cho")
    Sample.objects.filter(pk=sample.pk).update(scores_needed=2)
    score(study, "ben", same(4))
    assert state_of(sample) == "scoring"
    score(study, "cho", same(2))
    assert all(held)
    assert Participant.objects.filter(discussion=discussion_of(sample)).count() == 3


def test_an_admins_discussion_is_opened_over_what_they_name(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(4), "ben": same(4), "cho": same(4)})
    iq = study.rubric.dimensions.get(key="IQ")
    members = list(study.members.order_by("pk"))
    opened = deciding.open_discussion(
        sample,
        because=Discussion.Because.REOPENED,
        dimensions=[iq.pk],
        participants=[(members[0].pk, {iq.pk: level_id(iq.pk, 4)}), (members[1].pk, {})],
        at=timezone.now(),
        discussion_days=3,
    )
    assert (topics(opened), opened.because, opened.number, opened.spread) == (["IQ"], "reopened", 1, 0)
    rows = Stance.objects.filter(participant__discussion=opened)
    assert sorted((row.participant.member.name, row.level_id) for row in rows) == [
        ("Ann", level_id(iq.pk, 4)),
        ("Ben", None),
    ]
    assert opened.due_at is not None
    opened.state, opened.closed_at = "closed", timezone.now()
    opened.save()
    again = deciding.open_discussion(
        sample,
        because=Discussion.Because.REOPENED,
        dimensions=[iq.pk],
        participants=[(one.pk, {}) for one in members],
        at=timezone.now(),
        discussion_days=None,
    )
    assert (again.number, again.due_at) == (2, None)


def test_a_sample_decided_again_gets_the_next_version_of_its_final_scores() -> None:
    study = make_study(k=1)
    sample = make_sample(study, pictures=["red"])
    score(study, "ann", same(3))
    Sample.objects.filter(pk=sample.pk).update(state="scoring", stage=2, free_slots=0b10, scores_needed=2)
    score(study, "ben", same(3))
    assert finals(sample) == dict.fromkeys(ALL, (3, "unanimous"))
    assert sorted(FinalScore.objects.filter(dimension__key="IQ").values_list("version", "current")) == [
        (1, False),
        (2, True),
    ]


def test_a_sample_keeps_the_protocol_of_its_first_lease(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    score(study, "ann", same(4))
    study.protocols.update(current=False)
    Protocol.objects.create(study=study, version=2, annotators_per_sample=2, tolerance=5)
    score(study, "ben", same(3))
    assert state_of(sample) == "scoring"
    score(study, "cho", same(3))
    assert state_of(sample) == "in_discussion"
