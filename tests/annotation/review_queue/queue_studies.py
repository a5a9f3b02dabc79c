"""Builds queues for tests, with a judge's predictions, and reads their pages."""

from collections.abc import Mapping
from typing import Any

from annotation.core.rubric_cache import load_rubric
from annotation.models import JudgeRun, Member, Prediction, QueueEntry, ReviewQueue, Sample, Study
from annotation.review_queue import incremental_update, rebuild
from annotation.review_queue import list as queue_list
from annotation.review_queue.list import QueueFilter, QueueRow
from tests.factories import make_member, make_study
from tests.judge_run_rows import make_judge_run


def make_led_study() -> Study:
    """Create a study in which Ann, Ben and Cho annotate for Ada.

    Differing values are discussed.
    """
    study = make_study()
    make_member(study, "ada", "admin")
    for name in ("ann", "ben", "cho"):
        make_member(study, name)
    return study


def make_dimension_prediction(
    expected: float = 3.0,
    *,
    unlike: float = 0.1,
    sd: float = 0.5,
    interval: tuple[float, float] | None = (2.0, 4.0),
    ensemble_sd: float | None = 0.2,
) -> dict[str, Any]:
    """Return a judge's prediction of one dimension.

    It says that a share of people, ``unlike`` the others and up to a half, gives 0 instead of 3.

    Whatever it expects is told apart from that.
    """
    return {
        "p": [unlike, 0, 0, 1 - unlike, 0, 0],
        "expected": expected,
        "sd": sd,
        "rounded": round(expected),
        "p_dispute": 2 * unlike * (1 - unlike),
        "interval": None if interval is None else list(interval),
        "mass": None,
        "ensemble_sd": ensemble_sd,
    }


def prior_dispute_chance(unlike: float, people: int = 3) -> float:
    """Return the probability that some of ``people`` are unlike the others."""
    return 1 - unlike**people - (1 - unlike) ** people


def make_active_judge(study: Study) -> JudgeRun:
    """Make the study's active judge, who has said nothing yet."""
    return make_judge_run(study, samples=[], active=True)


def store_prediction(
    run: JudgeRun,
    sample: Sample,
    dimensions: Mapping[str, Mapping[str, Any]],
    *,
    cluster: int | None = 0,
    **fields: Any,
) -> Prediction:
    """Have a judge say something of a sample, in place of what it said."""
    found, _ = Prediction.objects.update_or_create(
        run=run, sample=sample, defaults={"status": "ok", "cluster": cluster, "dimensions": dimensions, **fields}
    )
    return found


def rebuild_queues(study: Study) -> ReviewQueue:
    """Make the queues of a study anew."""
    rebuild.rebuild_queue(study=study)
    return ReviewQueue.objects.select_related("study", "run").get(study=study)


def update_queues(study: Study, *samples: Sample) -> int:
    """Let the queues of a study follow what happened to samples."""
    queue = ReviewQueue.objects.select_related("study", "run").get(study=study)
    return incremental_update.update_queues(queue, sorted(sample.pk for sample in samples))


def read_rows(
    study: Study,
    kind: str = "disputed",
    wanted: QueueFilter | None = None,
    *,
    at_once: int = 50,
    reader: Member | None = None,
) -> list[QueueRow]:
    """Return all rows of a queue, read page by page."""
    found: list[QueueRow] = []
    start: int | None = 1
    while start is not None:
        page = queue_list.get_queue_page(
            study,
            load_rubric(study.rubric_id),
            kind,
            wanted or QueueFilter(),
            status=queue_list.get_queue_status(study, reader=reader),
            start=start,
            limit=at_once,
        )
        found += page.rows
        start = page.next
    return found


def read_order(
    study: Study, kind: str = "disputed", wanted: QueueFilter | None = None, *, at_once: int = 50
) -> list[int]:
    """Return the samples of a queue in its order, by their primary keys."""
    return [row.sample.pk for row in read_rows(study, kind, wanted, at_once=at_once)]


def get_entry(sample: Sample, kind: str = "disputed") -> QueueEntry:
    """Return a sample's entry in a queue."""
    return QueueEntry.objects.get(sample=sample, kind=kind)
