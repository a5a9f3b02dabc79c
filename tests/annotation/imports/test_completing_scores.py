"""Imported scores that are declared complete decide as those given here do.

The number of statements does not grow with them.
"""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotation.core.rubric_cache import load_rubric
from annotation.imports.completing_scores import complete_scores
from annotation.models import Discussion, FinalScore, HistoryEntry, Participant, Protocol, Rating, Sample, Score, Stance
from annotation.models.rubrics import level_id
from annotation.scoring import deciding, leasing
from annotation.scoring import deciding_sql as sql
from tests.annotation.scoring.score_rows import ALL, discussion_of, finals, same, score, state_of
from tests.factories import make_member, make_sample, make_study, make_user

from .importing import import_sample_file, import_score_file, sample_line, write_picture, write_samples, write_scores

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    study = make_study(k=2)
    write_picture(tmp_path / "a.png")
    import_sample_file(
        study,
        write_samples(
            tmp_path, sample_line("one", image="a.png"), sample_line("two", image="a.png"), sample_line("text")
        ),
    )
    return study


def make_score_rows(sample, annotator, **values):
    return [f"{sample},{annotator},{dimension},{value},1,," for dimension, value in values.items()]


def get_sample(name):
    return Sample.objects.get(external_id=name)


def test_what_agrees_is_agreed_and_what_differs_is_discussed_by_people_without_a_login(study, tmp_path):
    table = [*make_score_rows("one", "Ann", **same(4)), *make_score_rows("one", "Ben", **same(4))]
    table += [
        *make_score_rows("two", "Ann", **same(4)),
        *make_score_rows("two", "Ben", **same(4, IQ=2)),
        *make_score_rows("two", "Cho", **same(4)),
    ]
    table += [*make_score_rows("text", "Ann", TCC=1), *make_score_rows("text", "Ben", TCC=1)]
    import_score_file(study, write_scores(tmp_path, *table), complete=True)
    one, two, text = get_sample("one"), get_sample("two"), get_sample("text")
    assert (state_of(one), finals(one)) == ("agreed", dict.fromkeys(ALL, (4, "unanimous")))
    assert finals(text) == {"TCC": (1, "unanimous")} | dict.fromkeys(("ICC", "IQ", "ITS"), (0, "by_rule"))
    assert set(FinalScore.objects.values_list("label_origin", flat=True)) == {"imported"}
    assert state_of(two) == "in_discussion"
    people = Participant.objects.filter(discussion=discussion_of(two))
    assert sorted(people.values_list("member__name", "member__user")) == [("Ann", None), ("Ben", None), ("Cho", None)]
    assert Stance.objects.count() == 3
    (entry,) = HistoryEntry.objects.filter(event="disputed")
    assert (entry.member, entry.user, entry.detail["dimensions"]) == (None, None, ["IQ"])


def test_without_the_word_that_they_are_complete_they_decide_nothing(study, tmp_path):
    table = [*make_score_rows("one", "Ann", **same(4)), *make_score_rows("one", "Ben", **same(4))]
    import_score_file(study, write_scores(tmp_path, *table))
    assert deciding.decide_undecided(study=study) == 0
    assert state_of(get_sample("one")) == "waiting"


def test_imported_scores_of_a_sample_that_was_opened_here_are_not_among_those_that_decide(study, tmp_path):
    Sample.objects.exclude(external_id="one").delete()
    score(study, "cho", same(4))
    table = [*make_score_rows("one", "Ann", **same(1)), *make_score_rows("one", "Ben", **same(1))]
    import_score_file(study, write_scores(tmp_path, *table), complete=True)
    assert state_of(get_sample("one")) == "scoring"
    score(study, "dan", same(4))
    assert finals(get_sample("one")) == dict.fromkeys(ALL, (4, "unanimous"))
    assert set(FinalScore.objects.values_list("label_origin", flat=True)) == {"blind"}


def test_a_high_rated_import_is_reviewed_by_somebody_here(study, tmp_path):
    Protocol.objects.update(cross_review="all")
    Sample.objects.exclude(external_id="one").delete()
    make_member(study, make_user("ann"))
    table = [*make_score_rows("one", "Ann", **same(4)), *make_score_rows("one", "Ben", **same(4))]
    import_score_file(study, write_scores(tmp_path, *table), complete=True)
    assert (state_of(get_sample("one")), get_sample("one").free_slots) == ("in_review", 0b100)
    assert not leasing.lease_samples(by=make_user("ann"), slug=study.slug).assignments
    score(study, "cho", same(4))
    assert finals(get_sample("one")) == dict.fromkeys(ALL, (4, "reviewed"))
    assert set(FinalScore.objects.values_list("label_origin", flat=True)) == {"imported"}


def test_a_run_that_was_cut_short_goes_on_where_it_stopped(study, tmp_path, monkeypatch):
    monkeypatch.setattr(deciding, "BATCH", 1)
    table = [row for name in ("one", "two") for who in ("Ann", "Ben") for row in make_score_rows(name, who, **same(4))]

    def stop(done, total, activity):
        if activity == "Deciding samples":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_score_file(study, write_scores(tmp_path, *table), complete=True, progress=stop)
    assert sorted(Sample.objects.exclude(external_id="text").values_list("state", flat=True)) == ["agreed", "scoring"]
    assert complete_scores(by=None, study=study) == 0
    assert set(Sample.objects.exclude(external_id="text").values_list("state", flat=True)) == {"agreed"}


def undecided(slug, count, k=3):
    """Return a study whose differing scores are declared complete and undecided."""
    study = make_study(slug, k=k)
    study.rubric.frozen_at = timezone.now()
    study.rubric.save()
    members = [make_member(study, None) for _ in range(k)]
    dimensions = list(study.rubric.dimensions.all())
    protocol = study.protocols.get()
    standing = {"state": "scoring", "stage": 0, "scores_in": k, "scores_needed": k, "counts_imported": True}
    for _ in range(count):
        sample = make_sample(study, pictures=["red"], protocol=protocol, **standing)
        for place, member in enumerate(members):
            one = Score.objects.create(sample=sample, member=member, origin="imported")
            for dimension in dimensions:
                one.ratings.create(dimension=dimension, level_id=level_id(dimension.pk, place))
    return study


def test_a_dozen_are_decided_in_as_few_statements_as_one():
    counted = []
    for study in (undecided("one", 1), undecided("dozen", 12)):
        load_rubric(study.rubric_id)
        with CaptureQueriesContext(connection) as context:
            deciding.decide_undecided(study=study)
        counted.append(len(context))
        assert set(Sample.objects.filter(study=study).values_list("state", flat=True)) == {"in_discussion"}
    assert Discussion.objects.count() == 13
    assert counted[0] == counted[1]


def test_a_study_with_more_than_a_statement_holds_is_decided_to_the_last(monkeypatch):
    monkeypatch.setattr(sql, "MOST_PARAMETERS", 40)
    study = undecided("many", 9)
    seen = []
    decided = deciding.decide_undecided(study=study, progress=lambda *told: seen.append(told))
    assert (decided, seen) == (9, [(9, 9, "Deciding samples")])
    assert Stance.objects.count() == 9 * 3 * 4
    for sample in Sample.objects.filter(study=study):
        ours = Stance.objects.filter(participant__discussion=discussion_of(sample))
        firsts = {(one.participant.member_id, one.dimension_id): one.first_id for one in ours}
        given = Rating.objects.filter(score__sample=sample)
        assert firsts == {(one.score.member_id, one.dimension_id): one.level_id for one in given}


def test_no_more_are_decided_than_asked_for():
    study = undecided("some", 5)
    assert deciding.decide_undecided(limit=2) == 2
    assert Sample.objects.filter(study=study, state="scoring").count() == 3
