"""Scores go out, and come in elsewhere as the same."""

import csv
import io
import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotation.core.errors import NotAllowed, NotFound
from annotation.discussions import participating
from annotation.exports.scores import export_scores
from annotation.models import Discussion, Member, Rating, Score, Stance
from annotation.scoring import leasing, submitting
from tests.annotation.imports.importing import (
    import_sample_file,
    import_score_file,
    sample_line,
    write_picture,
    write_samples,
    write_scores,
)
from tests.factories import make_member, make_rubric, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db


def exported(study, format="csv"):
    return "".join(export_scores(by=None, study=study, format=format))


def facts(study):
    """Every standing rating of a study, in words of the study."""
    return sorted(
        Rating.objects.filter(score__sample__study=study, score__voided_at=None).values_list(
            "score__sample__external_id",
            "score__member__name",
            "dimension__key",
            "level__value",
            "score__round",
            "score__at",
            "score__seconds",
            "score__complete",
        ),
        key=str,
    )


def test_the_table_has_a_line_per_value(tmp_path):
    study = make_study()
    import_sample_file(study, write_samples(tmp_path, sample_line("a")))
    import_score_file(study, write_scores(tmp_path, "a,Ann,TCC,3,1,2026-01-31T10:00:00Z,2.5", "a,Ben,TCC,4,2,,"))
    assert exported(study) == (
        "sample,annotator,dimension,value,round,at,seconds\na,Ann,TCC,3,1,2026-01-31T10:00:00Z,2.5\na,Ben,TCC,4,2,,\n"
    )
    assert [json.loads(entry) for entry in exported(study, "jsonl").splitlines()] == [
        {
            "sample": "a",
            "annotator": "Ann",
            "dimension": "TCC",
            "value": 3,
            "round": 1,
            "at": "2026-01-31T10:00:00Z",
            "seconds": 2.5,
        },
        {"sample": "a", "annotator": "Ben", "dimension": "TCC", "value": 4, "round": 2, "at": None, "seconds": None},
    ]


def test_a_study_without_scores_gives_the_header_alone():
    assert exported(make_study()) == "sample,annotator,dimension,value,round,at,seconds\n"
    assert exported(make_study("other"), "jsonl") == ""


def test_what_ann_undid_is_left_out_and_what_she_gave_is_there():
    study = make_study()
    make_sample(study, external_id="a")
    make_member(study, "ann")
    for value in (2.0, 5.0):
        (work,) = leasing.lease_samples(by=make_user("ann"), slug=study.slug).assignments
        submitting.submit_score(
            by=make_user("ann"),
            assignment_id=work.public_id,
            client_key=uuid4(),
            ratings={"TCC": value},
            notes={"TCC": "a note"},
            seconds=1.0,
        )
        if value == 2:
            submitting.undo_score(by=make_user("ann"), assignment_id=work.public_id)
    (row,) = csv.DictReader(io.StringIO(exported(study)))
    assert (row["sample"], row["annotator"], row["value"]) == ("a", "Ann", "5")


def test_of_two_studies_each_gives_its_own(tmp_path):
    first, second = make_study(), make_study("other")
    for study, who in ((first, "Ann"), (second, "Ben"), (first, "Cho")):
        import_sample_file(study, write_samples(tmp_path, sample_line(f"s-{who}")))
        import_score_file(study, write_scores(tmp_path, f"s-{who},{who},TCC,3,1,,"))
    assert [row.split(",")[1] for row in exported(first).splitlines()[1:]] == ["Ann", "Cho"]


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12).filter(
    lambda name: name.strip()
)
values = st.dictionaries(
    st.tuples(names, names, st.sampled_from(["TCC", "ICC", "IQ", "ITS"]), st.integers(1, 3)),
    st.tuples(
        st.sampled_from([0, 0.5, 1]),
        st.none() | st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
        st.none() | st.floats(0, 1e6),
    ),
    max_size=12,
)


@given(values, st.sampled_from(["csv", "jsonl"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_imported_elsewhere_the_table_gives_the_same_ratings(tmp_path, given_values, format):
    run = uuid4().hex[:8]
    rubric = make_rubric("half", levels=(0, 0.5, 1), missing=None)
    first, second = make_study(f"first-{run}", rubric=rubric), make_study(f"second-{run}", rubric=rubric)
    for study in (first, second):
        for sample in sorted({sample for sample, *_ in given_values}):
            make_sample(study, pictures=["red"], external_id=sample)
    path = tmp_path / "scores"
    entries = [
        dict(zip(("sample", "annotator", "dimension", "round", "value", "at", "seconds"), (*key, *value), strict=True))
        for key, value in given_values.items()
    ]
    path.write_text("\n".join(json.dumps(entry) for entry in entries))
    assert import_score_file(first, path).created == len(given_values)
    path.write_text(exported(first, format), newline="")
    assert import_score_file(second, path).refused == 0
    assert facts(second) == facts(first)
    assert exported(second, format) == exported(first, format)


def test_the_number_of_queries_does_not_grow_with_the_ratings(tmp_path):
    study = make_study()
    import_sample_file(study, write_samples(tmp_path, *(sample_line(f"s{n}") for n in range(120))))
    spent = []
    for annotators in (("Ann",), ("Ann", "Ben", "Cho")):
        import_score_file(
            study, write_scores(tmp_path, *(f"s{n},{who},TCC,3,1,," for n in range(120) for who in annotators))
        )
        with CaptureQueriesContext(connection) as queries:
            exported(study)
        spent.append(len(queries))
    assert spent[1] <= spent[0] <= 10
    assert Score.objects.count() == 360


def test_only_who_leads_takes_the_table_away_and_then_scores_none_of_it():
    study = make_study()
    sample = make_sample(study)
    make_member(study, "ann")
    make_member(study, "ada", "admin")
    with pytest.raises(NotFound):
        export_scores(by=make_user("sam"), study=study)
    with pytest.raises(NotAllowed):
        export_scores(by=make_user("ann"), study=study)
    export_scores(by=make_user("ada"), study=study)
    assert Member.objects.get(user=make_user("ada")).exposed_through == sample.pk


def settled_by_discussion(tmp_path):
    """Ann and Ben's imported values on ITS differ; linked to people, they discuss and both sign 4."""
    study = make_study("birds", k=2)
    for name in ("ann", "ben"):
        make_member(study, name, name=name.capitalize())
    import_sample_file(study, write_samples(tmp_path, sample_line("a", image="red.png")), images=pictures_in(tmp_path))
    rows = [f"a,{who},{key},3,1,," for who in ("Ann", "Ben") for key in ("TCC", "ICC", "IQ")]
    rows += ["a,Ann,ITS,2,1,,", "a,Ben,ITS,4,1,,"]
    import_score_file(study, write_scores(tmp_path, *rows), complete=True)
    case = Discussion.objects.get()
    for name in ("ann", "ben"):
        participating.give_reasons(
            by=make_user(name),
            discussion_id=case.public_id,
            client_key=uuid4(),
            reasons={"ITS": participating.StanceReason(text=f"{name} says why")},
        )
    participating.take_stances(
        by=make_user("ann"),
        discussion_id=case.public_id,
        client_key=uuid4(),
        stances={"ITS": 4},
        reasons={"ITS": participating.StanceReason(code="convinced")},
    )
    return study


def pictures_in(folder):
    write_picture(folder / "red.png")
    return folder


def test_what_was_signed_in_a_discussion_goes_out_as_a_later_round(tmp_path):
    study = settled_by_discussion(tmp_path)
    table = list(csv.DictReader(io.StringIO(exported(study))))
    assert sorted((row["annotator"], row["dimension"], row["value"]) for row in table if row["round"] == "2") == [
        ("Ann", "ITS", "4"),
        ("Ben", "ITS", "4"),
    ]
    first = [(row["annotator"], row["value"]) for row in table if (row["round"], row["dimension"]) == ("1", "ITS")]
    assert first == [("Ann", "2"), ("Ben", "4")]


def test_elsewhere_signed_values_are_later_rounds_and_only_independent_ones_decide(tmp_path):
    table = exported(settled_by_discussion(tmp_path))
    other = make_study("other", k=2)
    import_sample_file(other, write_samples(tmp_path, sample_line("a", image="red.png")), images=tmp_path)
    path = tmp_path / "table.csv"
    path.write_text(table)
    assert import_score_file(other, path, complete=True).refused == 0
    later = Score.objects.filter(sample__study=other, round=2)
    assert {(score.origin, score.discussion_id) for score in later} == {("imported", None)}
    assert exported(other) == table
    # The first values differ, so they are discussed here, too, by people who have not met there.
    case = Discussion.objects.get(study=other)
    assert {
        (stance.first.value, stance.level.value) for stance in Stance.objects.filter(participant__discussion=case)
    } == {
        (2, 2),
        (4, 4),
    }


def test_a_table_never_changes_what_was_signed_here(tmp_path):
    study = settled_by_discussion(tmp_path)
    before = facts(study)
    path = tmp_path / "table.csv"
    path.write_text(exported(study) + "a,Ann,TCC,5,2,,\na,Ann,ITS,3,2,,\n")
    report = import_score_file(study, path)
    assert (report.created, report.unchanged) == (0, 10)
    assert {error.field for error in report.errors} == {"round", "dimension"}
    path.write_text("sample,annotator,dimension,value,round\na,Ben,ITS,1,2\n")
    assert {error.field for error in import_score_file(study, path).errors} == {"value"}
    assert facts(study) == before
