"""Names that a spreadsheet would run: made harmless in files for people, left as they are in files for programs."""

import csv
import io

import pytest
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from annotation.core.spreadsheet_cells import BYTE_ORDER_MARK, FORMULA, escape_formula, format_cell, format_csv
from annotation.exports.scores import export_scores
from annotation.models import Rating
from tests.annotation.imports.importing import import_score_file
from tests.factories import make_sample, make_study

ATTACK = '=HYPERLINK("http://x")'


@given(st.text(), st.sampled_from(FORMULA))
def test_no_text_begins_like_a_formula_and_none_is_lost(text: str, sign: str) -> None:
    for given_text in (text, sign + text):
        shown = escape_formula(given_text)
        assert not shown.startswith(FORMULA)
        assert shown in (given_text, "'" + given_text)
    assert escape_formula("'" + text) == "'" + text


@given(st.lists(st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text()), min_size=2, max_size=2)))
def test_numbers_stay_numbers_and_rows_stay_rows(rows) -> None:
    found = list(csv.reader(io.StringIO(format_csv(rows), newline="")))
    assert found == [["" if value is None else str(format_cell(value)) for value in row] for row in rows]


@pytest.fixture
def study():
    study = make_study("birds")
    make_sample(study, external_id=ATTACK)
    return study


@pytest.mark.django_db
def test_scores_for_a_spreadsheet_are_harmless_and_those_for_programs_come_in_again_as_they_were(
    study, tmp_path, capsys
) -> None:
    table = tmp_path / "scores.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["sample", "annotator", "dimension", "value"], [ATTACK, "=Ann", "TCC", 4], [ATTACK, "@Ben", "TCC", 0]]
        )
    import_score_file(study, table)
    sheet = "".join(export_scores(by=None, study=study, format="spreadsheet"))
    assert sheet.startswith(BYTE_ORDER_MARK)
    rows = list(csv.DictReader(io.StringIO(sheet.removeprefix(BYTE_ORDER_MARK))))
    assert {(row["sample"], row["annotator"], row["value"]) for row in rows} == {
        ("'" + ATTACK, "'=Ann", "4"),
        ("'" + ATTACK, "'@Ben", "0"),
    }
    for format in ("csv", "jsonl"):
        exported = "".join(export_scores(by=None, study=study, format=format))
        call_command("export_scores", "birds", format=format)
        assert capsys.readouterr().out == exported
        again = make_study(f"again-{format}")
        make_sample(again, external_id=ATTACK)
        path = tmp_path / f"again.{format}"
        path.write_text(exported)
        assert import_score_file(again, path).counts() == {"created": 2, "updated": 0, "unchanged": 0, "refused": 0}
        names = Rating.objects.filter(score__sample__study=again).values_list("score__member__name", flat=True)
        assert set(names) == {"=Ann", "@Ben"}
