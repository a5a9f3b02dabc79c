"""Tests of the reports as CSV: unrounded, with permitted names, without formulas."""

import csv
import io

import pytest
from django.test import Client

from annotation.core.spreadsheet_cells import format_cell, format_csv
from annotation.models import Member
from annotation.reports import stored_reports
from frontend.views.report_csv import TABLES
from tests.access_world import World, make_world
from tests.annotation.reports.rating_rows import rate, settle
from tests.factories import make_discussion, make_sample
from tests.suggestion_rows import meet

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def ada(world: World) -> Client:
    return world.client("ada")


def rows(client: Client, table: str, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/studies/birds/figures/{table}.csv{query}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="birds-{table}.csv"'
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_table_has_a_head_before_anything_is_calculated_and_even_rows_after(
    ada: Client, world: World, table: str
) -> None:
    ada.get(f"/studies/birds/figures/{table}.csv")
    case = make_discussion(world.study, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cleo": {"ITS": 4}})
    settle(case, ann=4, ben=4, cleo=4)
    values = dict.fromkeys(("TCC", "ICC", "IQ", "ITS"), 3)
    sample = make_sample(world.study, pictures=["red"])
    meet(sample, world.members["ida"], values, arm="prefilled", shown=values, run=world.run)
    stored_reports.refresh_reports(study=world.study)
    found = list(csv.reader(io.StringIO(ada.get(f"/studies/birds/figures/{table}.csv").content.decode())))
    assert len(found) > 1, "something to take away"
    assert len({len(row) for row in found}) == 1, "as many cells in every row as in the head"


def test_there_is_no_other_table(ada: Client) -> None:
    assert ada.get("/studies/birds/figures/passwords.csv").status_code == 404


def test_figures_are_not_rounded(ada: Client, world: World) -> None:
    for number in range(6):
        sample = make_sample(world.study)
        rate(sample, "Ben Bright", {"TCC": number % 4})
        rate(sample, "Cleo Calm", {"TCC": number % 3})
    stored_reports.refresh_reports(study=world.study)
    stored = stored_reports.latest_report(world.study, "agreement")
    assert stored is not None
    for level in ("ordinal", "interval"):
        want = stored.data["levels"][level]["all"][0]
        (tcc,) = [row for row in rows(ada, "agreement", f"?level={level}") if row["dimension"] == "TCC"]
        assert (tcc["level"], float(tcc["alpha"])) == (level, want["alpha"])
        assert [float(tcc["interval_low"]), float(tcc["interval_high"])] == want["interval"]
    groups = {row["group"] for row in rows(ada, "agreement", "?by=generator")}
    assert "generator-x" in groups


def test_what_is_undefined_is_empty_and_says_why(ada: Client, world: World) -> None:
    world.study.samples.all().delete()
    stored_reports.refresh_reports(study=world.study)
    for row in rows(ada, "agreement"):
        assert (row["alpha"], row["interval_low"]) == ("", "")
        assert row["undefined"] == "There are no independent ratings yet."


def test_researchers_take_pseudonyms_away(ada: Client, world: World) -> None:
    stored_reports.refresh_reports(study=world.study)
    ben = world.members["ben"]
    assert "Ben Bright" in {row["annotator"] for row in rows(ada, "work")}
    for table in TABLES:
        page = world.client("rae").get(f"/studies/birds/figures/{table}.csv").content.decode()
        assert "Ben Bright" not in page, table
    assert f"R-{ben.public_id}" in {row["annotator"] for row in rows(world.client("rae"), "work")}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_run_is_made_plain(text: str) -> None:
    assert format_cell(text) == "'" + text


def test_figures_stay_numbers_and_nothing_is_nothing() -> None:
    assert (format_cell(-0.5), format_cell(3), format_cell(None), format_cell("Ann - Alder")) == (
        -0.5,
        3,
        "",
        "Ann - Alder",
    )
    assert format_csv([["a", "=b"], [-0.25, None]]) == "a,'=b\r\n-0.25,\r\n"


def test_names_come_out_as_texts(ada: Client, world: World) -> None:
    Member.objects.filter(pk=world.members["ben"].pk).update(name='=HYPERLINK("http://x")')
    make_sample(world.study, generator="@model")
    stored_reports.refresh_reports(study=world.study)
    assert '\'=HYPERLINK("http://x")' in {row["annotator"] for row in rows(ada, "work")}
    assert "'@model" in {row["generator"] for row in rows(ada, "generators")}


def test_states_are_counted_now_not_when_figures_were_made(ada: Client, world: World) -> None:
    before = {row["state"]: int(row["samples"]) for row in rows(ada, "states")}
    make_sample(world.study)
    after = {row["state"]: int(row["samples"]) for row in rows(ada, "states")}
    assert after == {**before, "waiting": before["waiting"] + 1}
