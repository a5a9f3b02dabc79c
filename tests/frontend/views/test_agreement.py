"""Tests of the agreement page, an annotator's page and the request for reports."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from annotation.models import Job, Study
from annotation.reports import stored_reports
from tests.access_world import World, make_world
from tests.annotation.reports.rating_rows import rate, settle
from tests.factories import make_discussion, make_sample

from .test_study_overview import text, words

pytestmark = pytest.mark.django_db

PAGE = "/studies/birds/agreement/"


@pytest.fixture
def world() -> World:
    world = make_world()
    for number in range(12):
        sample = make_sample(
            world.study, pictures=["red"], generator="heron" if number % 2 else "merlin", domain="rivers"
        )
        rate(sample, "Ben Bright", {"TCC": number % 5, "ITS": number % 3}, seconds=30)
        rate(sample, "Cleo Calm", {"TCC": min(5, number % 5 + number % 2), "ITS": 2 - number % 3}, seconds=50)
    return world


@pytest.fixture
def measured(world: World) -> World:
    stored_reports.refresh_reports(study=world.study)
    return world


@pytest.fixture
def ada(world: World) -> Client:
    return world.client("ada")


def section(page: str, name: str) -> str:
    return page.split(f'id="{name}"')[1].split("</section>")[0]


def test_the_page_opens_with_where_people_agree_most_and_least(ada: Client, measured: World) -> None:
    page = text(ada, PAGE)
    assert re.search(
        r"<h1>Annotators agree most on Text Content Completeness \(alpha 0\.\d\d\), "
        r"least on Image-Text Synergy \(−0\.\d\d\)</h1>",
        page,
    )
    assert "given before anybody had seen the others’ values" in page


def test_every_figure_of_a_dimension_stands_in_its_row(ada: Client, measured: World) -> None:
    head, tcc, *_ = section(text(ada, PAGE), "h-alpha").split("<tr>")[1:]
    for name in ("Level", "Alpha", "95 % interval", "Exact", "Within 1", "Mean distance", "Apart by 2+", "ICC(1)"):
        assert name in words(head), name
    figures = stored_reports.latest_report(measured.study, "agreement")
    assert figures is not None
    row = figures.data["levels"]["ordinal"]["all"][0]
    for value in (row["alpha"], *row["interval"], row["exact"], row["within_one"], row["mad"], row["icc"]["value"]):
        assert f"{value:.2f}".replace("-", "−") in tcc, value
    assert tcc.count("stroke-dasharray") == 2, "the two usual bars"


@pytest.mark.parametrize("level", ["ordinal", "interval", "nominal"])
def test_the_level_of_measurement_is_chosen_and_named(ada: Client, measured: World, level: str) -> None:
    page = text(ada, f"{PAGE}?level={level}")
    figures = stored_reports.latest_report(measured.study, "agreement")
    assert figures is not None
    alpha = figures.data["levels"][level]["all"][0]["alpha"]
    first = section(page, "h-alpha").split("<tr>")[2]
    assert f"<td>{level}</td>" in first
    assert f"<b>{alpha:.2f}</b>" in first
    assert re.search(rf'level={level}&amp;by=all" aria-current="true"', page)


def test_agreement_is_shown_by_generator_and_by_domain(ada: Client, measured: World) -> None:
    page = section(text(ada, PAGE + "?by=generator&level=interval"), "h-alpha")
    for group in ("heron", "merlin"):
        assert page.count(f">{group}<") == 2 + 2, "on each of the four dimensions"
    assert "rivers" in section(text(ada, PAGE + "?by=domain"), "h-alpha")
    assert text(ada, PAGE + "?by=nonsense&level=nonsense").count('aria-current="true"') == 2


def test_pairs_of_annotators_have_a_map_of_figures(ada: Client, measured: World) -> None:
    maps = section(text(ada, PAGE), "h-pairs")
    figures = stored_reports.latest_report(measured.study, "agreement")
    assert figures is not None
    members = {measured.members[who].public_id for who in ("ben", "cleo")}
    (pair,) = [pair for pair in figures.data["levels"]["ordinal"]["all"][0]["kappa"] if set(pair["pair"]) == members]
    first = maps.split("<figure>")[1]
    assert f">{pair['kappa']:.2f}<" in first
    assert f'title="{pair["samples"]} samples in common"' in first
    assert "Ben Bright" in first


def test_researchers_meet_pseudonyms_alone(world: World, measured: World) -> None:
    rae = world.client("rae")
    ben = world.members["ben"]
    for address in (PAGE, f"/studies/birds/people/{ben.public_id}/"):
        page = text(rae, address)
        assert f"R-{ben.public_id}" in page
        for name in ("Ben Bright", "Cleo Calm", "Ann Alder"):
            assert name not in page, (address, name)


def test_what_discussions_moved_is_told_and_drawn(ada: Client, world: World) -> None:
    stored_reports.refresh_reports(study=world.study)
    assert "No discussion is over yet." in text(ada, PAGE)
    assert 'id="h-whom"' not in text(ada, PAGE)
    case = make_discussion(world.study, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cleo": {"ITS": 4}})
    settle(case, ann=4, ben=4, cleo=4)
    stored_reports.refresh_reports(study=world.study)
    page = text(ada, PAGE)
    assert "Discussions moved 33 % of the first values; the mean of all went by +0.67 levels." in page
    row = section(page, "h-moved").split("<tr>")[2]
    assert "ITS" in row
    assert words(row).split("%")[0].split() == ["ITS", "Image-Text", "Synergy", "1", "3", "33"]
    whom = section(page, "h-whom")
    ann = whom.split('<th scope="row">Ann Alder</th>')[1].split("</tr>")[0]
    assert ann.count("100 %") == 2, "to Ben's value and to Cleo's, each time"
    assert 'title="1 of 1 times"' in ann


def test_before_anything_is_calculated_the_page_says_so(ada: Client) -> None:
    page = text(ada, PAGE)
    assert "Not calculated yet" in page
    assert "Calculate now" in page
    assert "h-alpha" not in page


def test_a_study_without_scores_has_nothing_to_compare(ada: Client, world: World) -> None:
    world.study.samples.all().delete()
    stored_reports.refresh_reports(study=world.study)
    page = text(ada, PAGE)
    assert "<h1>Agreement cannot be told yet</h1>" in page
    assert "There are no independent ratings yet." in page


def test_ada_asks_for_a_calculation_follows_it_and_sees_its_result(ada: Client, world: World) -> None:
    Job.objects.all().delete()
    answer = ada.post(PAGE + "refresh/", {"back": "/studies/birds/"})
    assert answer.headers["Location"] == "/studies/birds/"
    job = Job.objects.get()
    assert job.kind == "statistics"
    ada.post(PAGE + "refresh/", {"back": "/studies/birds/"})
    assert Job.objects.count() == 1, "one at a time"
    page = text(ada)
    assert "waiting for a worker" in page
    assert 'hx-get="/studies/birds/figures/" hx-trigger="every 1500ms"' in page
    Job.objects.update(state="running", done=3, total=12, activity="agreement on TCC", lease_until=timezone.now())
    asked = {"hx-request": "true", "hx-current-url": "http://testserver/studies/birds/agreement/?level=nominal"}
    part = ada.get("/studies/birds/figures/", headers=asked).content.decode()
    assert "<html" not in part
    assert "step 3 of 12: agreement on TCC" in part
    assert 'value="3" max="12"' in part
    stored_reports.refresh_reports(study=world.study)
    Job.objects.update(state="done", finished_at=timezone.now())
    part = ada.get("/studies/birds/figures/", headers=asked).content.decode()
    assert 'hx-get="/studies/birds/agreement/?level=nominal" hx-trigger="load"' in part, "the page fetches itself anew"
    assert 'hx-select="#main"' in part
    assert "every 1500ms" not in part


def test_a_calculation_that_failed_says_why(ada: Client, world: World) -> None:
    Job.objects.create(
        kind="statistics", study=world.study, state="failed", error="It ran out of memory.", finished_at=timezone.now()
    )
    assert "The last calculation failed: It ran out of memory." in text(ada, PAGE)
    stored_reports.refresh_reports(study=world.study)
    assert "failed" not in text(ada, PAGE), "a later one was done"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_asking_leads_back_to_our_own_pages_alone(ada: Client, elsewhere: str) -> None:
    assert ada.post(PAGE + "refresh/", {"back": elsewhere}).headers["Location"] == PAGE


def test_an_annotators_page_shows_them_beside_the_others(ada: Client, world: World, measured: World) -> None:
    ben = world.members["ben"]
    page = text(ada, f"/studies/birds/people/{ben.public_id}/")
    rows = section(page, "h-quality").split("<tr>")[2:]
    assert len(rows) == 5, "four dimensions and all of them"
    figures = stored_reports.latest_report(world.study, "annotators")
    assert figures is not None
    tcc = next(r for r in figures.data["rows"] if r["member"] == ben.public_id and r["dimension"] == "TCC")
    assert f"{abs(tcc['bias']):.2f}" in rows[0]
    assert f"{tcc['spread']:.2f}" in rows[0]
    assert "<circle" in rows[0]
    assert "Place in the study" in page


def test_a_researcher_sees_the_figures_and_changes_nothing(world: World, measured: World) -> None:
    rae, ben = world.client("rae"), world.members["ben"]
    page = text(rae, f"/studies/birds/people/{ben.public_id}/")
    assert "Beside the others" in page
    assert "Place in the study" not in page
    assert "Signs in as" not in page
    assert "<form" not in page.split("<main")[1]


def test_somebody_who_has_scored_nothing_has_an_empty_page(ada: Client, world: World, measured: World) -> None:
    page = text(ada, f"/studies/birds/people/{world.members['ida'].public_id}/")
    assert "Has not scored anything yet." in page
    assert "imported" in page


def test_a_level_that_carries_no_figure_says_why_once(ada: Client, world: World) -> None:
    Study.objects.get(pk=world.study.pk).samples.filter(state="in_discussion").delete()
    stored_reports.refresh_reports(study=world.study)
    page = text(ada, PAGE)
    assert page.count("ICC(2,1) undefined: The samples were not all rated by the same annotators") <= 1
