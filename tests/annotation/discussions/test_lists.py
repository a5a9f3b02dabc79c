"""Which discussions there are for whom, in what order, and at what cost."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.core.errors import BadInput, NotFound
from annotation.discussions import moderating
from annotation.discussions.views import case_for, version_of, waiting_by_study, waiting_count
from annotation.models import Discussion, Member, Protocol, Study, User
from tests.factories import make_discussion, make_member, make_study, make_user

from .cases import lines, reason, reasons, stand

pytestmark = pytest.mark.django_db
Counting = Callable[[int], AbstractContextManager[object]]


@pytest.fixture
def study() -> Study:
    study = make_study()
    make_member(study, "ada", "admin")
    return study


def apart(study: Study, ann: float, ben: float) -> Discussion:
    return make_discussion(study, {"ann": {"ITS": ann}, "ben": {"ITS": ben}})


def listed(who: str, state: str = "waiting") -> list[str]:
    return [row.id for row in lines(make_user(who), state)]


def test_those_who_read_results_find_the_widest_difference_first_and_of_equal_ones_the_oldest(study: Study) -> None:
    narrow, wide, early, late = (apart(study, *pair) for pair in ((3, 4), (0, 5), (1, 3), (2, 4)))
    make_member(study, "ravi", "researcher")
    for who in ("ada", "ravi"):
        assert listed(who, "open") == [wide.public_id, early.public_id, late.public_id, narrow.public_id]


def test_those_who_take_part_find_the_oldest_first_whatever_the_difference(study: Study) -> None:
    cases = [apart(study, *pair) for pair in ((3, 4), (0, 5), (1, 3))]
    oldest_first = [case.public_id for case in cases]
    assert listed("ann") == listed("ann", "all") == oldest_first
    # What is revealed has no place by its range either: a covered one beside it would have one, too.
    reasons(cases[1], "ann", "ben")
    assert listed("ann") == listed("ann", "open") == oldest_first


def test_an_admin_finds_last_in_which_they_owe_a_reason_and_there_the_oldest_first(study: Study) -> None:
    def with_ada(ada: float, ben: float) -> Discussion:
        return make_discussion(study, {"ada": {"ITS": ada}, "ben": {"ITS": ben}})

    owed, given, most_owed = with_ada(3, 4), with_ada(2, 4), with_ada(0, 5)
    narrow, wide = apart(study, 1, 2), apart(study, 1, 4)
    reason("ada", given)
    told = [wide.public_id, given.public_id, narrow.public_id]
    assert listed("ada", "open") == [*told, owed.public_id, most_owed.public_id]
    assert [row.spread for row in lines(make_user("ada"), "open")] == [3, 2, 1, None, None]
    reason("ada", most_owed)
    assert listed("ada", "open") == [most_owed.public_id, *told, owed.public_id]


def test_what_is_told_anyway_has_its_place_by_its_difference(study: Study) -> None:
    def with_ada(ada: float, ben: float) -> Discussion:
        return make_discussion(study, {"ada": {"ITS": ada}, "ben": {"ITS": ben}})

    past = timezone.now() - timedelta(minutes=1)
    narrow, overdue, handed_over, excused, covered = apart(study, 1, 2), *(with_ada(0, 5) for _ in range(4))
    Discussion.objects.filter(pk=overdue.pk).update(due_at=past)
    Discussion.objects.filter(pk=handed_over.pk).update(state="handed_over")
    excused.participants.filter(member__name="Ada").update(state="excused", waits=False)
    told = [overdue, handed_over, excused, narrow]
    assert listed("ada", "all") == [case.public_id for case in (*told, covered)]
    Protocol.objects.update(reason_first=False)
    assert listed("ada", "all") == [case.public_id for case in (*told[:3], covered, narrow)]


def test_a_researcher_who_took_part_finds_what_they_owe_last_even_where_the_admins_decide(study: Study) -> None:
    owed, narrow = apart(study, 0, 5), make_discussion(study, {"cho": {"ITS": 1}, "ben": {"ITS": 2}})
    Member.objects.filter(study=study, user__username="ann").update(role="researcher")
    Discussion.objects.filter(pk=owed.pk).update(state="handed_over")
    assert listed("ann", "all") == [narrow.public_id, owed.public_id]


def test_annotators_find_their_own_and_those_who_read_results_find_all(study: Study) -> None:
    mine = apart(study, 1, 2)
    other = make_discussion(study, {"cho": {"ITS": 1}, "dan": {"ITS": 5}})
    make_member(study, "ravi", "researcher")
    assert listed("ann", "all") == [mine.public_id]
    for who in ("ada", "ravi"):
        assert set(listed(who, "all")) == {mine.public_id, other.public_id}
    make_user("sam")
    with pytest.raises(NotFound):
        listed("sam")


def test_what_waits_for_whom(study: Study) -> None:
    case, other = apart(study, 1, 2), apart(study, 0, 5)
    late = apart(study, 2, 4)
    Discussion.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    moderating.hand_over_overdue()
    assert set(listed("ann")) == {case.public_id, other.public_id}
    reason("ann", case)
    assert listed("ann") == [other.public_id]
    assert set(listed("ben")) == {case.public_id, other.public_id}
    assert listed("ada") == [late.public_id] == listed("ada", "handed_over")
    reason("ben", case)
    assert set(listed("ann")) == {case.public_id, other.public_id}
    stand("ann", case, 2)
    assert listed("ann", "closed") == [case.public_id]


def test_the_count_says_what_the_list_says(study: Study) -> None:
    ann = make_user("ann")
    first, _ = apart(study, 1, 2), apart(study, 0, 5)
    cats = make_study("cats")
    apart(cats, 1, 4)
    assert waiting_count(ann) == 3
    assert waiting_count(ann, study) == 2 == len(listed("ann"))
    assert waiting_by_study(ann) == {study.pk: 2, cats.pk: 1}
    reason("ann", first)
    assert waiting_by_study(ann) == {study.pk: 1, cats.pk: 1}
    Study.objects.filter(pk=cats.pk).update(state="paused")
    assert waiting_by_study(ann) == {study.pk: 1}
    Member.objects.filter(user=ann).update(state="paused")
    assert waiting_count(ann) == 0


def test_there_are_five_lists(study: Study) -> None:
    apart(study, 1, 2)
    with pytest.raises(BadInput):
        listed("ann", "mine")


# --- cost: it does not grow with the number of cases, people or posts ------------------------------------------


def warm(study: Study) -> User:
    """Make a page of cases in every state that somebody can meet, and have the rubric read."""
    for _ in range(6):
        reasons(make_discussion(study), "ann", "ben")
    reasons(apart(study, 1, 2), "ann", "ben")
    study.rubric.frozen_at = timezone.now()
    study.rubric.save()
    listed("ann")
    return make_user("ann")


def test_a_list_costs_nine_queries_at_most(study: Study, django_assert_max_num_queries: Counting) -> None:
    ann = warm(study)
    with django_assert_max_num_queries(9):
        assert len(lines(ann, "all")) == 7
    with django_assert_max_num_queries(9):
        assert len(lines(make_user("ada"), "open")) == 7


def test_a_count_costs_one_query_and_asking_for_news_another(study: Study, django_assert_num_queries: Counting) -> None:
    ann = warm(study)
    case = Discussion.objects.latest("pk")
    with django_assert_num_queries(1):
        waiting_count(ann, study)
    with django_assert_num_queries(1):
        waiting_by_study(ann)
    with django_assert_num_queries(1):
        version_of(by=ann, discussion_id=case.public_id)


def test_a_case_costs_the_same_however_much_was_said(study: Study, django_assert_max_num_queries: Counting) -> None:
    ann = warm(study)
    case = Discussion.objects.latest("pk")
    for _ in range(10):
        stand("ann", case, 1, "")
        stand("ben", case, 2, "")
    with django_assert_max_num_queries(13):
        assert len(case_for(by=ann, discussion_id=case.public_id).topics[0].posts) == 22


def test_an_answer_costs_the_same_however_much_was_said(study: Study, django_assert_max_num_queries: Counting) -> None:
    warm(study)
    case = Discussion.objects.latest("pk")
    for _ in range(10):
        stand("ann", case, 1, "")
        stand("ben", case, 2, "")
    # A page that answers a key press waits for it.
    with django_assert_max_num_queries(24):
        stand("ann", case, 1, "")
