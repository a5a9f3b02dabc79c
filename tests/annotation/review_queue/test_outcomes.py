"""Outcomes of queue entries are stored once, where they can be measured."""

from typing import Any

import pytest

from annotation.judges import runs
from annotation.models import Arm, QueueEntry, Sample, Score, Study
from annotation.review_queue import reading_facts, rebuild
from annotation.review_queue.incremental_update import catch_up
from annotation.samples.reopening import reopen_sample
from tests.annotation.reports.rating_rows import rated_sample
from tests.annotation.scoring.score_rows import all_score, same, score
from tests.factories import make_sample, make_user

from .queue_studies import (
    get_entry,
    make_active_judge,
    make_dimension_prediction,
    make_led_study,
    read_order,
    rebuild_queues,
    store_prediction,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_led_study()


def test_a_decided_sample_leaves_with_what_became_of_it_and_what_was_foreseen_stays(study: Study) -> None:
    run = make_active_judge(study)
    disputed, agreed = make_sample(study, pictures=["red"]), make_sample(study, pictures=["red"])
    for sample in (disputed, agreed):
        store_prediction(run, sample, {"TCC": make_dimension_prediction(3.5, unlike=0.2)})
    rebuild_queues(study)
    before = get_entry(disputed).foreseen
    assert before is not None
    for name, value in (("ann", 1), ("ben", 4), ("cho", 4)):
        score(study, name, same(3, TCC=value))
    for name in ("ann", "ben", "cho"):
        score(study, name, same(2))
    first, second = Sample.objects.order_by("state")
    assert (first.state, second.state) == ("agreed", "in_discussion")
    store_prediction(run, first, {"TCC": make_dimension_prediction(unlike=0.5)})
    store_prediction(run, second, {"TCC": make_dimension_prediction(unlike=0.5)})
    rebuild_queues(study)
    done, talking = get_entry(first), get_entry(second)
    assert (done.disputed, talking.disputed) == (False, True)
    assert done.left_at is not None
    assert talking.left_at is None
    assert done.foreseen == talking.foreseen == before
    assert talking.outcome["TCC"]["range"] == 3.0  # type: ignore[index]
    assert talking.off == pytest.approx(0.0)
    assert done.off == pytest.approx(1.0)
    assert read_order(study) == [second.pk]


def test_what_was_known_already_when_it_came_in_was_not_foreseen(study: Study) -> None:
    """A dispute that was known before the entry came in proves nothing."""
    sample = rated_sample(study, state="scoring", Ann=1, Ben=5)
    store_prediction(make_active_judge(study), sample, {"TCC": make_dimension_prediction(unlike=0.5)})
    rebuild_queues(study)
    assert get_entry(sample).foreseen is None
    assert get_entry(sample).chance == 1.0


def test_an_audit_that_changed_the_value_is_told_from_one_that_kept_it(study: Study) -> None:
    ada = make_user("ada")
    run = make_active_judge(study)
    changed, kept = make_sample(study, pictures=["red"]), make_sample(study, pictures=["red"])
    for _ in range(2):
        all_score(study, {"ann": same(1), "ben": same(1), "cho": same(1)})
    for sample in (changed, kept):
        store_prediction(run, sample, {"TCC": make_dimension_prediction(5.0)})
    rebuild_queues(study)
    for sample in (changed, kept):
        reopen_sample(by=ada, sample_id=sample.public_id, reason="Look again.")
    rebuild_queues(study)
    assert QueueEntry.objects.filter(kind="audit", left_at=None, decided_at=None).count() == 0
    for sample, value in ((changed, 5), (kept, 1)):
        level = study.rubric.dimensions.get(key="TCC").levels.get(value=value)
        sample.final_scores.filter(dimension__key="TCC").update(level=level, current=True)
        Sample.objects.filter(pk=sample.pk).update(state="agreed")
    rebuild_queues(study)
    assert (get_entry(changed, "audit").disputed, get_entry(kept, "audit").disputed) == (True, False)
    assert get_entry(changed, "audit").left_at is None


def test_an_audit_of_a_judge_that_is_not_asked_any_more_was_none(study: Study) -> None:
    run = make_active_judge(study)
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(1), "ben": same(1), "cho": same(1)})
    store_prediction(run, sample, {"TCC": make_dimension_prediction(5.0)})
    rebuild_queues(study)
    runs.deactivate_run(by=None, run=run)
    rebuild_queues(study)
    assert not QueueEntry.objects.filter(kind="audit").exists()


def test_a_sample_that_comes_back_keeps_what_was_foreseen_first(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    store_prediction(make_active_judge(study), sample, {"TCC": make_dimension_prediction(unlike=0.15)})
    rebuild_queues(study)
    all_score(study, {"ann": same(1), "ben": same(1), "cho": same(1)})
    rebuild_queues(study)
    left = get_entry(sample)
    assert left.left_at is not None
    reopen_sample(by=make_user("ada"), sample_id=sample.public_id, reason="Look again.")
    rebuild_queues(study)
    back = get_entry(sample)
    assert back.left_at is None
    assert back.entered_at > left.entered_at
    assert (back.foreseen, back.disputed, back.decided_at) == (left.foreseen, False, left.decided_at)


def test_a_judge_that_speaks_before_the_first_score_is_heard_and_later_no_more(study: Study) -> None:
    """Queues follow an import within seconds, and predictions come after it."""
    sample = make_sample(study, pictures=["red"])
    rebuild_queues(study)
    alone = get_entry(sample).foreseen
    run = make_active_judge(study)
    store_prediction(run, sample, {"TCC": make_dimension_prediction(unlike=0.4, ensemble_sd=0.7)})
    rebuild_queues(study)
    heard, labels = get_entry(sample).foreseen, get_entry(sample, "label_next").foreseen
    assert heard is not None
    assert heard != alone
    assert labels == 0.7
    score(study, "ann", same(3))
    store_prediction(run, sample, {"TCC": make_dimension_prediction(unlike=0.05, ensemble_sd=0.1)})
    rebuild_queues(study)
    catch_up()
    assert (get_entry(sample).foreseen, get_entry(sample, "label_next").foreseen) == (heard, labels)


@pytest.mark.parametrize("alone", [0, 1])
def test_where_fewer_than_two_scored_without_the_judge_nobody_knows_whether_they_differ(
    study: Study, alone: int
) -> None:
    sample = rated_sample(study, state="agreed", Ann=1, Ben=5, Cho=3)
    with_judge = Score.objects.filter(sample=sample).order_by("pk")[alone:]
    Score.objects.filter(pk__in=list(with_judge.values_list("pk", flat=True))).update(arm=Arm.PREFILLED)
    QueueEntry.objects.bulk_create(
        QueueEntry(
            study=study,
            sample=sample,
            kind=kind,
            entered_at=sample.created_at,
            foreseen=0.5,
            random=False,
            draw=0.5,
            first=0,
            second=0,
            third=0,
        )
        for kind in ("disputed", "label_next")
    )
    rebuild_queues(study)
    assert QueueEntry.objects.filter(disputed=None, decided_at=None).exclude(left_at=None).count() == 2
    Score.objects.filter(sample=sample).exclude(member__name="Cho").update(arm=Arm.BLIND)
    rebuild_queues(study)
    assert set(QueueEntry.objects.values_list("kind", "disputed")) == {("disputed", True), ("label_next", True)}


def test_what_is_agreed_while_a_refresh_is_at_work_was_no_audit(study: Study) -> None:
    """A rebuild with older facts must not count an audit that was none.

    An update has placed the sample meanwhile.
    """
    sample = make_sample(study, pictures=["red"])
    store_prediction(make_active_judge(study), sample, {"TCC": make_dimension_prediction(5.0)})
    rebuild_queues(study)
    for name in ("ann", "ben"):
        score(study, name, same(1))

    def meanwhile(done: int, total: int | None, activity: str) -> None:
        if activity == "Noting outcomes" and not Sample.objects.filter(state="agreed").exists():
            score(study, "cho", same(1))
            catch_up()
            assert get_entry(sample, "audit").left_at is None

    rebuild.rebuild_queue(study=study, progress=meanwhile)
    catch_up()
    audit = get_entry(sample, "audit")
    assert (audit.left_at, audit.decided_at, audit.disputed) == (None, None, None)


def test_a_score_that_comes_in_while_facts_are_read_is_not_missed_in_what_became_of_its_sample(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = make_sample(study, pictures=["red"])
    rebuild_queues(study)
    for name in ("ann", "ben"):
        score(study, name, same(3))
    done: list[str] = []

    def after_first(name: str) -> Any:
        read = getattr(reading_facts.sql, name)

        def reading(*args: Any) -> Any:
            rows = list(read(*args))
            done.append(name)
            if len(done) == 1:
                score(study, "cho", same(3, TCC=0))
            return rows

        return reading

    for name in ("read_samples", "read_independent_ratings"):
        monkeypatch.setattr(reading_facts.sql, name, after_first(name))
    rebuild_queues(study)
    assert Sample.objects.get().state == "in_discussion"
    assert get_entry(sample).disputed is not False
    rebuild_queues(study)
    assert get_entry(sample).disputed is True
