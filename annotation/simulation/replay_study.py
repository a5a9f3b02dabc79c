"""Replaying a finished study: what each queue would have found in it. Reads, and writes nothing into the study.

Loads numpy, so import it only where work is done.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from .replay_data import FinishedStudy, ReplayRatings, read_finished
from .replay_report import report_of

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
    """Replay a study on each dimension under each policy, once for each seed, and return the figures.

    ``raters`` are drawn for each sample where more have scored it: by default as many as the protocol asks for, or as
    most samples have where these are fewer.

    Raises:
        WorkflowError: the study has not enough samples that enough people have scored; or the judge is gone.
    """
    finished = read_finished(study)
    unknown = set(dimensions) - {one.key for one in finished.ratings}
    if unknown:
        raise WorkflowError(
            f"{', '.join(sorted(unknown))} is no dimension here; they are "
            f"{', '.join(one.key for one in finished.ratings)}."
        )
    asked_for = study.protocols.get(current=True).annotators_per_sample
    wanted = [one for one in finished.ratings if not dimensions or one.key in dimensions]
    total, done = len(wanted) * seeds * len(policies), 0
    rows: list[dict[str, Any]] = []
    with _judge(study, finished, progress) if judge else _start_judge() as relearner:
        for ratings in wanted:
            count = raters or min(asked_for, ratings.usual_raters())
            enough = sum(len(people) >= count for people, _ in ratings.samples.values())
            if count < 2 or enough < FEWEST_SAMPLES:
                why = f"Only {enough} samples have {max(count, 2)} scores; a replay needs {FEWEST_SAMPLES}."
                rows.append({"dimension": ratings.key, "undefined": why})
                done += seeds * len(policies)
                continue
            replays: dict[ReplayPolicy, list[ReplayResult]] = {policy: [] for policy in policies}
            for seed in range(seeds):
                drawn, keys = finished.drawn(ratings, count, seed=seed)
                names = [finished.names[key] for key in keys]
                relearn = relearner(ratings, names, drawn) if relearner else None
                for policy in policies:
                    progress(done, total, f"{ratings.key}, {policy.value.replace('_', ' ')}, seed {seed + 1}")
                    replays[policy].append(replay_dimension(drawn, policy, seed=seed, relearn=relearn, until=until))
                    done += 1
            rows.append({"dimension": ratings.key, "undefined": None, "raters": count, **report_of(replays)})
    progress(total, total, "Replayed")
    return {"study": study.slug, "seeds": seeds, "judge": judge, "until": until, "rows": rows}


Relearner = Callable[[ReplayRatings, Sequence[str], FinishedDimension], Relearn]


@contextmanager
def _start_judge() -> Iterator[None]:
    yield None


@contextmanager
def _judge(study: Study, finished: FinishedStudy, progress: ProgressCallback) -> Iterator[Relearner]:
    """Start a judge on the study's samples; what it is told is what a replay has bought."""
    with tempfile.TemporaryDirectory(prefix="replay-") as place:
        folder = Path(place)
        samples = write_sample_lines(study.pk, sorted(finished.names), folder, progress)
        rubric = folder / "rubric.toml"
        rubric.write_text(to_toml(rubric_file(load_rubric(study.rubric_id))), encoding="utf-8")
        with JudgeSession(samples, rubric, cache=feature_cache_folder(), seed=0, progress=progress) as conversation:

            def relearner(ratings: ReplayRatings, names: Sequence[str], drawn: FinishedDimension) -> Relearn:
                return lambda values: _predict_out_of_fold(conversation, ratings.key, names, len(drawn.levels), values)

            yield relearner


def _predict_out_of_fold(
    conversation: JudgeSession, key: str, names: Sequence[str], levels: int, values: Ints
) -> OutOfFoldPredictions | None:
    known = {
        name: np.bincount(own[own >= 0], minlength=levels).tolist()
        for name, own in zip(names, values, strict=True)
        if (own >= 0).any()
    }
    answer = conversation.relearn(key, known)
    if not answer:
        return None
    said = OutOfFoldPredictions(
        np.full((len(names), levels), np.nan), np.full(len(names), np.nan), np.zeros(len(names), dtype=np.int64)
    )
    for row, name in enumerate(names):
        one = answer.get(name)
        if one is not None:
            said.p[row], said.ensemble_sd[row], said.cluster[row] = one["p"], one["ensemble_sd"], one["cluster"]
    return said
