"""Tests what is frozen of each sample, and that a release is complete or absent."""

import hashlib
import json
from typing import Any

import pytest
from django.core.files.storage import default_storage

from annotation.core.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.models import HistoryEntry, Protocol, Question, Release, ReleaseEntry, Sample, Study
from annotation.releases import creating
from annotation.releases.creating import create_release
from annotation.releases.request import ReleaseRequest
from annotation.suggestions.arms import SuggestionArm
from tests.factories import make_member, make_rubric, make_sample, make_study, make_user

from .release_rows import GOOD, make_agreed_sample, make_score, read_frozen_records, release_study, set_final_scores

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study("birds", k=2)


# --- what is frozen -----------------------------------------------------------------------------------------------


def test_a_release_holds_the_agreed_samples_and_no_others(study: Study) -> None:
    for name in ("a", "b", "c"):
        make_agreed_sample(study, name)
    make_sample(study, external_id="still open")
    make_agreed_sample(make_study("fishes"), "of another study")
    Sample.objects.filter(external_id="c").update(state="withdrawn")
    release = release_study(study)
    assert set(read_frozen_records(release)) == {"a", "b"}
    assert (release.number, release.name, release.about["samples"]) == (1, "v1", 2)
    assert ReleaseEntry.objects.filter(release=release).count() == 2


def test_a_record_says_what_was_agreed_and_what_people_had_said_before(study: Study) -> None:
    ann, ben = make_member(study, "ann"), make_member(study, "ben")
    sample = make_agreed_sample(
        study,
        "a",
        {"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 1},
        outcome="unanimous",
        scores={ann: {"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 0}, ben: {"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 3}},
        generator="generator-x",
        domain="nature",
        metadata={"batch": 7},
    )
    make_agreed_sample(study, "b")
    make_score(sample, ann, {"ITS": 1}, round=2)
    record = read_frozen_records(release_study(study))["a"]
    assert record["final"] == {"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 1}
    assert record["histogram"]["ITS"] == [1, 0, 0, 1, 0, 0]
    assert record["histogram"]["TCC"] == [0, 0, 0, 0, 2, 0]
    assert record["mean"] == {"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 1.5}
    assert record["outcome"] == dict.fromkeys(GOOD, "unanimous")
    assert (record["annotators"], record["label_origin"]) == (2, "blind")
    assert (record["generator"], record["domain"], record["metadata"]) == ("generator-x", "nature", {"batch": 7})
    assert [(one["dimension"], one["value"], one["round"]) for one in record["ratings"]][-1] == ("ITS", 1, 2)
    assert len(record["ratings"]) == 9
    (picture,) = record["pictures"]
    assert picture["storage"].startswith("full/")
    assert picture["name"] == f"images/{picture['sha256'][:32]}.png"
    assert record["turns"][0]["blocks"] == [{"text": "The answer a."}, {"picture": 0}]


def test_an_undone_score_counts_for_nothing(study: Study) -> None:
    ann = make_member(study, "ann")
    sample = make_agreed_sample(study, "a")
    make_agreed_sample(study, "b")
    score = make_score(sample, ann, GOOD)
    score.voided_at = score.at
    score.save()
    record = read_frozen_records(release_study(study))["a"]
    assert record["annotators"] == 0
    assert record["ratings"] == []
    assert record["mean"]["TCC"] is None
    assert sum(record["histogram"]["TCC"]) == 0


def test_a_dimension_that_is_not_applicable_has_no_value_and_says_that_the_rule_set_it() -> None:
    study = make_study("birds", rubric=make_rubric("optional", missing=None))
    sample = make_agreed_sample(study, "a", {"TCC": 4}, pictures=())
    for dimension in study.rubric.dimensions.exclude(key="TCC"):
        sample.final_scores.create(dimension=dimension, level=None, outcome="by_rule")
    make_agreed_sample(study, "b")
    record = read_frozen_records(release_study(study))["a"]
    assert record["final"] == {"TCC": 4, "ICC": None, "IQ": None, "ITS": None}
    assert record["outcome"] == {"TCC": "unanimous", "ICC": "by_rule", "IQ": "by_rule", "ITS": "by_rule"}


def test_the_least_independent_value_names_the_origin_of_the_label(study: Study) -> None:
    sample = make_agreed_sample(study, "a")
    make_agreed_sample(study, "b", outcome="imported")
    sample.final_scores.filter(dimension__key="IQ").update(label_origin="prefilled")
    found = read_frozen_records(release_study(study))
    assert found["a"]["label_origin"] == "prefilled"
    assert found["b"]["label_origin"] == "imported"


def test_only_ratings_that_owe_nothing_to_a_judge_are_counted(study: Study) -> None:
    ann, ben, cho = (make_member(study, name) for name in ("ann", "ben", "cho"))
    sample = make_agreed_sample(study, "a", scores={ann: GOOD | {"ITS": 1}})
    make_score(sample, ben, GOOD | {"ITS": 5}, slot=2, arm=SuggestionArm.PREFILLED)
    make_score(sample, cho, GOOD | {"ITS": 4}, slot=3, arm=SuggestionArm.DELAYED)
    make_agreed_sample(study, "b")
    record = read_frozen_records(release_study(study))["a"]
    assert record["histogram"]["ITS"] == [0, 1, 0, 0, 0, 0]
    assert (record["mean"]["ITS"], record["annotators"]) == (1, 1)
    # What each of them said is there all the same.
    assert {one["value"] for one in record["ratings"] if one["dimension"] == "ITS"} == {1, 4, 5}


def test_that_some_values_were_imported_does_not_hide_that_others_met_a_judge(study: Study) -> None:
    sample = make_agreed_sample(study, "a", outcome="imported")
    make_agreed_sample(study, "b")
    sample.final_scores.filter(dimension__key="IQ").update(label_origin="mixed")
    assert read_frozen_records(release_study(study))["a"]["label_origin"] == "mixed"


def test_annotators_have_pseudonyms_that_are_drawn_anew_for_each_release(study: Study) -> None:
    people = [make_member(study, name) for name in ("ann", "ben", "cho", "dan", "eve", "fay", "gil", "hal")]
    for number in range(8):
        make_agreed_sample(study, f"s{number}", scores=dict.fromkeys(people[:2], GOOD) | {people[number]: GOOD})
    seen = []
    for name in ("one", "two", "three", "four"):
        release = release_study(study, name)
        frozen = default_storage.open(release.frozen).read().decode()
        assert not any(person.name in frozen or person.public_id in frozen for person in people)
        assert release.about["annotators"] == 8
        seen.append(tuple(r["annotator"] for r in read_frozen_records(release)["s7"]["ratings"]))
    assert len(set(seen)) > 1


# --- whole or not at all ------------------------------------------------------------------------------------------


def test_releases_are_numbered_and_earlier_ones_stay_as_they_are(study: Study) -> None:
    sample = make_agreed_sample(study, "a")
    make_agreed_sample(study, "b")
    first = release_study(study, "pilot")
    before = default_storage.open(first.frozen).read()
    set_final_scores(sample, {**GOOD, "IQ": 0}, outcome="imported", version=2)
    second = release_study(study, "v1")
    assert (first.number, second.number) == (1, 2)
    assert default_storage.open(first.frozen).read() == before
    assert hashlib.sha256(before).hexdigest() == first.frozen_sha256
    assert read_frozen_records(first)["a"]["final"]["IQ"] == 5
    assert read_frozen_records(second)["a"]["final"]["IQ"] == 0


def test_a_release_that_fails_at_the_last_step_leaves_nothing(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    make_agreed_sample(study, "a")
    make_agreed_sample(study, "b")

    def fail(release: Release) -> None:
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        create_release(
            by=None, study=study, request=ReleaseRequest(name="v1", test_count=1), claim=fail, public_id="bcdfghjkmnpq"
        )
    assert not Release.objects.exists()
    assert not ReleaseEntry.objects.exists()
    assert not Question.objects.exclude(part="").exists()
    assert not HistoryEntry.objects.filter(event="release_made").exists()
    assert default_storage.listdir("releases/bcdfghjkmnpq")[1] == []


def test_a_release_that_another_one_overtook_is_made_again_with_its_parts(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        make_agreed_sample(study, f"s{number}")
    original = creating.store_file
    rivals: list[Release] = []

    def late(path: Any, name: str) -> str:
        if not rivals:
            rivals.append(Release())
            rivals[0] = release_study(study, "the rival", seed=7)
        return original(path, name)

    monkeypatch.setattr(creating, "store_file", late)
    release = release_study(study, "v1")
    assert (rivals[0].number, release.number) == (1, 2)
    assert {k: r["part"] for k, r in read_frozen_records(release).items()} == {
        k: r["part"] for k, r in read_frozen_records(rivals[0]).items()
    }
    assert release.about["met"]["sticky"] == {"train": 5, "test": 5, "moved": 0}


def test_the_history_says_who_made_it(study: Study) -> None:
    ada = make_user("ada")
    make_member(study, ada, "admin")
    make_agreed_sample(study, "a")
    make_agreed_sample(study, "b")
    release = create_release(by=ada, study=study, request=ReleaseRequest(name="v1", test_count=1))
    entry = HistoryEntry.objects.get(event="release_made")
    assert entry.user == ada
    assert entry.detail["release"] == release.public_id
    assert entry.detail["parts"] == {"train": {"samples": 1, "questions": 1}, "test": {"samples": 1, "questions": 1}}


def test_only_admins_make_releases(study: Study) -> None:
    make_agreed_sample(study, "a")
    make_agreed_sample(study, "b")
    for role in ("annotator", "researcher"):
        make_member(study, role, role)
        with pytest.raises(NotAllowed):
            create_release(by=make_user(role), study=study, request=ReleaseRequest(name="v1", test_count=1))
    with pytest.raises(NotFound):
        create_release(by=make_user("sam"), study=study, request=ReleaseRequest(name="v1", test_count=1))


# --- what cannot be -----------------------------------------------------------------------------------------------


def test_without_an_agreed_sample_there_is_nothing_to_release(study: Study) -> None:
    make_sample(study)
    with pytest.raises(WrongState, match="No sample of this study is agreed yet"):
        release_study(study)


def test_an_empty_part_is_refused(study: Study) -> None:
    make_agreed_sample(study, "a")
    with pytest.raises(BadInput):
        release_study(study)
    make_agreed_sample(study, "b", question="Why a?")
    with pytest.raises(BadInput) as refused:
        release_study(study, test_count=1)
    assert "test_count" in refused.value.fields
    assert not Release.objects.exists()


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "two\nlines"}),
        ("name", {"name": "x" * 121}),
        ("test_share", {"test_share": 0.0}),
        ("test_share", {"test_share": 1.0}),
        ("test_count", {"test_count": 0}),
        ("test_count", {"test_share": 0.2, "test_count": 4}),
        ("seed", {"seed": -1}),
        ("calibration_share", {"calibration_share": 1.0}),
    ],
)
def test_what_cannot_be_asked_for_is_named(study: Study, field: str, wanted: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refused:
        create_release(by=None, study=study, request=ReleaseRequest(**{"name": "v1", **wanted}))
    assert set(refused.value.fields) == {field}


# --- figures ------------------------------------------------------------------------------------------------------


def test_the_figures_say_what_is_agreed_open_and_overridden_per_generator(study: Study) -> None:
    ada = make_member(study, "ada", "admin")
    make_agreed_sample(study, "a", generator="x")
    make_agreed_sample(study, "b", generator="x", outcome="imported")
    make_agreed_sample(study, "c", generator="y")
    make_sample(study, generator="y")
    make_sample(study, generator="z", state="withdrawn")
    about = release_study(study).about
    assert about["generators"] == [
        {"generator": "x", "samples": 2, "released": 2, "open": 0, "overridden": 0},
        {"generator": "y", "samples": 2, "released": 1, "open": 1, "overridden": 0},
    ]
    assert about["outcomes"]["TCC"] == {"unanimous": 2, "imported": 1}
    assert about["label_origins"] == {"blind": 2, "imported": 1}
    assert about["protocol"]["annotators_per_sample"] == 2
    assert (about["protocol"]["suggestions"], about["protocol"]["blind_share"]) == ("none", None)
    Protocol.objects.filter(study=study).update(suggestions="delayed", blind_share=0.4, work_order="disputed")
    again = release_study(study).about["protocol"]
    assert (again["suggestions"], again["blind_share"], again["work_order"]) == ("delayed", 0.4, "disputed")
    assert about["requested"]["seed"] == 42
    assert ada.pk


def test_agreement_of_a_release_is_that_of_the_same_ratings_by_the_study(study: Study) -> None:
    from annotation.reports import agreement
    from annotation.reports.ratings import read_ratings

    people = [make_member(study, name) for name in ("ann", "ben", "cho")]
    given = [(4, 4, 5), (1, 2, 1), (0, 3, 3), (5, 5, 5), (2, 2, 0), (3, 4, 4), (1, 1, 2)]
    for number, values in enumerate(given):
        make_agreed_sample(
            study,
            f"s{number}",
            scores={person: {**GOOD, "ITS": value} for person, value in zip(people, values, strict=True)},
        )
    rows = {row["dimension"]: row for row in release_study(study).about["agreement"]["rows"]}
    material = read_ratings(study)
    names = {person.pk: person.name for person in people}
    expected = {
        row["dimension"]: row
        for row in agreement.agreement_rows(material, by=None, names=names, measurements=("ordinal",))["ordinal"]
    }
    for key in ("alpha", "undefined", "samples", "ratings", "exact", "within_one", "mad", "interval"):
        assert rows["ITS"][key] == pytest.approx(expected["ITS"][key]), key
    assert rows["TCC"]["alpha"] is None
    assert rows["TCC"]["undefined"] == expected["TCC"]["undefined"]


def test_a_frozen_file_is_json_lines_that_anybody_can_read(study: Study) -> None:
    make_agreed_sample(study, "a", metadata={"said": "“früh”\u2028 next"})
    make_agreed_sample(study, "b")
    release = release_study(study)
    lines = default_storage.open(release.frozen).read().decode().removesuffix("\n").split("\n")
    assert [json.loads(line)["id"] for line in lines] == ["a", "b"]
