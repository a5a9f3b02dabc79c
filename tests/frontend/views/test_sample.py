"""One sample as those who read results see it: its whole life on one page."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotation.core.rubric_cache import load_rubric
from annotation.models import Protocol, ReservedPool, Study
from annotation.samples import list as sample_list
from annotation.samples import sorting
from annotation.scoring import revising
from annotation.suggestions.arms import SuggestionArm
from tests.annotation.scoring.score_rows import same, score
from tests.factories import make_member, make_user
from tests.suggestion_studies import drawn_sample, judge_saying

from .disputes import client_of, dispute, give_reason, hand_over, move, place_of, settle, state_of, text_of
from .sample_pages import LIST, address, agree

pytestmark = pytest.mark.django_db


def lines(study: Study, who: str) -> list[sample_list.SampleLine]:
    rubric = load_rubric(study.rubric_id)
    wanted = sample_list.SampleFilter()
    reader = place_of(study, who)
    return sample_list.read_sample_page(study, rubric, wanted, order=sorting.OLDEST, limit=9, reader=reader).rows


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
    told = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", life))
    steps = [
        "Imported",
        "Ann Alder got it to score",
        "waiting → to scoring",
        "Ann Alder scored TCC 5 ICC 5 IQ 5 ITS 5",
        "Ben Bright scored TCC 5 ICC 5 IQ 5 ITS 3",
        "The scores differ on ITS",
        "scoring → to in discussion",
        "Ann Alder gave a reason on ITS 5 They match.",
        "Ben Bright gave a reason on ITS 3 They do not.",
        "Ann Alder moved ITS 5 → to 3 convinced by the others’ reasons",
        "All stand on one value: ITS 3",
        "The discussion ended in agreement",
        "in discussion → to agreed",
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
    for secret in ("Ben Bright", "Bens own reason", 'class="level-chip', "h-life", "h-scores"):
        assert secret not in page, secret
    row = text_of(ida, LIST).split("<tbody>")[1].split("</tr>")[0]
    assert "your reason first" in row
    assert '<td class="number-cell">3</td>' not in row
    assert lines(study, "ida")[0].spread is None, "nor does the page get to know"
    give_reason(case, "ida", "Mine.")
    assert lines(study, "ida")[0].spread == 3
    assert "Bens own reason." in text_of(ida, address(case.sample))
    assert '<td class="number-cell">3</td>' in text_of(ida, LIST)


def test_what_was_handed_over_is_shown_to_the_admin_who_has_to_decide(study: Study) -> None:
    make_member(study, make_user("ida", name="Ida Lead"), "admin")
    case = dispute(study, 3, by=("ida", "ben"))
    hand_over(case)
    ida = client_of("ida")
    assert "Ben Bright" in text_of(ida, address(case.sample))
    assert '<td class="number-cell">3</td>' in text_of(ida, LIST)


def test_the_page_shows_how_each_met_the_judge_and_what_became_of_their_values(study: Study, ada: Client) -> None:
    Protocol.objects.update(suggestions="delayed")
    ReservedPool.objects.create(study=study, share=0.25, calibration_share=0.05, seed=42, at=timezone.now())
    made = drawn_sample(study, SuggestionArm.DELAYED, blind_slot=2)
    judge_saying(study, {made: same(5)})
    answer = score(study, "ann", same(3))
    revising.submit_revision(
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
