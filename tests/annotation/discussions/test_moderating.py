"""What Ada, an admin, does with discussions."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotation.core.errors import BadInput, NotAllowed, NotFound, WorkflowError
from annotation.discussions import moderating
from annotation.discussions.admin_list import eligible_replacements
from annotation.discussions.views import CaseView, case_for, waiting_count
from annotation.models import (
    Discussion,
    Exposure,
    FinalScore,
    HistoryEntry,
    Member,
    Participant,
    Sample,
    Score,
    Study,
    User,
)
from annotation.scoring.exposures import record_exposure
from annotation.studies.logins import erase_user
from annotation.studies.studies import change_member, change_study
from tests.factories import make_discussion, make_member, make_study, make_user

from .cases import awaited, lines, reason, reasons, say, stand

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = make_study()
    make_member(study, "ada", "admin")
    return study


@pytest.fixture
def ada(study: Study) -> User:
    return make_user("ada")


@pytest.fixture
def case(study: Study) -> Discussion:
    """Ann (R1) says 2 on ITS, Ben (R2) and Cho (R3) say 4."""
    return make_discussion(study)


def refused(act: Callable[[], object]) -> WorkflowError:
    with pytest.raises(WorkflowError) as caught:
        act()
    return caught.value


def override(ada: User, case: Discussion, why: str = "The rubric says so.", **values: Any) -> CaseView:
    return moderating.override_topics(by=ada, discussion_id=case.public_id, values=values, reason=why)


def excuse(ada: User, case: Discussion, who: str, replacement: Member | None = None, why: str = "Ill.") -> CaseView:
    return moderating.excuse_participant(
        by=ada,
        discussion_id=case.public_id,
        participant=who,
        reason=why,
        replacement=replacement.public_id if replacement else None,
    )


def final(case: Discussion, key: str = "ITS") -> FinalScore:
    return FinalScore.objects.get(sample=case.sample, dimension__key=key, current=True)


# --- overriding ---------------------------------------------------------------------------------------------


def test_an_override_decides_and_says_so_and_nobody_signs(ada: User, case: Discussion) -> None:
    assert override(ada, case, ITS=3).state == "closed"
    row = final(case)
    assert row.level is not None
    assert (row.level.value, row.outcome, row.reason, row.by) == (3, "overridden", "The rubric says so.", ada)
    assert Sample.objects.get(pk=case.sample_id).state == "agreed"
    assert not Score.objects.filter(discussion=case).exists()
    events = HistoryEntry.objects.filter(sample=case.sample).values_list("event", flat=True)
    assert list(events) == ["topic_overridden", "overridden"]
    told = HistoryEntry.objects.get(event="topic_overridden").detail
    assert told["last"] == {"R1": 2, "R2": 4, "R3": 4}
    assert awaited(case) == set()


def test_an_override_needs_a_reason_a_dimension_and_a_level(ada: User, case: Discussion) -> None:
    for act, field in (
        (lambda: override(ada, case, " ", ITS=3), "reason"),
        (lambda: override(ada, case), "values"),
        (lambda: override(ada, case, ITS=9), "values.ITS"),
        (lambda: override(ada, case, TCC=3), "values.TCC"),
    ):
        error = refused(act)
        assert isinstance(error, BadInput)
        assert list(error.fields) == [field]
    assert Discussion.objects.get(pk=case.pk).state == "open"


def test_one_dimension_may_be_decided_while_another_is_discussed(ada: User, study: Study) -> None:
    case = make_discussion(study, {"ann": {"ITS": 2, "TCC": 1}, "ben": {"ITS": 4, "TCC": 5}})
    assert override(ada, case, TCC=2).state == "open"
    assert refused(lambda: override(ada, case, TCC=3)).code == "topic_closed"
    reasons(case, "ann", "ben")
    assert stand("ann", case, 4).state == "closed"
    assert (final(case, "TCC").outcome, final(case).outcome) == ("overridden", "discussed")
    # Their signatures cover what they agreed on.
    assert Score.objects.filter(discussion=case, ratings__dimension__key="TCC").count() == 0


def test_only_who_leads_may_and_a_closed_case_stays_closed(ada: User, case: Discussion, study: Study) -> None:
    make_member(study, "ravi", "researcher")
    assert isinstance(refused(lambda: override(make_user("ravi"), case, ITS=3)), NotAllowed)
    assert isinstance(refused(lambda: override(make_user("ann"), case, ITS=3)), NotAllowed)
    assert isinstance(refused(lambda: override(make_user("sam"), case, ITS=3)), NotFound)
    override(ada, case, ITS=3)
    for act in (
        lambda: override(ada, case, ITS=4),
        lambda: excuse(ada, case, "R1"),
        lambda: moderating.set_deadline(by=ada, discussion_id=case.public_id, due_at=None, reason="x"),
    ):
        assert refused(act).code == "closed"


def test_a_closed_study_is_left_as_it_is(ada: User, case: Discussion) -> None:
    Study.objects.update(state="closed")
    assert refused(lambda: override(ada, case, ITS=3)).code == "study_closed"


# --- excusing and replacing ---------------------------------------------------------------------------------


def test_where_those_who_remain_stand_together_it_closes(ada: User, case: Discussion) -> None:
    shown = excuse(ada, case, "R1")
    assert shown.state == "closed"
    level = final(case).level
    assert level is not None
    assert (final(case).outcome, level.value) == ("discussed", 4)
    assert set(Score.objects.filter(discussion=case).values_list("member__name", flat=True)) == {"Ben", "Cho"}
    assert HistoryEntry.objects.get(event="participant_excused").detail["reason"] == "Ill."


def test_where_they_differ_it_goes_on_and_what_was_said_stays(ada: User, case: Discussion) -> None:
    reasons(case, "ann", "ben", "cho")
    shown = excuse(ada, case, "R2")
    assert shown.state == "open"
    assert [post.alias for post in shown.topics[0].posts] == ["R1", "R2", "R3"]
    assert awaited(case) == {"ann"}
    assert refused(lambda: say("ben", case, "But!")).code == "excused"
    assert refused(lambda: excuse(ada, case, "R2")).code == "already_excused"


def test_two_have_to_remain(ada: User, study: Study) -> None:
    case = make_discussion(study, {"ann": {"ITS": 2}, "ben": {"ITS": 4}})
    assert refused(lambda: excuse(ada, case, "R1")).code == "two_remain"
    assert Participant.objects.filter(state="excused").count() == 0
    assert excuse(ada, case, "R1", make_member(study, "dan")).state == "open"


def test_a_replacement_gives_a_value_with_a_reason_and_then_it_may_close(ada: User, case: Discussion) -> None:
    dan = make_member(case.study, "dan")
    reasons(case, "ann", "ben", "cho")
    assert excuse(ada, case, "R1", dan).state == "open"
    assert awaited(case) == {"dan"}
    shown = case_for(by=make_user("dan"), discussion_id=case.public_id)
    assert (shown.me, shown.topics[0].mine.first, shown.topics[0].stances) == ("R4", None, None)  # type: ignore[union-attr]
    assert "stances.ITS" in refused(lambda: reason("dan", case)).fields
    closed = reason("dan", case, "As I see it.", value=4)
    assert closed.state == "closed"
    signatures = Score.objects.filter(discussion=case).values_list("member__name", "round")
    assert sorted(signatures) == [("Ben", 2), ("Cho", 2), ("Dan", 2)]
    stance = Participant.objects.get(member=dan).stances.get()
    assert stance.first == stance.level


def test_a_replacement_with_another_value_is_discussed_with(ada: User, case: Discussion) -> None:
    excuse(ada, case, "R1", make_member(case.study, "dan"))
    reasons(case, "ben", "cho")
    assert reason("dan", case, value=0).state == "open"
    assert awaited(case) == {"ben", "cho"}


def test_who_was_replaced_is_on_record_and_nobody_scores_what_they_discussed(ada: User, case: Discussion) -> None:
    dan = make_member(case.study, "dan")
    excuse(ada, case, "R1", dan)
    assert Participant.objects.get(member=dan).replaces == Participant.objects.get(number=1)
    assert Exposure.objects.filter(member=dan, sample=case.sample).exists()
    told = HistoryEntry.objects.get(event="participant_replaced").detail
    assert (told["participant"], told["by"], told["reason"]) == ("R1", "R4", "Ill.")


def test_only_somebody_new_and_able_may_come(ada: User, case: Discussion) -> None:
    study = case.study
    ann = Member.objects.get(name="Ann")
    ravi = make_member(study, "ravi", "researcher")
    eve = make_member(study, "eve", state="paused")
    nobody = make_member(study, None)
    stranger = make_member(make_study("cats"), "cat")
    seen = make_member(study, "fay", "admin")
    record_exposure(member=seen, samples=[case.sample])
    for member in (ann, ravi, eve, nobody, stranger, seen):
        error = refused(lambda member=member: excuse(ada, case, "R2", member))  # type: ignore[misc]
        assert isinstance(error, BadInput)
        assert list(error.fields) == ["replacement"]
    make_member(study, "dan")
    able = [member.name for member in eligible_replacements(case.public_id)]
    assert able == ["Ada", "Dan"]


def test_excusing_needs_a_reason_and_somebody_who_takes_part(ada: User, case: Discussion) -> None:
    assert "reason" in refused(lambda: excuse(ada, case, "R1", why="")).fields
    assert "participant" in refused(lambda: excuse(ada, case, "R9")).fields


# --- people who go ------------------------------------------------------------------------------------------


def test_a_case_that_waits_for_somebody_away_stays_open_and_tells_the_admins(ada: User, case: Discussion) -> None:
    reasons(case, "ben", "cho")
    ann = Member.objects.get(name="Ann")
    change_member(by=ada, member=ann, state="paused")
    assert Discussion.objects.get(pk=case.pk).state == "open"
    row = lines(ada, "open")[0]
    assert (row.waits_for, row.away) == (("Ann",), ("Ann",))
    shown = case_for(by=ada, discussion_id=case.public_id)
    assert [one.away for one in shown.participants] == ["paused", None, None]
    change_member(by=ada, member=ann, state="active")
    assert lines(ada, "open")[0].away == ()


def test_somebody_erased_is_awaited_under_the_pseudonym_and_their_values_stay(ada: User, case: Discussion) -> None:
    ann = make_user("ann")
    reason("ann", case)
    reasons(case, "ben")
    erase_user(by=ann, user=ann)
    row = lines(ada, "open")[0]
    member = Member.objects.get(user=ann)
    assert member.name in row.away
    shown = case_for(by=ada, discussion_id=case.public_id)
    assert "Ann" not in str(shown)
    assert shown.participants[0].away == "left"
    assert shown.topics[0].stances is not None
    assert shown.topics[0].stances[0].first == 2
    assert waiting_count(ann) == 0


# --- deadlines ----------------------------------------------------------------------------------------------


def test_an_overdue_case_is_handed_to_the_admins_and_waits_for_nobody_else(ada: User, study: Study) -> None:
    late, now = make_discussion(study, due_at=timezone.now() - timedelta(minutes=1)), timezone.now()
    make_discussion(study, due_at=now + timedelta(hours=1))
    make_discussion(study)
    assert moderating.hand_over_overdue() == 1
    assert moderating.hand_over_overdue() == 0
    row = Discussion.objects.get(pk=late.pk)
    assert (row.state, row.version) == ("handed_over", 2)
    assert awaited(late) == set()
    assert refused(lambda: reason("ann", late)).code == "handed_over"
    assert [one.id for one in lines(ada)] == [late.public_id]
    assert HistoryEntry.objects.filter(event="handed_over", sample=late.sample).count() == 1
    assert override(ada, late, ITS=4).state == "closed"


def test_a_later_deadline_gives_it_back(ada: User, study: Study) -> None:
    case = make_discussion(study, due_at=timezone.now() - timedelta(minutes=1))
    moderating.hand_over_overdue()
    shown = moderating.set_deadline(
        by=ada, discussion_id=case.public_id, due_at=timezone.now() + timedelta(days=1), reason="Holidays."
    )
    assert shown.state == "open"
    assert awaited(case) == {"ann", "ben", "cho"}
    assert reason("ann", case).state == "open"
    moderating.set_deadline(by=ada, discussion_id=case.public_id, due_at=None, reason="No hurry.")
    assert Discussion.objects.get(pk=case.pk).due_at is None


def test_a_deadline_lies_ahead_and_needs_a_reason(ada: User, case: Discussion) -> None:
    for due_at, why, field in (
        (timezone.now() - timedelta(seconds=1), "x", "due_at"),
        (timezone.now() + timedelta(days=4000), "x", "due_at"),
        (None, "", "reason"),
    ):
        error = refused(
            lambda due_at=due_at, why=why: moderating.set_deadline(  # type: ignore[misc]
                by=ada, discussion_id=case.public_id, due_at=due_at, reason=why
            )
        )
        assert list(error.fields) == [field]


def test_while_a_study_is_paused_no_deadline_passes(ada: User, study: Study) -> None:
    due_at = timezone.now() + timedelta(hours=1)
    case = make_discussion(study, due_at=due_at)
    change_study(by=ada, study=study, state="paused")
    # Two hours later.
    HistoryEntry.objects.update(at=timezone.now() - timedelta(hours=2))
    Discussion.objects.update(due_at=due_at - timedelta(hours=2))
    assert moderating.hand_over_overdue() == 0
    change_study(by=ada, study=study, state="running")
    again = Discussion.objects.get(pk=case.pk).due_at
    assert again is not None
    assert abs(again - due_at) < timedelta(seconds=10)
    assert moderating.hand_over_overdue() == 0


def test_somebody_who_has_become_a_researcher_cannot_answer_and_the_admins_are_told(
    ada: User, case: Discussion
) -> None:
    ann = Member.objects.get(name="Ann")
    change_member(by=ada, member=ann, role="researcher")
    assert isinstance(refused(lambda: reason("ann", case)), NotAllowed)
    assert waiting_count(make_user("ann")) == 0
    assert lines(ada, "open")[0].away == ("Ann",)
    # As a researcher she would read what the others said; as one who takes part she has to wait for it.
    assert not any(topic.revealed for topic in case_for(by=make_user("ann"), discussion_id=case.public_id).topics)
