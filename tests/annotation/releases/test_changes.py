"""What has changed in a study since a release."""

import pytest

from annotation.models import Sample, Study
from annotation.releases.changes import find_changes
from tests.factories import make_study

from .release_rows import GOOD, make_agreed_sample, release_study, set_final_scores

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study("birds", k=2)


def test_right_after_it_was_made_nothing_has_changed(study: Study) -> None:
    for name in "abc":
        make_agreed_sample(study, name)
    changes = find_changes(release_study(study, test_count=1))
    assert (changes.same, changes.has_changes, changes.samples) == (3, False, ())


def test_each_kind_of_change_is_counted_once(study: Study) -> None:
    samples = {name: make_agreed_sample(study, name) for name in "abcde"}
    release = release_study(study, test_count=1)
    set_final_scores(samples["a"], {**GOOD, "IQ": 1}, version=2)
    Sample.objects.filter(pk=samples["b"].pk).update(state="in_discussion")
    samples["b"].final_scores.update(current=False)
    Sample.objects.filter(pk=samples["c"].pk).update(state="withdrawn")
    make_agreed_sample(study, "new")
    changes = find_changes(release)
    assert (changes.same, changes.changed, changes.open, changes.withdrawn, changes.added) == (2, 1, 1, 1, 1)
    assert [(one.external_id, one.state) for one in changes.samples] == [
        ("a", "agreed"),
        ("b", "in_discussion"),
        ("c", "withdrawn"),
    ]


def test_a_value_that_was_given_again_is_a_change_of_its_version(study: Study) -> None:
    sample = make_agreed_sample(study, "a")
    make_agreed_sample(study, "b")
    release = release_study(study)
    set_final_scores(sample, GOOD, version=2)
    assert find_changes(release).changed == 1
