"""Replays a finished study under each queue, and writes nothing into it.

Loads numpy, so import it only where work is done.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from annotation.core.errors import WorkflowError
from annotation.core.rubric_cache import load_rubric, rubric_file
from annotation.jobs.progress import ProgressCallback
from annotation.judges.judge_input import write_sample_lines
from annotation.judges.judge_session import JudgeSession
from annotation.judges.run_folders import feature_cache_folder
from annotation.models import Study
from annotation.statistics.krippendorff_alpha import Ints
from judge.formats.rubric_toml import to_toml

from .replay import FinishedDimension, OutOfFoldPredictions, Relearn, ReplayPolicy, ReplayResult, replay_dimension
from .replay_data import FinishedStudy, ReplayRatings, read_finished_study
from .replay_report import build_replay_report

# A replay of fewer samples would show nothing.
FEWEST_SAMPLES = 20


def replay_study(
    study: Study,
    *,
    seeds: int,
    dimensions: Sequence[str] = (),
    raters: int | None = None,
    policies: Sequence[ReplayPolicy] = tuple(ReplayPolicy),
    judge: bool = True,
    until: float = 1.0,
    progress: ProgressCallback,
) -> dict[str, Any]:
    """Replay a study for each dimension, policy and seed, and return the report.

    ``raters`` are drawn for each sample where more have scored it: by default as many as the protocol asks for, or as
    most samples have where these are fewer.

    Raises:
        WorkflowError: the study has not enough samples that enough people have scored; or the judge is gone.
    """
    finished = read_finished_study(study)
    unknown = set(dimensions) - {ratings.key for ratings in finished.ratings}
    if unknown:
        raise WorkflowError(
            f"{', '.join(sorted(unknown))} is no dimension here; they are "
            f"{', '.join(ratings.key for ratings in finished.ratings)}."
        )
    protocol_raters = study.protocols.get(current=True).annotators_per_sample
    selected = [ratings for ratings in finished.ratings if not dimensions or ratings.key in dimensions]
    total, done = len(selected) * seeds * len(policies), 0
    rows: list[dict[str, Any]] = []
    with _judge_session(study, finished, progress) if judge else nullcontext() as relearner:
        for ratings in selected:
            count = raters or min(protocol_raters, ratings.most_common_raters())
            enough = sum(len(people) >= count for people, _ in ratings.samples.values())
            if count < 2 or enough < FEWEST_SAMPLES:
                reason = f"Only {enough} samples have {max(count, 2)} scores; a replay needs {FEWEST_SAMPLES}."
                rows.append({"dimension": ratings.key, "undefined": reason})
                done += seeds * len(policies)
                continue
            replays: dict[ReplayPolicy, list[ReplayResult]] = {policy: [] for policy in policies}
            for seed in range(seeds):
                dimension, keys = finished.draw_dimension(ratings, count, seed=seed)
                names = [finished.names[key] for key in keys]
                relearn = relearner(ratings, names, dimension) if relearner else None
                for policy in policies:
                    progress(done, total, f"{ratings.key}, {policy.value.replace('_', ' ')}, seed {seed + 1}")
                    replays[policy].append(replay_dimension(dimension, policy, seed=seed, relearn=relearn, until=until))
                    done += 1
            rows.append({"dimension": ratings.key, "undefined": None, "raters": count, **build_replay_report(replays)})
    progress(total, total, "Replayed")
    return {"study": study.slug, "seeds": seeds, "judge": judge, "until": until, "rows": rows}


Relearner = Callable[[ReplayRatings, Sequence[str], FinishedDimension], Relearn]


@contextmanager
def _judge_session(study: Study, finished: FinishedStudy, progress: ProgressCallback) -> Iterator[Relearner]:
    """Start a judge on the study's samples, and yield what trains it on revealed scores."""
    with tempfile.TemporaryDirectory(prefix="replay-") as path:
        folder = Path(path)
        samples = write_sample_lines(study.pk, sorted(finished.names), folder, progress)
        rubric = folder / "rubric.toml"
        rubric.write_text(to_toml(rubric_file(load_rubric(study.rubric_id))), encoding="utf-8")
        with JudgeSession(samples, rubric, cache=feature_cache_folder(), seed=0, progress=progress) as session:

            def relearner(ratings: ReplayRatings, names: Sequence[str], dimension: FinishedDimension) -> Relearn:
                return lambda values: _predict_out_of_fold(session, ratings.key, names, len(dimension.levels), values)

            yield relearner


def _predict_out_of_fold(
    session: JudgeSession, key: str, names: Sequence[str], levels: int, values: Ints
) -> OutOfFoldPredictions | None:
    counts = {
        name: np.bincount(row[row >= 0], minlength=levels).tolist()
        for name, row in zip(names, values, strict=True)
        if (row >= 0).any()
    }
    answers = session.relearn(key, counts)
    if not answers:
        return None
    predictions = OutOfFoldPredictions(
        np.full((len(names), levels), np.nan), np.full(len(names), np.nan), np.zeros(len(names), dtype=np.int64)
    )
    for row, name in enumerate(names):
        answer = answers.get(name)
        if answer is not None:
            predictions.p[row], predictions.ensemble_sd[row], predictions.cluster[row] = (
                answer["p"],
                answer["ensemble_sd"],
                answer["cluster"],
            )
    return predictions
