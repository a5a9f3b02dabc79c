"""What became of the samples of the queues: noted once, of what was foreseen before, and only where it can be told."""

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

from .queue_studies import active_judge, entry_of, led_by_ada, order_of, refreshed, said, says

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return led_by_ada()


def test_a_decided_sample_leaves_with_what_became_of_it_and_what_was_foreseen_stays(study: Study) -> None:
    run = active_judge(study)
    disputed, agreed = make_sample(study, pictures=["red"]), make_sample(study, pictures=["red"])
    for sample in (disputed, agreed):
        says(run, sample, {"TCC": said(3.5, unlike=0.2)})
    refreshed(study)
    before = entry_of(disputed).foreseen
    assert before is not None
    for name, value in (("ann", 1), ("ben", 4), ("cho", 4)):
        score(study, name, same(3, TCC=value))
    for name in ("ann", "ben", "cho"):
        score(study, name, same(2))
    first, second = Sample.objects.order_by("state")
    assert (first.state, second.state) == ("agreed", "in_discussion")
    says(run, first, {"TCC": said(unlike=0.5)})
    says(run, second, {"TCC": said(unlike=0.5)})
    refreshed(study)
    done, talking = entry_of(first), entry_of(second)
    assert (done.disputed, talking.disputed) == (False, True)
    assert done.left_at is not None
    assert talking.left_at is None
    assert done.foreseen == talking.foreseen == before
    assert talking.outcome["TCC"]["range"] == 3.0  # type: ignore[index]
    assert talking.off == pytest.approx(0.0)
    assert done.off == pytest.approx(1.0)
    assert order_of(study) == [second.pk]


def test_what_was_known_already_when_it_came_in_was_not_foreseen(study: Study) -> None:
    """Its values were two apart before the queue saw it, so that they are proves nothing."""
    sample = rated_sample(study, state="scoring", Ann=1, Ben=5)
    says(active_judge(study), sample, {"TCC": said(unlike=0.5)})
    refreshed(study)
    assert entry_of(sample).foreseen is None
    assert entry_of(sample).chance == 1.0


def test_an_audit_that_changed_the_value_is_told_from_one_that_kept_it(study: Study) -> None:
    ada = make_user("ada")
    run = active_judge(study)
    changed, kept = make_sample(study, pictures=["red"]), make_sample(study, pictures=["red"])
    for _ in range(2):
        all_score(study, {"ann": same(1), "ben": same(1), "cho": same(1)})
    for sample in (changed, kept):
        says(run, sample, {"TCC": said(5.0)})
    refreshed(study)
    for sample in (changed, kept):
        reopen_sample(by=ada, sample_id=sample.public_id, reason="Look again.")
    refreshed(study)
    assert QueueEntry.objects.filter(kind="audit", left_at=None, decided_at=None).count() == 0
    for sample, value in ((changed, 5), (kept, 1)):
        level = study.rubric.dimensions.get(key="TCC").levels.get(value=value)
        sample.final_scores.filter(dimension__key="TCC").update(level=level, current=True)
        Sample.objects.filter(pk=sample.pk).update(state="agreed")
    refreshed(study)
    assert (entry_of(changed, "audit").disputed, entry_of(kept, "audit").disputed) == (True, False)
    assert entry_of(changed, "audit").left_at is None


def test_an_audit_of_a_judge_that_is_not_asked_any_more_was_none(study: Study) -> None:
    run = active_judge(study)
    sample = make_sample(study, pictures=["red"])
    all_score(study, {"ann": same(1), "ben": same(1), "cho": same(1)})
    says(run, sample, {"TCC": said(5.0)})
    refreshed(study)
    runs.deactivate_run(by=None, run=run)
    refreshed(study)
    assert not QueueEntry.objects.filter(kind="audit").exists()


def test_a_sample_that_comes_back_keeps_what_was_foreseen_first(study: Study) -> None:
    sample = make_sample(study, pictures=["red"])
    says(active_judge(study), sample, {"TCC": said(unlike=0.15)})
    refreshed(study)
    all_score(study, {"ann": same(1), "ben": same(1), "cho": same(1)})
    refreshed(study)
    left = entry_of(sample)
    assert left.left_at is not None
    reopen_sample(by=make_user("ada"), sample_id=sample.public_id, reason="Look again.")
    refreshed(study)
    back = entry_of(sample)
    assert back.left_at is None
    assert back.entered_at > left.entered_at
    assert (back.foreseen, back.disputed, back.decided_at) == (left.foreseen, False, left.decided_at)


def test_a_judge_that_speaks_before_the_first_score_is_heard_and_later_no_more(study: Study) -> None:
    """Queues follow an import within seconds, and predictions come after it."""
    sample = make_sample(study, pictures=["red"])
    refreshed(study)
    alone = entry_of(sample).foreseen
    run = active_judge(study)
    says(run, sample, {"TCC": said(unlike=0.4, ensemble_sd=0.7)})
    refreshed(study)
    heard, labels = entry_of(sample).foreseen, entry_of(sample, "label_next").foreseen
    assert heard is not None
    assert heard != alone
    assert labels == 0.7
    score(study, "ann", same(3))
    says(run, sample, {"TCC": said(unlike=0.05, ensemble_sd=0.1)})
    refreshed(study)
    catch_up()
    assert (entry_of(sample).foreseen, entry_of(sample, "label_next").foreseen) == (heard, labels)


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
    refreshed(study)
    assert QueueEntry.objects.filter(disputed=None, decided_at=None).exclude(left_at=None).count() == 2
    Score.objects.filter(sample=sample).exclude(member__name="Cho").update(arm=Arm.BLIND)
    refreshed(study)
    assert set(QueueEntry.objects.values_list("kind", "disputed")) == {("disputed", True), ("label_next", True)}


def test_what_is_agreed_while_a_refresh_is_at_work_was_no_audit(study: Study) -> None:
    """A look places it at once; the refresh, which saw it as it was before, must not make that an audit."""
    sample = make_sample(study, pictures=["red"])
    says(active_judge(study), sample, {"TCC": said(5.0)})
    refreshed(study)
    for name in ("ann", "ben"):
        score(study, name, same(1))

    def meanwhile(done: int, total: int | None, activity: str) -> None:
        if activity == "Noting outcomes" and not Sample.objects.filter(state="agreed").exists():
            score(study, "cho", same(1))
            catch_up()
            assert entry_of(sample, "audit").left_at is None

    rebuild.rebuild_queue(study=study, progress=meanwhile)
    catch_up()
    audit = entry_of(sample, "audit")
    assert (audit.left_at, audit.decided_at, audit.disputed) == (None, None, None)


def test_a_score_that_comes_in_while_facts_are_read_is_not_missed_in_what_became_of_its_sample(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = make_sample(study, pictures=["red"])
    refreshed(study)
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
    refreshed(study)
    assert Sample.objects.get().state == "in_discussion"
    assert entry_of(sample).disputed is not False
    refreshed(study)
    assert entry_of(sample).disputed is True
