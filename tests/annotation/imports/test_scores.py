"""Imported scores keep first values and never change scores given here.

Partial rows stay partial.
"""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from annotation.core.errors import NotAllowed, NotFound, WrongState
from annotation.imports.scores import import_scores
from annotation.models import Assignment, HistoryEntry, Member, Rating, Sample, Score
from annotation.scoring import leasing, submitting
from tests.factories import make_member, make_rubric, make_sample, make_study, make_user

from .importing import (
    import_sample_file,
    import_score_file,
    line_counts,
    rejected_lines,
    sample_line,
    write_picture,
    write_samples,
    write_scores,
)

pytestmark = pytest.mark.django_db
ALL = ("TCC", "ICC", "IQ", "ITS")


@pytest.fixture
def study(tmp_path):
    """Samples `both` and `other` with both sides, and `text` without a picture."""
    study = make_study()
    write_picture(tmp_path / "a.png")
    lines = [sample_line("both", image="a.png"), sample_line("other", image="a.png"), sample_line("text")]
    import_sample_file(study, write_samples(tmp_path, *lines))
    return study


def make_score_rows(sample, annotator, value=3, tail="1,,"):
    return [f"{sample},{annotator},{dimension},{value},{tail}" for dimension in ALL]


def read_rows():
    """What an import could change, as plain values."""
    return (
        list(Score.objects.order_by("pk").values()),
        list(Rating.objects.order_by("pk").values()),
        list(Member.objects.order_by("pk").values()),
        list(Sample.objects.order_by("pk").values()),
        list(HistoryEntry.objects.order_by("pk").values()),
    )


def test_lines_become_scores_of_members_without_a_login(study, tmp_path):
    rows = [*make_score_rows("both", "Ann", tail="1,2026-01-31 10:00:00,12.5"), "both,Ben,TCC,5,2,,"]
    assert line_counts(import_score_file(study, write_scores(tmp_path, *rows))) == (5, 0, 0, 0)
    ann, ben = Member.objects.order_by("name")
    assert (ann.name, ann.user, ann.role) == ("Ann", None, "annotator")
    score = Score.objects.get(member=ann)
    assert (score.origin, score.assignment, score.round, score.complete) == ("imported", None, 1, True)
    assert (score.at, score.seconds) == (datetime(2026, 1, 31, 10, tzinfo=UTC), 12.5)
    assert {r.dimension.key: r.level.value for r in score.ratings.all()} == dict.fromkeys(ALL, 3.0)
    assert (Score.objects.get(member=ben).round, Score.objects.get(member=ben).complete) == (2, False)
    study.rubric.refresh_from_db()
    assert study.rubric.frozen_at is not None


def test_json_lines_say_the_same(study, tmp_path):
    lines = [{"sample": "both", "annotator": "Ann", "dimension": "TCC", "value": 3, "round": None, "seconds": 2.5}]
    path = tmp_path / "scores.jsonl"
    path.write_bytes(b"\xef\xbb\xbf\n" + b"".join(json.dumps(entry).encode() + b"\n" for entry in lines) + b"[]\n")
    report = import_score_file(study, path)
    assert line_counts(report) == (1, 0, 0, 1)
    assert rejected_lines(report) == [(3, "")]


def test_the_same_file_again_changes_nothing(study, tmp_path):
    rows = [*make_score_rows("both", "Ann", tail="1,2026-01-31T10:00:00Z,5"), "both,Ann,TCC,3,1,2026-02-01T10:00:00Z,9"]
    path = write_scores(tmp_path, *rows, "text,Ben,TCC,1,1,,")
    first = import_score_file(study, path)
    assert line_counts(first) == (5, 0, 0, 1)
    before = read_rows()
    again = import_score_file(study, path)
    assert line_counts(again) == (0, 0, 5, 1)
    assert list(again.errors) == list(first.errors)
    assert read_rows() == before


def test_a_second_value_in_one_file_is_refused_even_if_it_is_the_same(study, tmp_path):
    report = import_score_file(
        study,
        write_scores(tmp_path, "both,Ann,TCC,3,1,,", "both,Ann,TCC,3,1,,", "both,Ann,TCC,4,,,", "both,Ann,TCC,4,2,,"),
    )
    assert rejected_lines(report) == [(3, "dimension"), (4, "dimension")]
    assert [r.level.value for r in Rating.objects.order_by("pk")] == [3, 4]


def test_another_value_for_what_is_here_is_refused_and_the_first_kept(study, tmp_path):
    import_score_file(study, write_scores(tmp_path, "both,Ann,TCC,3,1,,"))
    report = import_score_file(study, write_scores(tmp_path, "both,Ann,TCC,4,1,,"))
    assert rejected_lines(report) == [(2, "value")]
    assert Rating.objects.get().level.value == 3


def test_partial_rows_are_kept_and_later_ones_complete_the_score(study, tmp_path):
    import_score_file(study, write_scores(tmp_path, "both,Ann,TCC,3,1,2026-01-01T10:00:00Z,4"))
    assert not Score.objects.get().complete
    other_rows = [row for row in make_score_rows("both", "Ann", tail="1,2026-01-02T10:00:00Z,3") if "TCC" not in row]
    assert line_counts(import_score_file(study, write_scores(tmp_path, *other_rows))) == (3, 0, 0, 0)
    score = Score.objects.get()
    assert (score.complete, score.at.day, score.seconds) == (True, 2, 4)
    assert score.ratings.count() == 4


def test_a_score_is_complete_when_all_is_there_that_people_score(study, tmp_path):
    import_score_file(study, write_scores(tmp_path, "text,Ann,TCC,3,1,,"))
    assert Score.objects.get().complete


def test_a_value_that_is_so_by_rule_is_accepted_and_not_stored(study, tmp_path):
    report = import_score_file(
        study, write_scores(tmp_path, "text,Ann,TCC,3,1,,", "text,Ann,ICC,0,1,,", "text,Ann,IQ,2,1,,")
    )
    assert line_counts(report) == (1, 0, 1, 1)
    assert rejected_lines(report) == [(4, "value")]
    assert "by rule" in next(iter(report.errors)).message
    assert Rating.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("nowhere,Ann,TCC,3,1,,", "sample"),
        ("both,Ann,XXX,3,1,,", "dimension"),
        ("both,Ann,TCC,2.5,1,,", "value"),
        ("both,Ann,TCC,99,1,,", "value"),
        ("both,Ann,TCC,-3,1,,", "value"),
        ("both,Ann,TCC,abc,1,,", "value"),
        ("both,Ann,TCC,,1,,", "value"),
        ("both,,TCC,3,1,,", "annotator"),
        ("both,Ann,TCC,3,0,,", "round"),
        ("both,Ann,TCC,3,1,soon,", "at"),
        ("both,Ann,TCC,3,1,,-1", "seconds"),
        ("both,Ann,TCC,3", ""),
    ],
)
def test_a_faulty_line_is_named_and_the_others_are_kept(study, tmp_path, row, field):
    report = import_score_file(study, write_scores(tmp_path, "both,Ben,TCC,3,1,,", row, "both,Cho,TCC,3,1,,"))
    assert rejected_lines(report) == [(3, field)]
    assert Rating.objects.count() == 2


def test_a_file_without_the_columns_is_refused_as_a_whole(study, tmp_path):
    path = tmp_path / "scores.csv"
    path.write_text("id,who,what\nboth,Ann,3\n")
    report = import_score_file(study, path)
    assert rejected_lines(report) == [(1, "sample")]


def test_levels_may_be_fractions(tmp_path):
    study = make_study(rubric=make_rubric("half", levels=(0, 0.5, 1)))
    make_sample(study, external_id="a")
    rows = ["a,Ann,TCC,0.5,1,,", "a,Ben,TCC,.5,1,,", "a,Cho,TCC,1.0,1,,", "a,Rae,TCC,0.25,1,,"]
    assert line_counts(import_score_file(study, write_scores(tmp_path, *rows))) == (3, 0, 0, 1)


def test_a_dry_run_tells_the_same_and_stores_nothing(study, tmp_path):
    import_score_file(study, write_scores(tmp_path, "both,Ann,TCC,3,1,,"))
    path = write_scores(
        tmp_path, *make_score_rows("both", "Ann", 4), "other,New,TCC,1,1,,", "other,New,TCC,1,1,,", "x,y,z,1,1,,"
    )
    before = read_rows()
    dry = import_score_file(study, path, dry_run=True, complete=True)
    assert read_rows() == before
    real = import_score_file(study, path)
    assert line_counts(real) == line_counts(dry) == (4, 0, 0, 3)
    assert list(real.errors) == list(dry.errors)


class TestBesideScoringHere:
    def test_what_ann_gave_here_is_never_added_to(self, study, tmp_path):
        make_member(study, "ann")
        (work,) = leasing.lease_samples(by=make_user("ann"), slug=study.slug).assignments
        sample = Sample.objects.get(public_id=work.sample.public_id)
        rows = [f"{sample.external_id},Ann,TCC,3,2,,"]
        assert rejected_lines(import_score_file(study, write_scores(tmp_path, *rows))) == [(2, "annotator")]
        ratings = {key: 4.0 for key in ALL if key not in work.sample.locked}
        submitting.submit_score(
            by=make_user("ann"),
            assignment_id=work.public_id,
            client_key=uuid4(),
            ratings=ratings,
            notes={},
            seconds=None,
        )
        assert rejected_lines(import_score_file(study, write_scores(tmp_path, *rows))) == [(2, "annotator")]
        assert Score.objects.count() == 1

    def test_imported_scores_take_no_slot_and_decide_nothing(self, study, tmp_path):
        rows = [row for who in ("Ann", "Ben", "Cho") for row in make_score_rows("both", who)]
        import_score_file(study, write_scores(tmp_path, *rows))
        sample = Sample.objects.get(external_id="both")
        assert (sample.state, sample.stage, sample.scores_in) == ("waiting", 1, 0)
        assert not Assignment.objects.exists()

    def test_once_complete_they_close_what_has_enough_of_them(self, study, tmp_path):
        rows = [row for who in ("Ann", "Ben", "Cho", "Rae") for row in make_score_rows("both", who)]
        rows += [row for who in ("Ann", "Ben") for row in make_score_rows("other", who)]
        rows += ["other,Cho,TCC,3,1,,", "nowhere,Ann,TCC,1,1,,"]
        path = write_scores(tmp_path, *rows)
        import_score_file(study, path, complete=True)
        both, other = Sample.objects.exclude(external_id="text").order_by("external_id")
        assert (both.state, both.stage, both.scores_in, both.scores_needed) == ("agreed", 0, 4, 4)
        assert both.counts_imported
        assert both.protocol == study.protocols.get()
        assert (other.state, other.stage, other.scores_in) == ("waiting", 1, 0)
        assert HistoryEntry.objects.get(event="scores_complete").detail == {"samples": 1}
        assert HistoryEntry.objects.filter(sample=both, event="scores_completed").count() == 1
        import_score_file(study, path, complete=True)
        assert HistoryEntry.objects.filter(event="scores_completed").count() == 1


def test_a_closed_study_takes_no_scores(study, tmp_path):
    study.state = "closed"
    with pytest.raises(WrongState):
        import_score_file(study, write_scores(tmp_path, "both,Ann,TCC,3,1,,"))


def test_only_who_leads_the_study_imports_into_it(study, tmp_path):
    make_member(study, "ann")
    make_member(study, "ada", "admin")
    path = write_scores(tmp_path, "both,Ann,TCC,3,1,,")
    with pytest.raises(NotFound):
        import_scores(by=make_user("sam"), study=study, path=path)
    with pytest.raises(NotAllowed):
        import_scores(by=make_user("ann"), study=study, path=path)
    assert import_scores(by=make_user("ada"), study=study, path=path).created == 1
