"""Rubrics come in: once, again, changed, and changed while in use."""

import pytest

from annotation.core.errors import BadInput, NotAllowed, NotFound
from annotation.core.rubric_cache import load_rubric
from annotation.imports.samples import import_samples
from annotation.models import Rubric
from annotation.studies import rubrics
from tests.annotation.imports.importing import import_score_file, sample_line, write_samples, write_scores
from tests.factories import make_study, make_user

pytestmark = pytest.mark.django_db

FILE = """
key = "looks"
title = "Looks"

[[dimensions]]
key = "IQ"
name = "Image quality"
needs = ["text"]
levels = [0, 0.5, 1]
anchors = ["bad", "fair", "good"]
"""


def import_toml(text=FILE):
    stored = rubrics.import_rubric(by=None, content=text)
    return stored.rubric, stored.outcome


def in_use(rubric, tmp_path):
    study = make_study(rubric=rubric)
    import_samples(by=None, study=study, path=write_samples(tmp_path, sample_line("a")))
    return study


def test_a_rubric_is_stored_with_its_levels_and_anchors():
    rubric, outcome = import_toml()
    assert (outcome, str(rubric)) == ("created", "looks@1")
    (dimension,) = load_rubric(rubric.pk).dimensions
    assert [(level.value, level.anchor) for level in dimension.levels] == [(0, "bad"), (0.5, "fair"), (1, "good")]


def test_the_same_again_is_the_same_row():
    first, _ = import_toml()
    again, outcome = import_toml(FILE.replace("[0, 0.5, 1]", "[0.0, 0.5, 1.0]"))
    assert (again.pk, outcome) == (first.pk, "unchanged")
    assert Rubric.objects.count() == 1


def test_a_rubric_that_nobody_uses_changes_in_place():
    first, _ = import_toml()
    changed, outcome = import_toml(FILE.replace("[0, 0.5, 1]", "[1, 2, 3]"))
    assert (changed.pk, outcome) == (first.pk, "updated")
    assert [level.value for level in load_rubric(first.pk).dimensions[0].levels] == [1, 2, 3]


def test_with_samples_waiting_its_words_change_in_place_and_its_levels_in_a_new_version(tmp_path):
    first, _ = import_toml()
    in_use(first, tmp_path)
    assert import_toml(FILE.replace("fair", "so-so"))[1] == "updated"
    changed, outcome = import_toml(FILE.replace("[0, 0.5, 1]", "[1, 2, 3]"))
    assert (str(changed), outcome) == ("looks@2", "created")


def test_from_the_first_rating_on_every_change_is_a_new_version(tmp_path):
    first, _ = import_toml()
    study = in_use(first, tmp_path)
    import_score_file(study, write_scores(tmp_path, "a,ann,IQ,0.5,1,,"))
    changed, outcome = import_toml(FILE.replace("fair", "so-so"))
    assert (str(changed), outcome) == ("looks@2", "created")
    assert [level.anchor for level in load_rubric(first.pk).dimensions[0].levels] == ["bad", "fair", "good"]
    study.refresh_from_db()
    assert study.rubric == first
    assert import_toml()[0] == first


def test_a_built_in_rubric_is_found_by_its_key_and_stored_once():
    assert str(rubrics.get_or_load("interleaved-answer")) == "interleaved-answer@2"
    assert rubrics.get_or_load("interleaved-answer@2") == rubrics.get_or_load("interleaved-answer")
    assert Rubric.objects.count() == 1


def test_an_earlier_version_of_a_built_in_rubric_keeps_its_number_and_its_text():
    current = rubrics.get_or_load("interleaved-answer")
    former = rubrics.get_or_load("interleaved-answer@1")
    assert (str(former), str(current)) == ("interleaved-answer@1", "interleaved-answer@2")
    texts = [load_rubric(row.pk).dimensions[0].levels[0].anchor for row in (former, current)]
    assert texts == ["The answer came without a word.", "No text."]
    assert rubrics.get_or_load("interleaved-answer") == current


def test_an_installation_with_the_earlier_text_gets_the_newer_one_as_the_next_version():
    former = rubrics.get_or_load("interleaved-answer@1")
    assert rubrics.preview_rubric("interleaved-answer").version == 2
    assert Rubric.objects.get() == former
    assert str(rubrics.get_or_load("interleaved-answer")) == "interleaved-answer@2"
    assert load_rubric(former.pk).dimensions[0].levels[0].anchor == "The answer came without a word."


def test_a_version_of_ones_own_is_not_replaced_by_the_built_in_text():
    rubrics.get_or_load("interleaved-answer@1")
    own = (rubrics.FORMER / "interleaved-answer@1.toml").read_text().replace("without a word", "with no text at all")
    stored = rubrics.import_rubric(by=None, content=own).rubric
    assert rubrics.get_or_load("interleaved-answer") == stored
    assert rubrics.preview_rubric("interleaved-answer").id == stored.pk


def test_looking_at_a_built_in_rubric_stores_nothing():
    assert [d.key for d in rubrics.preview_rubric("interleaved-answer").dimensions] == ["TCC", "ICC", "IQ", "ITS"]
    assert not Rubric.objects.exists()


@pytest.mark.parametrize(
    "key", ["nothing", "interleaved-answer@3", "interleaved-answer@x", "../interleaved-answer", ""]
)
def test_an_unknown_rubric_is_refused_naming_the_known_ones(key):
    with pytest.raises(NotFound, match="interleaved-answer, question-quality"):
        rubrics.get_or_load(key)


def test_a_faulty_file_is_refused_naming_the_field():
    with pytest.raises(BadInput) as refused:
        import_toml(FILE.replace("0.5", '"half"'))
    assert "dimensions[0].levels" in refused.value.fields
    assert not Rubric.objects.exists()


def test_only_a_site_administrator_imports_rubrics():
    with pytest.raises(NotAllowed):
        rubrics.import_rubric(by=make_user("sam"), content=FILE)
