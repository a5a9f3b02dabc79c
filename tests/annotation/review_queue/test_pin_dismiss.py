"""Admins pin, dismiss and restore entries of the review queue."""

import pytest

from annotation.core import permissions
from annotation.core.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.models import HistoryEntry, Member, QueueEntry, Sample, Study, User
from annotation.reports import stored_reports
from annotation.review_queue.pin_dismiss import dismiss_sample, pin_sample, restore_sample
from annotation.samples.timeline import read_timeline
from tests.annotation.reports.rating_rows import rated_sample
from tests.annotation.scoring.score_rows import all_score, same
from tests.factories import make_member, make_sample, make_study, make_user

from .queue_studies import (
    get_entry,
    make_active_judge,
    make_dimension_prediction,
    read_order,
    rebuild_queues,
    store_prediction,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    study = make_study()
    make_member(study, "ada", "admin")
    make_member(study, "rae", "researcher")
    make_member(study, "ann")
    for low in (1, 2, 3):
        rated_sample(study, Ann=low, Ben=4)
    rebuild_queues(study)
    return study


def last_of(study: Study) -> QueueEntry:
    return get_entry(Sample.objects.get(pk=read_order(study)[-1]))


def read_events(study: Study) -> list[str]:
    return list(HistoryEntry.objects.filter(study=study).order_by("pk").values_list("event", flat=True))


def test_ada_pins_an_entry_to_the_top_and_lets_it_go_again(study: Study) -> None:
    before, entry, ada = read_order(study), last_of(study), make_user("ada")
    assert pin_sample(by=ada, entry_id=entry.public_id).pinned_by == ada
    first = pin_sample(by=ada, entry_id=entry.public_id).pinned_at
    assert read_order(study) == [before[-1], *before[:-1]]
    rebuild_queues(study)
    assert read_order(study)[0] == before[-1]
    assert get_entry(entry.sample).pinned_at == first
    pin_sample(by=ada, entry_id=entry.public_id, pinned=False)
    pin_sample(by=ada, entry_id=entry.public_id, pinned=False)
    assert read_order(study) == before
    assert read_events(study) == ["queue_pinned", "queue_unpinned"]


def test_ada_dismisses_an_entry_with_a_reason_and_restores_it(study: Study) -> None:
    before, entry, ada = read_order(study), last_of(study), make_user("ada")
    pin_sample(by=ada, entry_id=entry.public_id)
    for _ in range(2):
        gone = dismiss_sample(by=ada, entry_id=entry.public_id, reason=" A slip of the key. ")
    assert (gone.dismissed_because, gone.dismissed_by, gone.pinned_at) == ("A slip of the key.", ada, None)
    assert read_order(study) == before[:-1]
    with pytest.raises(WrongState) as refused:
        dismiss_sample(by=ada, entry_id=entry.public_id, reason="Another reason.")
    assert refused.value.code == "entry_dismissed"
    with pytest.raises(WrongState):
        pin_sample(by=ada, entry_id=entry.public_id)
    restore_sample(by=ada, entry_id=entry.public_id)
    restore_sample(by=ada, entry_id=entry.public_id)
    assert read_order(study) == before
    assert read_events(study) == ["queue_pinned", "queue_dismissed", "queue_restored"]
    timeline = read_timeline(entry.sample, names=True)
    assert [(step.who, step.text) for step in timeline if step.event == "queue_dismissed"] == [
        ("Ada", "A slip of the key.")
    ]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_dismissal_needs_a_reason_of_some_words(study: Study, reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        dismiss_sample(by=make_user("ada"), entry_id=last_of(study).public_id, reason=reason)
    assert "reason" in refused.value.fields


def test_only_those_who_lead_the_study_act_and_strangers_do_not_learn_of_it(study: Study) -> None:
    entry = last_of(study).public_id
    for act in (
        lambda who: pin_sample(by=who, entry_id=entry),
        lambda who: dismiss_sample(by=who, entry_id=entry, reason="Why not."),
        lambda who: restore_sample(by=who, entry_id=entry),
    ):
        with pytest.raises(NotAllowed):
            act(make_user("rae"))
        for name in ("sam", "ann"):
            with pytest.raises(NotFound):
                act(make_user(name))
    assert read_events(study) == []


def test_what_has_left_the_queue_cannot_be_pinned_or_dismissed(study: Study) -> None:
    entry = last_of(study)
    Sample.objects.filter(pk=entry.sample_id).update(state="withdrawn")
    rebuild_queues(study)
    for act in (
        lambda: pin_sample(by=make_user("ada"), entry_id=entry.public_id),
        lambda: dismiss_sample(by=make_user("ada"), entry_id=entry.public_id, reason="Gone."),
    ):
        with pytest.raises(WrongState) as refused:
            act()
        assert refused.value.code == "entry_left"


def test_an_audit_that_is_dismissed_was_looked_at_and_found_right(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    Sample.objects.exclude(pk=sample.pk).update(stage=0)
    all_score(study, {"dan": same(1), "eve": same(1), "fay": same(1)})
    store_prediction(make_active_judge(study), sample, {"TCC": make_dimension_prediction(5.0)})
    rebuild_queues(study)
    ada, entry = make_user("ada"), get_entry(sample, "audit")
    dismiss_sample(by=ada, entry_id=entry.public_id, reason="The people are right.")
    assert get_entry(sample, "audit").disputed is False
    restore_sample(by=ada, entry_id=entry.public_id)
    assert get_entry(sample, "audit").disputed is None
    assert get_entry(sample, "audit").decided_at is None


def test_acting_changes_no_figure(study: Study) -> None:
    last = HistoryEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    entry, ada = last_of(study), make_user("ada")
    pin_sample(by=ada, entry_id=entry.public_id)
    dismiss_sample(by=ada, entry_id=entry.public_id, reason="Why not.")
    restore_sample(by=ada, entry_id=entry.public_id)
    assert not stored_reports.changed_since(study, last)


def test_an_entry_that_a_refresh_takes_out_meanwhile_is_not_there_any_more(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, allowed = last_of(study), permissions.require_lead

    def meanwhile(by: User, study: Study) -> Member:
        QueueEntry.objects.filter(pk=entry.pk).delete()
        return allowed(by, study)

    monkeypatch.setattr(permissions, "require_lead", meanwhile)
    with pytest.raises(NotFound):
        pin_sample(by=make_user("ada"), entry_id=entry.public_id)
