"""The list of discussions as those who lead see it."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotation.models import Discussion, Exposure, Member, Study
from annotation.samples import reopening
from tests.factories import make_user

from .disputes import LIST, also_on, client_of, dispute, give_reason, hand_over, place_of, post, settle, text_of

pytestmark = pytest.mark.django_db


def listed(page: str) -> list[str]:
    """Return the cases in the list, in order."""
    return re.findall(r'class="plain-link question-link" href="/studies/birds/discussions/(\w+)/"', page)


def test_what_the_admins_decide_comes_first_then_the_widest_range_then_the_oldest(study: Study, ada: Client) -> None:
    narrow, wide, older, newer = dispute(study, 1), dispute(study, 4), dispute(study, 2), dispute(study, 2)
    handed = dispute(study, 1)
    hand_over(handed)
    page = text_of(ada, LIST)
    assert listed(page) == [case.public_id for case in (handed, wide, older, newer, narrow)]
    assert "<h1>1 discussion is yours to decide</h1>" in page
    overdue = Discussion.objects.filter(pk=newer.pk)
    overdue.update(due_at=timezone.now() - timedelta(minutes=1))
    assert listed(text_of(ada, LIST))[:2] == [newer.public_id, handed.public_id], "overdue, noticed or not, by range"
    assert listed(text_of(ada, LIST + "?state=to_decide")) == [newer.public_id, handed.public_id]


def test_a_case_in_which_the_reader_owes_a_reason_has_no_place_by_its_range(study: Study, ada: Client) -> None:
    owed, most_owed = dispute(study, 1, by=("ada", "ben")), dispute(study, 4, by=("ada", "ben"))
    narrow, wide = dispute(study, 1), dispute(study, 3)
    assert listed(text_of(ada, LIST)) == [case.public_id for case in (wide, narrow, owed, most_owed)]
    page = text_of(ada, f"{LIST}?after={narrow.public_id}")
    assert listed(page) == [owed.public_id, most_owed.public_id]
    assert listed(text_of(ada, f"{LIST}?after={owed.public_id}")) == [most_owed.public_id]
    give_reason(most_owed, "ada", "They match.")
    assert listed(text_of(ada, LIST))[0] == most_owed.public_id
    hand_over(owed)
    assert listed(text_of(ada, LIST)) == [case.public_id for case in (owed, most_owed, wide, narrow)]


def test_a_line_says_where_they_stand_and_for_whom_it_waits(study: Study, ada: Client) -> None:
    case = dispute(study, 3, question="Why do robins sing?", external_id="robin-1")
    give_reason(case, "ann", "They match.")
    page = text_of(ada, LIST)
    line = page.split("<ol>")[1].split("</ol>")[0]
    assert "Why do robins sing?" in line
    assert "robin-1" in line
    assert re.findall(r'class="level-chip level-\d">(\d)<', line) == ["2", "5"]
    assert "range 3" in line
    assert "Ben Bright" in line
    assert "Ann Alder" not in line, "she is not awaited"


def test_the_list_is_narrowed_by_dimension_by_who_is_awaited_and_by_who_cannot_answer(
    study: Study, ada: Client
) -> None:
    on_its = dispute(study, on="ITS")
    on_tcc = dispute(study, on="TCC", by=("ann", "cho"))
    give_reason(on_its, "ann", "They match.")
    assert listed(text_of(ada, LIST + "?dimension=TCC")) == [on_tcc.public_id]
    ann, cho = place_of(study, "ann"), place_of(study, "cho")
    assert listed(text_of(ada, f"{LIST}?waits_for={ann.public_id}")) == [on_tcc.public_id]
    assert listed(text_of(ada, LIST + "?people=away")) == []
    Member.objects.filter(pk=cho.pk).update(state="paused")
    page = text_of(ada, LIST + "?people=away")
    assert listed(page) == [on_tcc.public_id]
    assert "Cho Calm (cannot answer)" in page
    assert len(listed(text_of(ada, LIST + "?dimension=nonsense&waits_for=nonsense&state=nonsense&after=%00"))) == 2


def test_a_settled_dimension_is_no_longer_what_an_open_case_is_found_by(study: Study, ada: Client) -> None:
    case = dispute(study, on="TCC")
    also_on(case, "IQ")
    assert listed(text_of(ada, LIST + "?dimension=TCC")) == [case.public_id]
    post(ada, case, "override", value_TCC="4", reason="I have read both.")
    assert listed(text_of(ada, LIST + "?dimension=TCC")) == []
    assert listed(text_of(ada, LIST + "?dimension=IQ")) == [case.public_id]
    post(ada, case, "override", value_IQ="4", reason="Here, too.")
    assert listed(text_of(ada, LIST + "?dimension=TCC&state=closed")) == [case.public_id]


@pytest.mark.parametrize("standing", ["open", "closed"])
def test_pages_follow_each_other_without_gap_or_repetition(
    study: Study, ada: Client, monkeypatch: pytest.MonkeyPatch, standing: str
) -> None:
    cases = [dispute(study, spread) for spread in (2, 2, 1, 3, 2)]
    if standing == "open":
        hand_over(cases[2])
    else:
        Discussion.objects.update(state="closed", closed_at=timezone.now())
        Discussion.objects.filter(pk=cases[1].pk).update(closed_at=timezone.now() + timedelta(seconds=5))
    whole = listed(text_of(ada, f"{LIST}?state={standing}"))
    monkeypatch.setattr("frontend.views.discussions.PAGE", 2)
    seen, following = [], f"?state={standing}"
    while following:
        page = text_of(ada, LIST + following)
        seen += listed(page)
        link = re.search(r'<a href="([^"]+)" rel="next">', page)
        following = link[1].replace("&amp;", "&") if link else ""
    assert seen == whole
    assert len(whole) == 5


def test_a_closed_line_says_how_it_ended(study: Study, ada: Client) -> None:
    settled, decided, broken = dispute(study, on="ITS"), dispute(study, on="TCC"), dispute(study, on="IQ")
    settle(settled)
    post(ada, decided, "override", value_TCC="1", reason="Clear.")
    reopening.withdraw_sample(by=make_user("ada"), sample_id=broken.sample.public_id, reason="The picture is broken.")
    page = text_of(ada, LIST + "?state=closed&waits_for=nonsense")
    told = [
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", line)).strip()
        for line in re.findall(r'<p class="dispute-strip">(.*?)</p>', page, re.S)
    ]
    assert told == ["IQ – ended without a value", "TCC 1 overridden by an admin", "ITS 3 discussed"]
    assert 'name="waits_for"' not in page


def test_an_empty_list_says_what_to_do_next(study: Study, ada: Client) -> None:
    page = text_of(ada, LIST)
    assert "<h1>Nothing to discuss yet</h1>" in page
    assert 'href="/studies/birds/settings/"' in page
    case = dispute(study)
    assert "Nothing is with the admins." in text_of(ada, LIST + "?state=to_decide")
    assert "No discussion has come to an end yet." in text_of(ada, LIST + "?state=closed")
    assert "No discussion is like that." in text_of(ada, LIST + "?dimension=TCC")
    settle(case)
    page = text_of(ada, LIST)
    assert "<h1>Every discussion is closed</h1>" in page
    assert "No discussion is open; 1 was brought to an end." in page
    assert 'href="/studies/birds/settings/"' not in text_of(client_of("ravi"), LIST).split("<main")[1]


def test_the_list_costs_as_many_queries_for_many_cases_as_for_one(
    study: Study, ada: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    dispute(study)
    ada.get(LIST)
    with django_assert_num_queries(23):
        ada.get(LIST)
    for _ in range(5):
        dispute(study)
    ada.get(LIST)
    with django_assert_num_queries(23):
        ada.get(LIST)


def test_whoever_looks_into_the_list_has_seen_its_samples(study: Study, ada: Client) -> None:
    case = dispute(study)
    assert not Exposure.objects.filter(member=place_of(study, "ada")).exists()
    text_of(ada, LIST)
    assert Exposure.objects.get(member=place_of(study, "ada")).sample == case.sample
