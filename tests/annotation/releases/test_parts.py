"""Tests the parts of questions: lasting, from the test pool alone, reproducible by seed."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotation.core.errors import BadInput, NotAllowed, WrongState
from annotation.models import HistoryEntry, Question, ReservedPool, Study
from annotation.releases.test_pool import question_draw_of_study, read_pool_state, reserve_pool
from tests.factories import make_member, make_sample, make_study, make_user

from .release_rows import make_agreed_sample, read_frozen_records, read_parts, release_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study("birds", k=2)


def fill(study: Study, names: Any, **fields: Any) -> None:
    for name in names:
        make_agreed_sample(study, f"{name}", **fields)


def question_parts(study: Study) -> dict[str, str]:
    return dict(Question.objects.filter(study=study).values_list("key", "part"))


# --- for ever -----------------------------------------------------------------------------------------------------


def test_a_question_keeps_its_part_whatever_seed_and_size_the_next_release_asks_for(study: Study) -> None:
    fill(study, range(20))
    first = read_parts(release_study(study, test_count=5, seed=1))
    fill(study, range(20, 40))
    second_release = release_study(study, "v2", test_count=20, seed=2)
    second = read_parts(second_release)
    assert first["test"] <= second["test"]
    assert first["train"] <= second["train"]
    assert len(second["test"]) == 20
    assert second_release.about["met"]["sticky"] == {"train": 15, "test": 5, "moved": 0}


def test_a_later_sample_of_a_question_goes_where_the_question_went(study: Study) -> None:
    fill(study, range(10))
    first = read_parts(release_study(study, test_count=3))
    for name in range(10):
        make_agreed_sample(study, f"{name} again", question=f"Why {name}?")
    second = read_parts(release_study(study, "v2", test_count=3))
    for part in ("train", "test"):
        assert {name.removesuffix(" again") for name in second[part]} == first[part]


def test_more_test_samples_than_wanted_from_earlier_releases_are_kept_and_said(study: Study) -> None:
    fill(study, range(10))
    release_study(study, test_count=6)
    release = release_study(study, "v2", test_count=2)
    met = release.about["met"]["test_samples"]
    assert (met["wanted"], met["got"], met["exact"]) == (2, 6, False)
    assert "earlier" in met["why"]
    with pytest.raises(BadInput) as refused:
        release_study(study, "v3", test_count=2, exact=True)
    assert refused.value.code == "not_exact"


def test_the_database_refuses_a_test_question_from_outside_of_the_pool(study: Study) -> None:
    make_sample(study)
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.update(part="test")


# --- groups and numbers -------------------------------------------------------------------------------------------


def test_samples_of_one_question_are_in_one_part(study: Study) -> None:
    for question in range(6):
        for generator in "xyz":
            make_agreed_sample(study, f"{question}{generator}", question=f"Why {question}?", generator=generator)
    release = release_study(study, test_count=6)
    found = read_parts(release)
    assert len(found["test"]) == 6
    assert {name[0] for name in found["test"]}.isdisjoint(name[0] for name in found["train"])
    assert release.about["met"]["grouped"] == {"questions": 6, "in_both": 0}
    assert [row["test"] for row in release.about["met"]["generator"]["values"]] == [2, 2, 2]


def test_a_number_that_whole_questions_cannot_reach_is_said_and_refused_where_it_must_be_exact(study: Study) -> None:
    for question in range(4):
        for number in range(3):
            make_agreed_sample(study, f"{question}-{number}", question=f"Why {question}?")
    with pytest.raises(BadInput) as refused:
        release_study(study, test_count=4, exact=True)
    assert refused.value.code == "not_exact"
    assert "test_count" in refused.value.fields
    assert question_parts(study) == dict.fromkeys(question_parts(study), "")
    met = release_study(study, test_count=4).about["met"]["test_samples"]
    assert (met["wanted"], met["got"], met["exact"]) == (4, 3, False)
    assert "3" in met["why"]


def test_the_same_questions_and_seed_give_the_same_parts_in_whatever_order_they_came(study: Study) -> None:
    names = [f"q{number}" for number in range(30)]
    other = make_study("fishes", k=2)
    fill(study, names, domain="d")
    fill(other, reversed(names), domain="d")
    assert read_parts(release_study(study, test_count=9)) == read_parts(release_study(other, test_count=9))
    third = make_study("frogs", k=2)
    fill(third, names, domain="d")
    assert read_parts(release_study(third, test_count=9, seed=43)) != read_parts(
        release_study(study, "v2", test_count=9)
    )


# --- the pool -----------------------------------------------------------------------------------------------------


def test_with_a_reserved_pool_test_comes_from_it_alone(study: Study) -> None:
    fill(study, range(40))
    pool = reserve_pool(by=None, study=study, share=0.3, seed=5)
    reserved = set(Question.objects.filter(reserved=True).values_list("key", flat=True))
    assert 4 < len(reserved) < 24
    release = release_study(study, test_count=len(reserved) + 5)
    assert {key for key, part in question_parts(study).items() if part == "test"} == reserved
    met = release.about["met"]
    assert met["pool"] == {"reserved": True, "questions": len(reserved), "outside": 0}
    assert not met["test_samples"]["exact"]
    assert f"only {len(reserved)} samples" in met["test_samples"]["why"]
    assert pool.share == 0.3


def test_the_pool_holds_questions_that_nobody_has_scored_and_draws_those_to_come(study: Study) -> None:
    for number in range(60):
        make_sample(study, question=f"open {number}")
    reserve_pool(by=None, study=study, share=0.5, calibration_share=0.4)
    state = read_pool_state(study)
    assert 15 < state.in_pool < 45
    rows = dict(Question.objects.filter(study=study).values_list("key", "reserved"))
    draw = question_draw_of_study(study)
    assert all(draw(key).reserved == reserved for key, reserved in rows.items())
    calibrating = Question.objects.filter(calibration=True)
    assert calibrating.exists()
    assert not calibrating.filter(reserved=True).exists()


def test_what_an_import_brings_is_drawn_for_the_pool(study: Study, tmp_path: Any) -> None:
    import json

    from annotation.imports.samples import import_samples

    reserve_pool(by=None, study=study, share=0.5)
    path = tmp_path / "samples.jsonl"
    lines = [{"id": f"n{n}", "question": f"Why n{n}?", "answer": "So."} for n in range(40)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    import_samples(by=None, study=study, path=path)
    draw = question_draw_of_study(study)
    rows = list(Question.objects.filter(study=study).values_list("key", "reserved", "calibration"))
    assert len(rows) == 40
    assert [tuple(draw(key)) for key, *_ in rows] == [(reserved, calibration) for _, reserved, calibration in rows]
    assert 5 < sum(reserved for _, reserved, _ in rows) < 35


def test_a_pool_is_reserved_once(study: Study) -> None:
    fill(study, range(4))
    first = reserve_pool(by=None, study=study, share=0.3)
    assert reserve_pool(by=None, study=study, share=0.3) == first
    assert ReservedPool.objects.count() == 1
    assert HistoryEntry.objects.filter(event="pool_reserved").count() == 1
    with pytest.raises(WrongState, match="cannot be drawn anew"):
        reserve_pool(by=None, study=study, share=0.4)


def test_what_releases_have_fixed_stays_when_the_pool_is_reserved_later(study: Study) -> None:
    fill(study, range(20))
    before = read_parts(release_study(study, test_count=4))
    reserve_pool(by=None, study=study, share=0.9)
    assert read_parts(release_study(study, "v2", test_count=4)) == before
    assert read_pool_state(study).in_pool == 4


def test_only_admins_reserve_a_pool(study: Study) -> None:
    make_member(study, "rae", "researcher")
    with pytest.raises(NotAllowed):
        reserve_pool(by=make_user("rae"), study=study)
    with pytest.raises(BadInput) as refused:
        reserve_pool(by=None, study=study, share=1.0, calibration_share=-0.1)
    assert set(refused.value.fields) == {"share", "calibration_share"}


# --- calibration --------------------------------------------------------------------------------------------------


def test_calibration_questions_are_in_train_and_stay_what_they_are(study: Study) -> None:
    fill(study, range(60))
    release = release_study(study, test_count=12, calibration_share=0.3)
    found = read_frozen_records(release)
    calibrating = {name for name, record in found.items() if record["calibration"]}
    assert 3 < len(calibrating) < 30
    assert calibrating <= read_parts(release)["train"]
    assert release.about["calibration"]["samples"] == len(calibrating)
    fill(study, range(60, 70))
    again = read_frozen_records(release_study(study, "v2", test_count=14, calibration_share=0.0))
    assert {name for name, record in again.items() if record["calibration"]} == calibrating
