"""Samples as those who read results find them in a long list."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotation.models import Discussion, Exposure, Study
from annotation.samples import list as sample_list
from annotation.samples import sorting
from tests.factories import make_sample

from .disputes import client_of, dispute, give_reason, place_of, settle, text_of
from .sample_pages import LIST, agree

pytestmark = pytest.mark.django_db


def listed(page: str) -> list[str]:
    """Return the external ids in the list, in order."""
    return re.findall(r'<span class="text-tiny text-quiet">([\w%-]+)', page)


def found(client: Client, query: str) -> list[str]:
    return listed(text_of(client, LIST + query))


def test_samples_are_found_by_state_generator_and_domain(study: Study, ada: Client) -> None:
    agree(study, external_id="one", generator="heron", domain="birds")
    make_sample(study, external_id="two", generator="plover", domain="birds")
    make_sample(study, external_id="three", generator="heron", domain="fishes")
    assert found(ada, "?state=agreed") == ["one"]
    assert found(ada, "?generator=heron") == ["one", "three"]
    assert found(ada, "?domain=birds&generator=plover") == ["two"]
    assert found(ada, "?state=nonsense&generator=nobody&order=nonsense&after=nonsense%00") == ["one", "two", "three"]
    assert "No sample is like that." in text_of(ada, LIST + "?state=withdrawn")


def test_samples_are_found_by_what_was_disputed_and_how_it_ended(study: Study, ada: Client) -> None:
    agree(study, external_id="same")
    dispute(study, on="TCC", external_id="open")
    settle(dispute(study, on="ITS", external_id="settled"))
    assert found(ada, "?disputed=any") == ["open", "settled"]
    assert found(ada, "?disputed=TCC") == ["open"]
    assert found(ada, "?disputed=ITS") == ["settled"]
    assert found(ada, "?outcome=discussed") == ["settled"]
    assert found(ada, "?outcome=unanimous&state=agreed") == ["same", "settled"]
    assert found(ada, "?outcome=overridden") == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("robin", ["robin-1", "r2"]),
        ("ROBINS SING", ["r2"]),
        ("50%", ["r3"]),
        ("5_%", []),
        ("5%g", []),
        ("ro_in", []),
        ("“öde”", ["r4"]),
        ('a "quoted" \\ word', ["r5"]),
        ("question", []),
        ("An answer", []),
        ("obin-1", []),
    ],
)
def test_a_search_looks_at_the_beginning_of_the_id_and_anywhere_in_a_question(
    study: Study, ada: Client, words: str, expected: list[str]
) -> None:
    make_sample(study, "An answer.", external_id="robin-1", question="Who?")
    make_sample(study, "An answer.", external_id="r2", question="Why do robins sing?")
    make_sample(study, "An answer.", external_id="r3", question="Is 50% enough?")
    make_sample(study, "An answer.", external_id="r4", question="Was heißt “öde”?")
    make_sample(study, "An answer.", external_id="r5", question='Is a "quoted" \\ word found?')
    assert listed(ada.get(LIST, {"q": words}).content.decode()) == expected


def test_a_search_looks_into_earlier_turns_too(study: Study, ada: Client) -> None:
    turns = [
        {"question": "Which bird is it?", "context": True, "blocks": [{"text": "A wren."}]},
        {"question": "And this one?", "context": False, "blocks": [{"text": "Another."}]},
    ]
    make_sample(study, external_id="two-turns", turns=turns)
    assert found(ada, "?q=which+bird") == ["two-turns"]
    assert found(ada, "?q=wren") == []


def test_samples_come_in_the_order_asked_for(study: Study, ada: Client) -> None:
    agree(study, external_id="first")
    dispute(study, 1, external_id="narrow")
    dispute(study, 4, external_id="wide")
    make_sample(study, external_id="untouched")
    give_reason(Discussion.objects.get(sample__external_id="narrow"), "ann", "They match.")
    assert found(ada, "") == ["first", "narrow", "wide", "untouched"]
    assert found(ada, "?order=newest") == ["untouched", "wide", "narrow", "first"]
    assert found(ada, "?order=widest") == ["wide", "narrow", "first", "untouched"]
    assert found(ada, "?order=changed") == ["narrow", "wide", "first", "untouched"]
    assert found(ada, "?order=changed&disputed=any") == ["narrow", "wide"]
    assert found(ada, "?order=widest&state=agreed") == ["first"]


@pytest.mark.parametrize("few", [0, 2_000])
@pytest.mark.parametrize("order", sorting.ORDERS)
@pytest.mark.parametrize("query", ["", "&generator=generator-x", "&q=ext", "&disputed=any"])
def test_pages_follow_each_other_without_gap_or_repetition(
    study: Study, ada: Client, monkeypatch: pytest.MonkeyPatch, order: str, query: str, few: int
) -> None:
    for number, spread in enumerate((2, 1, 2, 3)):
        dispute(study, spread, external_id=f"ext-{number}")
    agree(study, external_id="ext-agreed")
    for number in range(3):
        make_sample(study, external_id=f"ext-new-{number}")
    whole = found(ada, f"?order={order}{query}")
    assert len(whole) == (4 if "disputed" in query else 8)
    monkeypatch.setattr(sample_list, "FEW", few)
    monkeypatch.setattr("frontend.views.samples.PAGE", 3)
    seen, following = [], f"?order={order}{query}"
    while following:
        page = text_of(ada, LIST + following)
        seen += listed(page)
        link = re.search(r'<a href="([^"]+)" rel="next">', page)
        following = link[1].replace("&amp;", "&") if link else ""
    assert seen == whole


@pytest.mark.parametrize(
    "place", ["0.inf.1", "0.nan.1", "1.1e300.1", "0.1.99999999999999999999", "-1.0.0", "0..", "9.9"]
)
@pytest.mark.parametrize("order", sorting.ORDERS)
def test_a_place_that_makes_no_sense_is_the_beginning(study: Study, ada: Client, order: str, place: str) -> None:
    dispute(study, external_id="one")
    assert found(ada, f"?order={order}&after={place}") == ["one"]


def test_a_line_shows_final_values_what_is_in_dispute_and_how_far_apart_it_was(study: Study, ada: Client) -> None:
    dispute(study, 3, on="TCC", external_id="wide")
    page = text_of(ada, LIST)
    row = page.split("<tbody>")[1].split("</tr>")[0]
    assert re.findall(r'class="final">(?:<span[^>]*>)+(\d|≠)', row) == ["≠", "5", "5", "5"]
    assert '<td class="number-cell">3</td>' in row
    assert "2 of 2" in row
    assert "1 sample" in page


def test_the_list_costs_as_many_queries_for_many_samples_as_for_one(
    study: Study, ada: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    dispute(study)
    ada.get(LIST)
    with django_assert_num_queries(17):
        ada.get(LIST)
    for _ in range(4):
        dispute(study)
    ada.get(LIST)
    with django_assert_num_queries(17):
        ada.get(LIST)


def test_looking_is_remembered_for_the_samples_that_were_shown_and_no_others(study: Study, ada: Client) -> None:
    make_sample(study, external_id="one", domain="birds")
    make_sample(study, external_id="two", domain="fishes")
    text_of(ada, LIST + "?domain=birds")
    assert [seen.sample.external_id for seen in Exposure.objects.filter(member=place_of(study, "ada"))] == ["one"]


def test_an_empty_study_says_how_to_begin(study: Study, ada: Client) -> None:
    assert 'href="/studies/birds/imports/"' in text_of(ada, LIST).split("<main")[1]
    assert "/imports/" not in text_of(client_of("ravi"), LIST)
