"""Studies whose samples a judge can learn from.

The longer an answer and the more colourful its picture, the better its score.
"""

import json
import random
from typing import Any

from annotation.jobs import running
from annotation.judges import runs
from annotation.judges.request import TrainingRequest
from annotation.models import JudgeRun, Prediction, Release, Sample, Study
from annotation.releases.creating import create_release
from annotation.releases.request import ReleaseRequest
from tests.annotation.releases.release_rows import set_final_scores
from tests.factories import make_sample, make_study

SENTENCE = "The river rose in the night and the bridge gave way. "
QUICK = TrainingRequest(preset="quick", options={"trees": 10, "members": 2, "folds": 2})
COLOURS = ("#101010", "#404060", "#806040", "#c03030", "#30c060", "#f0f020")


def learnable_study(slug: str = "birds", *, questions: int = 16, answers: int = 2, agreed: int | None = None) -> Study:
    """Create a study of agreed samples, two per question.

    Those beyond ``agreed`` have no scores.
    """
    study = make_study(slug, k=2)
    chance = random.Random(slug)
    for number in range(questions * answers):
        score = number % 6
        sample = make_sample(
            study,
            SENTENCE * (1 + score) + str(chance.random()),
            (COLOURS[score],),
            question=f"What happened on day {number // answers}?",
            external_id=f"{slug}-{number}",
            generator=f"maker-{number % 2}",
            state="agreed" if agreed is None or number < agreed else "waiting",
            stage=0,
            protocol=study.protocols.get(current=True),
        )
        if agreed is None or number < agreed:
            set_final_scores(sample, {"TCC": score, "ICC": score, "IQ": score, "ITS": score})
    return study


def release_study(study: Study, **options: Any) -> Release:
    """Make a release of a study."""
    return create_release(by=None, study=study, request=ReleaseRequest(**{"name": "v1", "test_share": 0.25} | options))


def train_judge(study: Study, release: Release | None = None, **fields: Any) -> JudgeRun:
    """Train a small judge on a release by the real program; returns the finished run."""
    run = runs.start_training(by=fields.pop("by", None), release=release or release_study(study), wanted=QUICK)
    running.run_job(run.job_id or 0)
    run = JudgeRun.objects.select_related("study", "release", "rubric", "job").get(pk=run.pk)
    assert run.job is not None
    assert run.job.state == "done", (run.job.error, list(run.job.log_lines.values_list("line", flat=True)))
    return run


def make_prediction_line(sample: Sample, judge: str = "elsewhere-1", **fields: Any) -> dict[str, Any]:
    """Return a line of predictions about a sample: fours for sure, unless fields say otherwise."""
    p = [0, 0, 0, 0, 1, 0]
    return {
        "id": sample.external_id,
        "judge": judge,
        "prompt_sha": "ab" * 32,
        "status": "ok",
        "readout": "expected",
        "dimensions": {key: {"p": p} for key in ("TCC", "ICC", "IQ", "ITS")},
    } | fields


def join_lines(lines: list[Any]) -> bytes:
    """Return lines of JSON; a text is taken as it is."""
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines).encode()


def stored_predictions(run: JudgeRun) -> dict[str, Any]:
    """Return what a run has said, by sample."""
    rows = Prediction.objects.filter(run=run).select_related("sample")
    return {row.sample.external_id: row.dimensions for row in rows}
