"""Tests of the influence page: headline, metrics, rubber stamps and missing requirements."""

import csv
import io
import re

import pytest
from django.test import Client

from annotation.models import Exposure, JudgeRun, Member, Protocol
from annotation.reports import stored_reports
from annotation.simulation.synthetic_annotators import SyntheticAnnotator
from tests.access_world import World, make_world
from tests.factories import make_member
from tests.suggestion_rows import meet_a_judge

from .test_agreement import section
from .test_study_overview import text, words

pytestmark = pytest.mark.django_db

PAGE = "/studies/birds/influence/"
BOARD = "/studies/birds/"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def ada(world: World) -> Client:
    return world.client("ada")


def let_meet(world: World, *habits: SyntheticAnnotator, suggestions: str = "prefilled", samples: int = 90) -> None:
    people = [(make_member(world.study, None, name=habit.name), habit) for habit in habits]
    meet_a_judge(world.study, world.run, people, samples=samples, suggestions=suggestions)
    stored_reports.refresh_reports(study=world.study)


@pytest.fixture
def anchored_world(world: World) -> World:
    """Return a study with four anchored annotators and one rubber stamp.

    Some samples are delayed and some prefilled.
    """
    habits = [SyntheticAnnotator(f"Dot {number}", number / 4 - 0.5, anchoring=0.7) for number in range(4)]
    let_meet(world, *habits, SyntheticAnnotator("Hal Hasty", haste=1), suggestions="both", samples=160)
    return world


def stored(world: World) -> dict:
    found = stored_reports.latest_report(world.study, "influence")
    assert found is not None
    return found.data


def two(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def test_the_page_opens_with_the_worst_alarm(ada: Client, anchored_world: World) -> None:
    page = text(ada, PAGE)
    alarms = [row for row in stored(anchored_world)["rows"] if row["alarm"] and row["dimension"]]
    worst = max(alarms, key=lambda row: row["pull"])
    (found,) = re.findall(r'<h1 class="text-attention">(.*?)</h1>', page)
    assert f"pulls people {two(worst['pull'])} of the way to its values, beyond the limit of 0.20" in found
    assert found.endswith("so it does on 3 more dimensions")
    assert "values that the judge suggested to 5 annotators, beside" in words(page)


def test_every_pull_stands_with_its_interval_drawn_between_no_pull_and_the_limit(
    ada: Client, anchored_world: World
) -> None:
    page = text(ada, PAGE)
    for arm in ("delayed", "prefilled"):
        lines = section(page, f"h-pull-{arm}").split("<tr")[2:]
        rows = [row for row in stored(anchored_world)["rows"] if row["arm"] == arm]
        assert len(lines) == len(rows) == 5
        for line, row in zip(lines, rows, strict=True):
            if row["pull"] is None:
                assert row["undefined"].split(",")[0].replace("'", "&#x27;") in line
                continue
            for value in (row["pull"], *row["interval"]):
                assert two(value) in line
            assert line.count("stroke-dasharray") == 1, "the limit"
            assert line.count('class="axis-line"') == 2, "no pull, and the limit"
    assert "Plain slope" in section(page, "h-pull-prefilled")
    assert "Plain slope" not in section(page, "h-pull-delayed")


def test_what_is_accepted_stands_beside_what_agrees_blind(ada: Client, anchored_world: World) -> None:
    page = text(ada, PAGE)
    for arm in ("delayed", "prefilled"):
        rows = [row for row in stored(anchored_world)["rows"] if row["arm"] == arm]
        for line, row in zip(section(page, f"h-accepted-{arm}").split("<tr")[2:], rows, strict=True):
            said = words("<tr" + line)
            for value in (row["acceptance"], row["coincidence"]):
                assert f"{100 * value:.0f} %" in said
            assert two(row["rmse"]) in said
    assert "Towards" in section(page, "h-accepted-delayed")
    assert "Towards" not in section(page, "h-accepted-prefilled")
    assert "of samples that others scored with the judge, the rest of wholly blind ones" in words(page)


def test_arms_stand_side_by_side_in_time_and_in_how_good_the_judge_looks(ada: Client, anchored_world: World) -> None:
    lines = section(text(ada, PAGE), "h-arms").split("<tr")[2:]
    for line, row in zip(lines, stored(anchored_world)["arms"], strict=True):
        said = words("<tr" + line)
        assert row["arm"] in said
        assert f"{row['seconds']:.0f} s" in said
        assert two(row["within_one"]) in said
        assert two(row["rmse"]) in said


def test_a_rubber_stamp_stands_first_and_says_why(ada: Client, anchored_world: World) -> None:
    first, *others = section(text(ada, PAGE), "h-people").split("<tr")[2:]
    row = next(row for row in stored(anchored_world)["people"] if row["rubber_stamp"])
    said = words("<tr" + first)
    assert "Hal Hasty" in said
    assert f"looks like a rubber stamp: changed 0 of {row['values']} prefilled values" in said
    assert "rubber stamp" not in "".join(others)


def test_alarm_and_rubber_stamp_reach_ada_on_the_board_and_on_the_members_page(
    ada: Client, anchored_world: World
) -> None:
    waits = words(section(text(ada, BOARD), "h-waits"))
    assert re.search(r"\d pulls beyond the limit", waits)
    assert "1 possible rubber stamp" in waits
    assert "Hal Hasty changed 0 of" in waits
    board = text(ada, BOARD)
    assert "beyond the limit of 0.20" in section(board, "h-influence")
    hal, dot = (Member.objects.get(name=name).public_id for name in ("Hal Hasty", "Dot 1"))
    assert f'href="/studies/birds/people/{hal}/"' in section(board, "h-waits")
    page = text(ada, f"/studies/birds/people/{hal}/")
    assert "Looks like a rubber stamp: changed 0 of" in words(page)
    assert "100 %" in section(page, "h-met")
    assert "rubber stamp" not in text(ada, f"/studies/birds/people/{dot}/")
    ben = world_member(anchored_world, "ben")
    assert 'id="h-met"' not in text(ada, f"/studies/birds/people/{ben.public_id}/")


def world_member(world: World, who: str) -> Member:
    return world.members[who]


def test_without_a_pull_there_is_no_alarm_anywhere(ada: Client, world: World) -> None:
    let_meet(world, *(SyntheticAnnotator(f"Dot {n}", n / 4 - 0.5) for n in range(4)), suggestions="delayed")
    page = text(ada, PAGE)
    assert "<h1>The judge pulls people 0.00 of the way to its values, within the limit of 0.20</h1>" in page
    assert "beyond the limit" not in text(ada, BOARD)
    assert 'id="h-influence"' in text(ada, BOARD)


def test_what_cannot_be_told_yet_is_said(ada: Client, world: World) -> None:
    let_meet(world, *(SyntheticAnnotator(f"Dot {n}", anchoring=0.5) for n in range(3)), samples=4)
    page = text(ada, PAGE)
    assert "<h1>How far the judge pulls people cannot be told yet</h1>" in page
    assert "Too few samples yet" in section(page, "h-pull-prefilled")


def test_researchers_meet_pseudonyms_alone(world: World, anchored_world: World) -> None:
    rae = world.client("rae")
    hal = Member.objects.get(name="Hal Hasty")
    page = text(rae, PAGE)
    assert f"R-{hal.public_id}" in page
    for name in ("Hal Hasty", "Dot 1"):
        assert name not in page
    assert "Hal Hasty" not in text(rae, f"/studies/birds/people/{hal.public_id}/")


def test_before_anybody_met_a_judge_the_page_says_what_it_takes(ada: Client, world: World) -> None:
    JudgeRun.objects.update(active=False)
    page = text(ada, PAGE)
    assert "<h1>Nobody has met the judge yet</h1>" in page
    assert "The rules of this study let no annotator meet a judge." in page
    assert 'href="/studies/birds/settings/">Change the rules' in page
    assert 'href="/studies/birds/judges/">Choose a judge' in page
    assert "Change the rules" not in text(world.client("rae"), PAGE)
    Protocol.objects.update(suggestions="delayed")
    JudgeRun.objects.filter(pk=world.run.pk).update(active=True)
    page = text(ada, PAGE)
    assert "Samples that are opened from now on are drawn for the arms" in page
    assert "Change the rules" not in page
    assert "Choose a judge" not in page


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"blind_share": 1}, "By the rules of this study all samples are wholly blind"),
        ({"annotators_per_sample": 1}, "The rules of this study have one annotator score each sample"),
    ],
)
def test_where_the_rules_keep_all_blind_nobody_is_told_to_wait(
    ada: Client, world: World, rules: dict[str, float], said: str
) -> None:
    JudgeRun.objects.filter(pk=world.run.pk).update(active=True)
    Protocol.objects.filter(study=world.study).update(suggestions="delayed", **rules)
    page = text(ada, PAGE)
    assert said in page
    assert 'href="/studies/birds/settings/">Change the rules' in page
    assert "the report comes by itself" not in page


def test_judges_and_board_lead_to_the_page(ada: Client, anchored_world: World) -> None:
    for place in ("/studies/birds/judges/", BOARD):
        assert f'href="{PAGE}"' in text(ada, place), place
    assert re.search(r'href="/studies/birds/judges/" aria-current="page"', text(ada, PAGE))


def test_figures_are_taken_away_unrounded(ada: Client, anchored_world: World) -> None:
    def table(name: str) -> list[dict[str, str]]:
        answer = ada.get(f"/studies/birds/figures/{name}.csv")
        return list(csv.DictReader(io.StringIO(answer.content.decode())))

    pulls, arms, people = (table(name) for name in ("influence", "influence-arms", "influence-annotators"))
    report = stored(anchored_world)
    assert [(row["arm"], row["dimension"]) for row in pulls] == [
        (row["arm"], row["dimension"] or "all") for row in report["rows"]
    ]
    assert float(pulls[0]["pull"]) == report["rows"][0]["pull"]
    assert float(pulls[0]["interval_high"]) == report["rows"][0]["interval"][1]
    assert [float(row["seconds"]) for row in arms] == [row["seconds"] for row in report["arms"]]
    assert [row["annotator"] for row in people if row["rubber_stamp"] == "yes"] == ["Hal Hasty"]


def test_all_suggestions_are_taken_away_under_pseudonyms_and_that_is_remembered(
    world: World, ada: Client, anchored_world: World
) -> None:
    answer = ada.post("/studies/birds/influence/suggestions/")
    body = b"".join(answer.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(body)))
    assert len(rows) == sum(row["values"] for row in stored(anchored_world)["arms"] if row["arm"] != "blind")
    hal = Member.objects.get(name="Hal Hasty").public_id
    his = [row for row in rows if row["annotator"] == f"R-{hal}" and row["arm"] == "prefilled"]
    assert his
    assert all(row["shown"] == row["first"] == row["final"] for row in his)
    assert {row["run"] for row in rows} == {str(world.run.number)}
    assert {row["dimension"] for row in rows} == {"TCC", "ICC", "IQ", "ITS"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", rows[0]["at"])
    assert "Hal Hasty" not in body
    admin = Member.objects.get(pk=world.members["ada"].pk)
    assert admin.exposed_through >= max(world.study.samples.values_list("pk", flat=True))
    before = Exposure.objects.count()
    assert (
        b"".join(world.client("rae").post("/studies/birds/influence/suggestions/").streaming_content).decode() == body
    )
    assert Exposure.objects.count() == before
    assert world.client("ann").post("/studies/birds/influence/suggestions/").status_code == 403


def test_a_new_calculation_comes_back_to_the_page(ada: Client, anchored_world: World) -> None:
    answer = ada.post("/studies/birds/agreement/refresh/", {"back": PAGE})
    assert answer.headers["Location"] == PAGE
    assert "waiting for a worker" in text(ada, PAGE)
