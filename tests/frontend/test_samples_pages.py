"""Samples as those who read results see them: found in a long list, and each with its whole life on one page."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotation import sample_list, sample_order
from annotation.arms import Arm
from annotation.models import Discussion, Exposure, FinalScore, Protocol, ReservedPool, Sample, Study
from annotation.rubrics import definition
from annotation.services import revising
from annotation.services import samples as services
from tests.annotation.deciding import finals, same, score
from tests.factories import make_member, make_sample, make_user
from tests.suggested import drawn_sample, judge_saying

from .disputes import client_of, dispute, give_reason, hand_over, move, place_of, settle, state_of, text_of

pytestmark = pytest.mark.django_db
LIST = "/studies/birds/samples/"


def listed(page: str) -> list[str]:
    """Return the external ids in the list, in order."""
    return re.findall(r'<span class="tiny quiet">([\w%-]+)', page)


def found(client: Client, query: str) -> list[str]:
    return listed(text_of(client, LIST + query))


def agree(study: Study, **fields: Any) -> Sample:
    made = make_sample(study, pictures=["red"], **fields)
    score(study, "ann", same(4))
    score(study, "ben", same(4))
    return made


def address(sample: Sample, step: str = "") -> str:
    return f"{LIST}{sample.public_id}/{step}"


def lines(study: Study, who: str) -> list[sample_list.SampleLine]:
    rubric = definition(study.rubric_id)
    wanted = sample_list.Wanted()
    reader = place_of(study, who)
    return sample_list.page(study, rubric, wanted, order=sample_order.OLDEST, limit=9, reader=reader).rows


# The list


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
@pytest.mark.parametrize("order", sample_order.ORDERS)
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
@pytest.mark.parametrize("order", sample_order.ORDERS)
def test_a_place_that_makes_no_sense_is_the_beginning(study: Study, ada: Client, order: str, place: str) -> None:
    dispute(study, external_id="one")
    assert found(ada, f"?order={order}&after={place}") == ["one"]


def test_a_line_shows_final_values_what_is_in_dispute_and_how_far_apart_it_was(study: Study, ada: Client) -> None:
    dispute(study, 3, on="TCC", external_id="wide")
    page = text_of(ada, LIST)
    row = page.split("<tbody>")[1].split("</tr>")[0]
    assert re.findall(r'class="final">(?:<span[^>]*>)+(\d|≠)', row) == ["≠", "5", "5", "5"]
    assert '<td class="num">3</td>' in row
    assert "2 of 2" in row
    assert "1 sample" in page


def test_the_list_costs_as_many_queries_for_many_samples_as_for_one(
    study: Study, ada: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    dispute(study)
    ada.get(LIST)
    with django_assert_num_queries(18):
        ada.get(LIST)
    for _ in range(4):
        dispute(study)
    ada.get(LIST)
    with django_assert_num_queries(18):
        ada.get(LIST)


def test_looking_is_remembered_for_the_samples_that_were_shown_and_no_others(study: Study, ada: Client) -> None:
    make_sample(study, external_id="one", domain="birds")
    make_sample(study, external_id="two", domain="fishes")
    text_of(ada, LIST + "?domain=birds")
    assert [seen.sample.external_id for seen in Exposure.objects.filter(member=place_of(study, "ada"))] == ["one"]


def test_an_empty_study_says_how_to_begin(study: Study, ada: Client) -> None:
    assert 'href="/studies/birds/imports/"' in text_of(ada, LIST).split("<main")[1]
    assert "/imports/" not in text_of(client_of("ravi"), LIST)


# One sample


def test_a_samples_whole_life_is_on_its_page(study: Study, ada: Client) -> None:
    case = dispute(study, 2, external_id="robin-1", metadata={"batch": "october"})
    settle(case)
    page = text_of(ada, address(case.sample))
    assert "Sample robin-1" in page
    assert "october" in page
    scores = page.split('id="h-scores"')[1].split("</section>")[0]
    assert "discussed" in scores
    assert re.findall(r'rowgroup"[^>]*>([^<]+)', scores) == ["Independent", "Signed in discussion 1"]
    assert f'href="/studies/birds/discussions/{case.public_id}/"' in page
    life = page.split('id="h-life"')[1]
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", life))
    steps = [
        "Imported",
        "Ann Alder got it to score",
        "waiting →to scoring",
        "Ann Alder scored TCC 5 ICC 5 IQ 5 ITS 5",
        "Ben Bright scored TCC 5 ICC 5 IQ 5 ITS 3",
        "The scores differ on ITS",
        "scoring →to in discussion",
        "Ann Alder gave a reason on ITS 5 They match.",
        "Ben Bright gave a reason on ITS 3 They do not.",
        "Ann Alder moved ITS 5 →to 3 convinced by the others’ reasons",
        "All stand on one value: ITS 3",
        "The discussion ended in agreement",
        "in discussion →to agreed",
    ]
    places = [told.find(step) for step in steps]
    assert -1 not in places, [step for step, place in zip(steps, places, strict=True) if place < 0]
    assert places == sorted(places)


def test_steps_are_grouped_by_the_readers_day(study: Study, ada: Client) -> None:
    sample = agree(study)
    days = re.findall(r'<section class="day"><h3>([^<]+)', text_of(ada, address(sample)))
    assert len(days) == 1
    sample.history.filter(event="scored").update(at="2026-03-01T23:30:00Z")
    user = make_user("ada")
    user.time_zone = "Europe/Berlin"
    user.save()
    assert "2 March 2026" in text_of(ada, address(sample)), "half past eleven in London is tomorrow in Berlin"


def test_ravi_reads_under_pseudonyms_and_does_nothing(study: Study, ada: Client) -> None:
    case = dispute(study, external_id="robin-1")
    settle(case)
    ravi = client_of("ravi")
    page = text_of(ravi, address(case.sample))
    assert f"R-{place_of(study, 'ann').public_id}" in page
    assert not any(name in page for name in ("Ann Alder", "Ben Bright", "Ada Admin"))
    assert "What can be done with it" not in page
    for step in ("reopen", "withdraw"):
        for who in ("ravi", "ann"):
            answer = client_of(who).post(address(case.sample, f"{step}/"), {"reason": "Because.", "dimensions": "ITS"})
            assert answer.status_code == 403
    assert state_of(case.sample) == "agreed"


def test_an_admin_who_owes_a_reason_is_not_told_what_the_others_said(study: Study) -> None:
    make_member(study, make_user("ida", name="Ida Lead"), "admin")
    case = dispute(study, 3, by=("ida", "ben"), external_id="robin-1")
    give_reason(case, "ben", "Bens own reason.")
    ida = client_of("ida")
    page = text_of(ida, address(case.sample))
    assert f'href="/studies/birds/discuss/{case.public_id}/"' in page
    for secret in ("Ben Bright", "Bens own reason", 'class="lv', "h-life", "h-scores"):
        assert secret not in page, secret
    row = text_of(ida, LIST).split("<tbody>")[1].split("</tr>")[0]
    assert "your reason first" in row
    assert '<td class="num">3</td>' not in row
    assert lines(study, "ida")[0].spread is None, "nor does the page get to know"
    give_reason(case, "ida", "Mine.")
    assert lines(study, "ida")[0].spread == 3
    assert "Bens own reason." in text_of(ida, address(case.sample))
    assert '<td class="num">3</td>' in text_of(ida, LIST)


def test_what_was_handed_over_is_shown_to_the_admin_who_has_to_decide(study: Study) -> None:
    make_member(study, make_user("ida", name="Ida Lead"), "admin")
    case = dispute(study, 3, by=("ida", "ben"))
    hand_over(case)
    ida = client_of("ida")
    assert "Ben Bright" in text_of(ida, address(case.sample))
    assert '<td class="num">3</td>' in text_of(ida, LIST)


# Reopening and withdrawing


def test_ada_reopens_what_was_agreed_on_the_dimensions_that_she_names(study: Study, ada: Client) -> None:
    sample = agree(study)
    page = text_of(ada, address(sample))
    assert "discuss the chosen dimensions again" in page
    answer = ada.post(address(sample, "reopen/"), {"dimensions": ["ITS", "IQ"], "reason": "Read again, please."})
    assert answer.status_code == 302
    assert state_of(sample) == "in_discussion"
    case = Discussion.objects.get(sample=sample)
    assert {topic.dimension.key for topic in case.topics.all()} == {"IQ", "ITS"}
    assert set(finals(sample)) == {"TCC", "ICC"}
    page = text_of(ada, address(sample))
    assert "Reopened: it is discussed again." in page
    assert "Read again, please." in page
    assert "an admin reopened it" in page
    assert ada.post(address(sample, "reopen/"), {"dimensions": ["ITS"], "reason": "Again."}).status_code == 409


def test_a_sample_that_too_few_can_discuss_goes_back_to_be_scored(study: Study, ada: Client) -> None:
    sample = agree(study)
    study.members.filter(user__username="ben").update(state="left")
    page = text_of(ada, address(sample))
    assert "it gets at least one more score" in page
    assert 'name="dimensions"' not in page
    assert ada.post(address(sample, "reopen/"), {"reason": "One is gone."}).status_code == 302
    assert state_of(sample) == "scoring"
    assert "Reopened: it goes back to be scored." in text_of(ada, address(sample))


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"dimensions": ["ITS"], "reason": ""}, "reason"),
        ({"reason": "Again."}, "dimensions"),
        ({"dimensions": ["XYZ"], "reason": "Again."}, "dimensions"),
    ],
)
def test_a_reopening_that_makes_no_sense_is_refused_beside_its_field(
    study: Study, ada: Client, sent: dict[str, Any], wrong: str
) -> None:
    sample = agree(study)
    answer = ada.post(address(sample, "reopen/"), sent)
    assert answer.status_code == 400
    assert re.findall(r'class="wrong" id="reopen_(\w+)_error"', answer.content.decode()) == [wrong]
    assert state_of(sample) == "agreed"


def test_ada_withdraws_a_disputed_sample_and_brings_it_back(study: Study, ada: Client) -> None:
    case = dispute(study)
    sample = case.sample
    refused = ada.post(address(sample, "withdraw/"), {"reason": " "})
    assert refused.status_code == 400
    assert 'id="withdraw_reason_error"' in refused.content.decode()
    assert ada.post(address(sample, "withdraw/"), {"reason": "The picture is broken."}).status_code == 302
    assert state_of(sample) == "withdrawn"
    case.refresh_from_db()
    assert case.state == "closed"
    page = text_of(ada, address(sample))
    assert "The picture is broken." in page
    assert f'action="{address(sample, "withdraw/")}"' not in page
    assert "the missing ones are asked for" in page
    assert ada.post(address(sample, "reopen/"), {"reason": "Repaired."}).status_code == 302
    assert state_of(sample) in ("scoring", "in_discussion")


def test_what_a_rule_decides_is_not_reopened(study: Study, ada: Client) -> None:
    sample = make_sample(study, None, external_id="nothing")
    Sample.objects.filter(pk=sample.pk).update(state="agreed", stage=0)
    assert f'action="{address(sample, "reopen/")}"' not in text_of(ada, address(sample))
    answer = ada.post(address(sample, "reopen/"), {"reason": "But why."})
    assert answer.status_code == 409
    assert not FinalScore.objects.filter(sample=sample).exists()


def test_the_page_says_beforehand_what_reopening_does(study: Study, ada: Client) -> None:
    sample = agree(study)
    sample.refresh_from_db()
    assert [one.key for one in services.dimensions_to_discuss(sample)] == ["TCC", "ICC", "IQ", "ITS"]
    services.reopen(by=make_user("ada"), sample_id=sample.public_id, reason="Again.")
    assert state_of(sample) == "in_discussion"
    case = Discussion.objects.get(sample=sample)
    for who in ("ann", "ben"):
        for key in ("TCC", "ICC", "IQ", "ITS"):
            give_reason(case, who, "As before.", on=key)
    assert state_of(sample) == "agreed"


def test_one_page_costs_as_many_queries_for_a_long_life_as_for_a_short_one(
    study: Study, ada: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    case = dispute(study)
    ada.get(address(case.sample))

    def asked() -> int:
        with django_assert_max_num_queries(60) as queries:
            ada.get(address(case.sample))
        return len(queries)

    give_reason(case, "ann", "They match.")
    few = asked()
    give_reason(case, "ben", "They do not.")
    move(case, "ann", 4)
    move(case, "ben", 2)
    move(case, "ann", 3)
    assert asked() == few


# Sending to cross-review and assigning


def test_ada_sends_an_agreed_sample_to_somebody_new(study: Study, ada: Client) -> None:
    sample = agree(study)
    place_of(study, "cho").delete()
    # Nobody is left who could take it, so it is not offered, and refused with the remedy where it is asked for.
    assert f'action="{address(sample, "review/")}"' not in text_of(ada, address(sample))
    refused = ada.post(address(sample, "review/"), {"reason": "Too good."})
    assert (refused.status_code, "Invite somebody first" in refused.content.decode()) == (409, True)
    make_member(study, "dan")
    assert f'action="{address(sample, "review/")}"' in text_of(ada, address(sample))
    unsaid = ada.post(address(sample, "review/"), {"reason": " "})
    assert (unsaid.status_code, 'id="review_reason_error"' in unsaid.content.decode()) == (400, True)
    assert ada.post(address(sample, "review/"), {"reason": "Too good to be true."}).status_code == 302
    assert state_of(sample) == "in_review"
    page = text_of(ada, address(sample))
    assert "Sent to cross-review: somebody new scores it." in page
    assert "<b>Ada Admin</b> sent it to cross-review" in page
    assert "Too good to be true." in page


def test_a_review_that_the_protocol_asks_for_is_nobodys_doing(study: Study, ada: Client) -> None:
    study.protocols.update(cross_review="all")
    sample = agree(study)
    assert state_of(sample) == "in_review"
    page = text_of(ada, address(sample))
    assert "A cross-review was asked for" in page
    assert "</b> A cross-review was asked for" not in page


def test_ada_assigns_a_sample_to_people_by_name(study: Study, ada: Client) -> None:
    sample = make_sample(study, pictures=["red"])
    make_member(study, "dan")
    make_member(study, "eve", state="paused")
    page = text_of(ada, address(sample))
    form = page[page.index(f'action="{address(sample, "assign/")}"') :]
    form = form[: form.index("</form>")]
    assert "Dan" in form
    # Ada is looking at it this moment, and Eve is away.
    assert ("Ada" in form, "Eve" in form) == (False, False)
    dan, ada_member, eve = (place_of(study, name).public_id for name in ("dan", "ada", "eve"))
    for sent, wrong in (
        ({"days": 3}, "members"),
        ({"members": [dan], "days": 31}, "days"),
        ({"members": [ada_member], "days": 3}, "members"),
        ({"members": [eve], "days": 3}, "members"),
    ):
        answer = ada.post(address(sample, "assign/"), sent)
        assert answer.status_code == 400
        assert re.findall(r'class="wrong" id="assign_(\w+)_error"', answer.content.decode()) == [wrong]
    assert state_of(sample) == "waiting"
    assert ada.post(address(sample, "assign/"), {"members": [dan], "days": 5}).status_code == 302
    assert state_of(sample) == "scoring"
    page = text_of(ada, address(sample))
    assert "Assigned: it comes first in what they hold (Dan)." in page
    assert re.search(r"<b>Ada Admin</b> assigned it until [^<]+ to <b>Dan</b>", page)
    assert "Dan (has it until" in page


def test_who_reads_only_and_what_is_over_has_no_such_forms(study: Study, ada: Client) -> None:
    sample = make_sample(study, pictures=["red"])
    make_member(study, "dan")
    rae = client_of(make_member(study, "rae", "researcher").name.lower())
    for step in ("review", "assign"):
        assert f'action="{address(sample, f"{step}/")}"' not in text_of(rae, address(sample))
    Study.objects.update(state="paused")
    assert f'action="{address(sample, "assign/")}"' not in text_of(ada, address(sample))


def test_the_page_shows_how_each_met_the_judge_and_what_became_of_their_values(study: Study, ada: Client) -> None:
    Protocol.objects.update(suggestions="delayed")
    ReservedPool.objects.create(study=study, share=0.25, calibration_share=0.05, seed=42, at=timezone.now())
    made = drawn_sample(study, Arm.DELAYED, blind_slot=2)
    judge_saying(study, {made: same(5)})
    answer = score(study, "ann", same(3))
    revising.revise(
        by=make_user("ann"),
        assignment_id=answer.assignment_id,
        client_key=uuid4(),
        ratings=same(3, TCC=5),
        seconds=2.0,
    )
    score(study, "ben", same(4))
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text_of(ada, address(made))))
    assert re.search(r"Ann Alder delayed 3 → 5 judge 5 3 judge 5 3 judge 5 3 judge 5", page)
    assert re.search(r"Ben Bright 4 4 4 4", page)
    assert "kept or changed it in view of the judge" in page
