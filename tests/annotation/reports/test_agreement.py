"""Which ratings of a study count for its figures, and how they are grouped."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from annotation.discussions import moderating, participating
from annotation.discussions.participating import StanceReason
from annotation.models import Discussion, FinalScore, Member, Post, Sample, Study
from annotation.reports import agreement
from annotation.reports.annotators import annotator_rows
from annotation.reports.ratings import read_ratings
from annotation.reports.stance_changes import read_stance_changes
from annotation.statistics import undefined_reasons
from annotation.suggestions.arms import SuggestionArm
from tests.factories import make_discussion, make_member, make_rubric, make_sample, make_study, make_user

from .rating_rows import annotator, rate, rated_sample, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study()


def rows(study, by=None, *, level="ordinal", **options):
    """Return the rows of a study by group and dimension, members by name."""
    names = dict(Member.objects.filter(study=study).values_list("pk", "name"))
    found = agreement.agreement_rows(read_ratings(study), by=by, names=names, measurements=(level,), **options)[level]
    json.dumps(found, allow_nan=False)
    return {(*row["group"].values(), row["dimension"]): row for row in found}


def test_a_study_without_ratings_has_a_row_for_each_dimension_that_says_so(study):
    make_sample(study)
    found = rows(study)
    assert list(found) == [("TCC",), ("ICC",), ("IQ",), ("ITS",)]
    assert {(row["alpha"], row["undefined"], row["ratings"]) for row in found.values()} == {
        (None, undefined_reasons.NO_RATINGS, 0)
    }
    assert rows(study, "generator") == {}


def test_an_alpha_comes_from_the_database_as_it_was_written_by_hand(study):
    for ann, ben in ((1, 1), (2, 3), (5, 5), (4, 4), (0, 1)):
        rated_sample(study, Ann=ann, Ben=ben)
    found = rows(study, level="nominal")[("TCC",)]
    # 10 values: 0 once, 1 three times, 2 and 3 once, 4 and 5 twice; two of five pairs differ.
    expected = (10 * 10 - (1 + 9 + 1 + 1 + 4 + 4)) / 9
    assert found["alpha"] == pytest.approx(1 - 4 / expected)
    assert (found["samples"], found["ratings"], found["annotators"], found["exact"]) == (5, 10, 2, 0.6)
    assert found["kappa"][0]["pair"] == ["Ann", "Ben"]


def test_only_independent_standing_ratings_count(study):
    for ann, ben in ((1, 2), (3, 3), (4, 5)):
        rated_sample(study, Ann=ann, Ben=ben)
    before = rows(study)
    one = Sample.objects.filter(study=study).first()
    now = datetime(2026, 3, 1, tzinfo=UTC)
    rate(one, "Cho", {"TCC": 5}, voided_at=now)
    rate(one, "Ann", {"TCC": 2}, round=2)
    case = Discussion.objects.create(
        study=study, sample=one, number=1, because="scores", spread=1, opened_at=now, state="closed", closed_at=now
    )
    rate(one, "Ben", {"TCC": 2}, round=2, origin="signed", discussion=case)
    rated_sample(study, state="withdrawn", Ann=0, Ben=5)
    rated_sample(make_study("another"), Ann=0, Ben=5)
    assert rows(study) == before
    rated_sample(study, Ann=0, Ben=5)
    assert rows(study) != before


def test_dimensions_that_a_missing_side_decides_are_left_out(study):
    rated = {"TCC": 3, "ICC": 0, "IQ": 0, "ITS": 0}
    for number in range(4):
        illustrated, text_only, picture_only = (
            make_sample(study, pictures=["red"]),
            make_sample(study),
            make_sample(study, None, ["red"]),
        )
        for name in ("Ann", "Ben"):
            rate(illustrated, name, {"TCC": number, "ICC": number, "IQ": number, "ITS": number})
            rate(text_only, name, rated)
            rate(picture_only, name, rated)
    found = rows(study)
    assert {key: row["samples"] for (key,), row in found.items()} == {"TCC": 8, "ICC": 8, "IQ": 8, "ITS": 4}


def test_samples_are_grouped_by_generator_or_domain(study):
    for number in range(4):
        rated_sample(study, generator="model-b", domain="rivers", Ann=number, Ben=number)
        rated_sample(study, generator="model-a", Ann=number, Ben=3 - number)
    rated_sample(study, generator="model-c", domain="rivers", Ann=3)
    make_sample(study, generator="model-d")
    found = rows(study, "generator")
    assert [key for key in found if key[1] == "TCC"] == [("model-a", "TCC"), ("model-b", "TCC"), ("model-c", "TCC")]
    assert found["model-b", "TCC"]["alpha"] == 1
    assert found["model-a", "TCC"]["alpha"] < 0
    assert found["model-c", "TCC"]["undefined"] == undefined_reasons.ONE_ANNOTATOR
    assert found["model-b", "ITS"]["undefined"] == undefined_reasons.NO_RATINGS
    assert found["model-b", "TCC"]["group"] == {"generator": "model-b"}
    found = rows(study, "domain")
    assert [key for key in found if key[1] == "TCC"] == [("", "TCC"), ("rivers", "TCC")]
    assert (found["rivers", "TCC"]["samples"], found["", "TCC"]["samples"]) == (5, 4)


def test_a_study_that_names_no_domains_has_no_groups_of_it(study):
    rated_sample(study, Ann=1, Ben=2)
    assert rows(study, "domain") == {}


def test_the_largest_groups_are_kept_where_there_are_too_many(study):
    for generator, times in (("small", 1), ("large", 3), ("middle", 2)):
        for _ in range(times):
            rated_sample(study, generator=generator, Ann=1, Ben=2)
    found = rows(study, "generator", most_groups=2)
    assert [key for key in found if key[1] == "TCC"] == [("large", "TCC"), ("middle", "TCC")]


def test_levels_are_taken_by_their_values():
    study = make_study(rubric=make_rubric("halves", levels=(1, 1.5, 2, 4)))
    rated_sample(study, Ann=1, Ben=1.5)
    rated_sample(study, Ann=1, Ben=2)
    rated_sample(study, Ann=1.5, Ben=4)
    found = rows(study)["TCC",]
    assert found["mad"] == pytest.approx((0.5 + 1 + 2.5) / 3)
    assert found["within_one"] == pytest.approx(2 / 3)
    assert found["range_two"] == 1


def test_how_people_score_is_told_per_dimension_with_their_weeks(study):
    at = datetime(2026, 10, 28, 12, tzinfo=UTC)
    for number in range(3):
        sample = make_sample(study)
        rate(sample, "Ann", {"TCC": number}, seconds=10 + number, at=at)
        rate(sample, "Ben", {"TCC": number + 1})
    ids = {name: annotator(study, name).pk for name in ("Ann", "Ben")}
    people = annotator_rows(read_ratings(study), names={pk: name for name, pk in ids.items()})
    json.dumps(people, allow_nan=False)
    ann, ben = people
    assert (ann["member"], ann["dimension"], ann["n"], ann["bias"], ann["seconds"]) == ("Ann", "TCC", 3, -1, 11)
    assert [(week["week"], week["n"], week["bias"]) for week in ann["weeks"]] == [("2026-W44", 3, -1)]
    assert (ben["member"], ben["bias"], ben["seconds"], ben["weeks"]) == ("Ben", 1, None, [])


def moved(study):
    names = dict(Member.objects.filter(study=study).values_list("pk", "user__username"))
    return read_stance_changes(study, names=names)


def test_what_discussions_moved_is_told_once_they_are_over(study):
    case = make_discussion(study)
    assert moved(study) == {"moved": [], "pairwise": []}
    settle(case, ann=4, ben=4, cho=4)
    participant = case.participants.get(number=1)
    stance = participant.stances.get()
    Post.objects.create(
        discussion=case,
        participant=participant,
        dimension=stance.dimension,
        kind="move",
        before=stance.first,
        level=stance.level,
        reason="convinced",
        client_key=uuid4(),
        at=case.opened_at,
    )
    found = moved(study)
    (its,) = found["moved"]
    assert (its["dimension"], its["cases"], its["stances"], its["moved"], its["up"]) == ("ITS", 1, 3, 1, 1)
    assert its["towards"]["majority"] == 1
    assert its["reasons"] == {"convinced": 1}
    assert found["pairwise"] == [
        {"from": "ann", "to": "ben", "n": 1, "of": 1},
        {"from": "ann", "to": "cho", "n": 1, "of": 1},
    ]


def test_what_an_admin_overrode_is_counted_apart(study):
    case = make_discussion(study)
    settle(case, ann=2, ben=4, cho=4)
    dimension = case.topics.get().dimension
    FinalScore.objects.create(
        sample=case.sample,
        dimension=dimension,
        level=dimension.levels.first(),
        outcome="overridden",
        discussion=case,
        reason="They will not come to an end.",
    )
    (its,) = moved(study)["moved"]
    assert (its["cases"], its["stances"], its["share"], its["overridden"]) == (0, 0, None, 1)


def test_discussions_of_other_studies_and_of_withdrawn_samples_do_not_count(study):
    settle(make_discussion(make_study("another")), ann=4, ben=4, cho=4)
    case = make_discussion(study)
    settle(case, ann=4, ben=4, cho=4)
    Sample.objects.filter(pk=case.sample_id).update(state="withdrawn")
    assert moved(study) == {"moved": [], "pairwise": []}


def test_discussions_held_through_the_services_are_told(study):
    make_member(study, "ada", "admin")
    settled, overridden = make_discussion(study), make_discussion(study)
    for case in (settled, overridden):
        for who in ("ann", "ben", "cho"):
            participating.give_reasons(
                by=make_user(who),
                discussion_id=case.public_id,
                client_key=uuid4(),
                reasons={"ITS": StanceReason(text="Because.")},
            )
    participating.take_stances(
        by=make_user("ann"),
        discussion_id=settled.public_id,
        client_key=uuid4(),
        stances={"ITS": 4},
        reasons={"ITS": StanceReason(code="convinced")},
    )
    moderating.override_topics(
        by=make_user("ada"), discussion_id=overridden.public_id, values={"ITS": 3}, reason="They are right, both."
    )
    before = rows(study)["ITS",]
    (its,) = moved(study)["moved"]
    assert (its["cases"], its["stances"], its["moved"], its["overridden"]) == (1, 3, 1, 1)
    assert its["reasons"] == {"convinced": 1}
    # What they signed is no independent rating.
    assert (before["ratings"], before["exact"]) == (6, pytest.approx(1 / 3))


def test_values_that_a_judge_gave_first_do_not_count_and_own_ones_locked_before_it_spoke_do(study):
    for ann, ben in ((1, 2), (3, 3), (4, 5)):
        rated_sample(study, Ann=ann, Ben=ben)
    before = rows(study)[("TCC",)]
    for sample in Sample.objects.filter(study=study):
        rate(sample, "Cho", {"TCC": 5}, arm=SuggestionArm.PREFILLED)
    assert rows(study)[("TCC",)] == before
    material = read_ratings(study)
    names = dict(Member.objects.filter(study=study).values_list("pk", "name"))
    assert {row["member"] for row in annotator_rows(material, names=names)} == {"Ann", "Ben"}
    for sample in Sample.objects.filter(study=study):
        rate(sample, "Dan", {"TCC": 5}, arm=SuggestionArm.DELAYED)
    assert rows(study)[("TCC",)]["ratings"] == before["ratings"] + 3
