"""Tests of the inbox: counts in the header, the home page and mail."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotation.discussions.participant_list import waiting_count
from annotation.models import Discussion, Job, Member, Sample, Study, User
from annotation.reports import inbox
from tests.factories import make_member, make_user

from .disputes import client_of, dispute, give_reason, hand_over, make_people, place_of, text_of

pytestmark = pytest.mark.django_db


def counted(page: str, place: str) -> str:
    """Return what the header counts at a place."""
    found = re.search(rf">{place} <span class=\"nav-waiting-count\">([\d,]+)", page)
    return found[1] if found else ""


def test_the_header_counts_the_cases_that_wait_for_ann(study: Study) -> None:
    ann = client_of("ann")
    assert counted(text_of(ann, "/studies/birds/rubric/"), "Discuss") == ""
    first, _second = dispute(study), dispute(study)
    assert counted(text_of(ann, "/studies/birds/rubric/"), "Discuss") == "2"
    give_reason(first, "ann", "They match.")
    assert counted(text_of(ann, "/studies/birds/rubric/"), "Discuss") == "1", "she has said what she can"
    assert counted(text_of(client_of("cho"), "/studies/birds/rubric/"), "Discuss") == "", "Cho takes no part"


def test_the_header_counts_for_ada_what_the_admins_have_to_decide(study: Study) -> None:
    case = dispute(study)
    ada, sia = client_of("ada"), client_of(make_user("sia", is_site_admin=True).username)
    for leader in (ada, sia):
        assert counted(text_of(leader, "/studies/birds/rubric/"), "Discussions") == ""
    hand_over(case)
    for leader in (ada, sia):
        assert counted(text_of(leader, "/studies/birds/rubric/"), "Discussions") == "1"
    for other in ("ann", "ravi"):
        page = text_of(client_of(other), "/studies/birds/rubric/")
        assert counted(page, "Discussions") == counted(page, "Discuss") == ""


def test_a_case_is_adas_from_its_deadline_on_noticed_or_not(study: Study) -> None:
    case = dispute(study)
    Discussion.objects.filter(pk=case.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    assert counted(text_of(client_of("ada"), "/studies/birds/rubric/"), "Discussions") == "1"


def test_the_counts_of_a_header_cost_one_query(study: Study, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for case in (dispute(study), dispute(study)):
        hand_over(case)
    for who in ("ann", "ada", "ravi"):
        user = make_user(who)
        with django_assert_num_queries(1):
            inbox.find_membership(user, study)
    ann = client_of("ann")
    text_of(ann, "/studies/birds/rubric/")
    with django_assert_num_queries(4):  # the session, the person, the study and, in one, the whole header
        ann.get("/studies/birds/rubric/")


@pytest.mark.parametrize("change", ["nothing", "paused", "study", "left"])
def test_header_inbox_and_service_count_the_same(study: Study, change: str) -> None:
    dispute(study)
    if change == "study":
        Study.objects.update(state="paused")
    elif change != "nothing":
        Member.objects.filter(user__username="ann").update(state=change)
    ann = make_user("ann")
    expected = waiting_count(ann, study)
    assert expected == (1 if change == "nothing" else 0)
    assert inbox.find_membership(ann, study).waiting == expected
    found = inbox.read_inbox([place_of(study, "ann")], [])[study.pk]
    assert (found.waiting, len(found.cases)) == (expected, expected)


def test_the_inbox_names_each_case_by_its_question_and_nothing_else(study: Study) -> None:
    case = dispute(study, question="Why do robins sing?", external_id="external-of-1", generator="generator-of-1")
    give_reason(case, "ben", "Bens own reason.")
    page = text_of(client_of("ann"), "/")
    assert "<h1>1 discussion waits for you</h1>" in page
    assert f'href="/studies/birds/discuss/{case.public_id}/"' in page
    assert "Why do robins sing?" in page
    assert "discuss ITS" in page
    assert "due in 7 days" in page
    for secret in ("external-of-1", "generator-of-1", "Bens own reason", "range"):
        assert secret not in page, secret
    # As a word: its letters may stand in a token.
    assert not re.search(r"\bBen\b", page)


def test_the_oldest_is_named_first_whatever_the_difference_and_the_rest_is_a_number(study: Study) -> None:
    cases = [dispute(study, spread, question=f"Question {spread}?") for spread in (2, 5, 1, 4, 3)]
    cases += [dispute(study, 1, question="Question last?"), dispute(study, 1)]
    page = text_of(client_of("ann"), "/")
    assert re.findall(r"Question (\d)\?", page) == ["2", "5", "1", "4", "3"]
    assert "and 2 more discussions" in page
    assert "<h1>7 discussions wait for you</h1>" in page


def test_leaders_find_what_is_theirs_to_decide_what_is_blocked_and_what_failed(study: Study) -> None:
    hand_over(dispute(study))
    blocked = dispute(study).sample
    Sample.objects.filter(pk=blocked.pk).update(state="blocked")
    Job.objects.create(kind="import_samples", study=study, state="failed", arguments={}, error="no such file")
    page = text_of(client_of("ada"), "/")
    assert "<h1>1 discussion is yours to decide</h1>" in page
    for said in (
        'discussions/?state=to_decide">1 discussion to decide',
        '?state=blocked">1 blocked sample',
        "1 failed job",
    ):
        assert said in page, said
    for who in ("ann", "ravi"):
        page = text_of(client_of(who), "/")
        assert not any(said in page for said in ("to decide", "blocked", "failed")), who


def test_a_site_administrator_sees_what_waits_in_studies_that_they_are_not_in(study: Study) -> None:
    hand_over(dispute(study))
    sia = client_of(make_user("sia", is_site_admin=True).username)
    assert "1 discussion to decide" in text_of(sia, "/")


def test_the_first_page_asks_as_often_for_many_studies_as_for_two(
    study: Study, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def visits() -> int:
        client = client_of("ann")
        client.get("/")
        with django_assert_max_num_queries(60) as asked:
            client.get("/")
        return len(asked)

    dispute(study)
    other = make_people("fishes")
    dispute(other)
    two = visits()
    for number in range(4):
        more = make_people(f"more-{number}")
        dispute(more)
    assert visits() == two


def test_ann_asks_for_mail_once_a_day_and_no_more_of_it(study: Study) -> None:
    ann = client_of("ann")
    details = {"name": "Ann Alder", "time_zone": "", "theme": ""}
    refused = ann.post("/account/", {**details, "email": "", "digest": "daily"})
    assert refused.status_code == 400
    assert 'id="details_email_error"' in refused.content.decode(), "mail needs an address, and the field says so"
    assert ann.post("/account/", {**details, "email": "ann@example.org", "digest": "daily"}).status_code == 302
    assert User.objects.get(username="ann").digest == "daily"
    assert 'value="daily" ' in text_of(ann, "/account/").split("checked")[-2][-200:]
    ann.post("/account/", {**details, "email": "ann@example.org", "digest": ""})
    assert User.objects.get(username="ann").digest == ""
    assert ann.post("/account/", {**details, "email": "a@b.org", "digest": "hourly"}).status_code == 400


def test_nothing_waits_for_somebody_new(study: Study) -> None:
    dispute(study)
    make_member(study, "sam")
    page = text_of(client_of("sam"), "/")
    assert "Waits for you" not in page
