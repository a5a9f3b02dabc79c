"""What reading a vision-language model costs over calling it: the same batches, the same process, side by side.

Bare is what nobody can do without: pictures and texts made into batches, and one call of the model for each. Ours is
the distributions over the levels of four dimensions, which takes some short calls more. Models are drawn by chance:
what they say is nonsense, and takes as long. Reading is compared by processor time, which nothing else on the machine
makes longer; judging by the clock, as it prepares pictures on one processor while the model works on another. No
database has a part in it, so it runs once.
"""

import gc
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .databases import Store
from .drawings import draw
from .figures import Measured, row
from .programs import ROOT, environment, run

# Width, layers, samples, samples at once, repetitions.
SIZES = {
    "tiny": (64, 2, 16, 8, 5),
    "100M": (1_024, 12, 2, 2, 2),
}
FAMILY = "qwen2_5_vl"
WORDS = "The river rose in the night and the bridge gave way. " * 8
MOST = 1.10
NOTHING = "sqlite://:memory:"


def measure(store: Store, *, quick: bool) -> Measured:
    """Yield ratios of the time of our way to that of bare calls, for the reading alone and for all of judging."""
    if store.kind != "sqlite":
        return
    for size in ("tiny",) if quick else SIZES:
        with tempfile.TemporaryDirectory(prefix="vlm-") as folder:
            done = run(["-m", "benchmarks.vlm", size, folder], env=environment(NOTHING, Path(folder)))
        found = json.loads(done.output.splitlines()[-1])
        title = f"vision-language model of {found['weights'] / 1e6:,.1f} million weights"
        yield (
            row(f"{title}: reading four dimensions, over one bare call on the same batches", "×", most=MOST),
            found["read"],
        )
        yield row(f"{title}: judging samples, over making batches and bare calls", "×", most=MOST), found["judge"]
        yield row(f"{title}: samples judged on the processor", "1/s"), found["rate"]
        yield row(f"{title}: peak memory", "MB"), done.peak_bytes / 1e6


def compare(size: str, folder: Path) -> dict[str, float]:
    """Return both ratios, each the median over repetitions in which the two take turns."""
    import torch

    from judge.backends.vlm.backend import BACKEND, VlmJudge
    from judge.backends.vlm.batches import build_batch
    from judge.formats.picture_folder import PictureFolder
    from judge.formats.sample_line import parse_sample

    width, layers, count, batch, repetitions = SIZES[size]
    draw(folder / "images", count)
    samples = [
        parse_sample({"id": str(n), "question": "What happened?", "answer": WORDS, "image": f"images/{n}.jpg"})
        for n in range(count)
    ]
    run_of_it = _run(folder, samples, width=width, layers=layers, batch=batch)
    pictures = PictureFolder(folder)
    judge = VlmJudge(run_of_it, BACKEND.options(dict(run_of_it.config.options)), pictures)
    items, reader = judge._builder, judge._reader
    model = reader._model
    made = [items.build(one, pictures) for one in samples]

    def bare(given: list[Any]) -> None:
        with torch.inference_mode():
            for start in range(0, len(given), batch):
                model(**build_batch(given[start : start + batch], items), use_cache=False, logits_to_keep=1)

    def read() -> None:
        for start in range(0, len(made), batch):
            some = made[start : start + batch]
            reader.read(some, [{}] * len(some))

    reading = _ratios(read, lambda: bare(made), repetitions, time.process_time)
    judging = _ratios(
        lambda: list(judge.predict(samples)),
        lambda: bare([items.build(one, pictures) for one in samples]),
        repetitions,
        time.perf_counter,
    )
    return {
        "weights": float(sum(weight.numel() for weight in model.parameters())),
        "read": statistics.median(ratio for ratio, _ in reading),
        "judge": statistics.median(ratio for ratio, _ in judging),
        "rate": count / statistics.median(seconds for _, seconds in judging),
    }


def _ratios(
    ours: Callable[[], object], bare: Callable[[], object], repetitions: int, clock: Callable[[], float]
) -> list[tuple[float, float]]:
    """Return the ratio of times and our own time of each repetition; the two take turns in being first."""
    ours(), bare()
    found = []
    for repetition in range(repetitions):
        seconds: dict[Callable[[], object], float] = {}
        for one in (ours, bare) if repetition % 2 else (bare, ours):
            gc.collect()
            started = clock()
            one()
            seconds[one] = clock() - started
        found.append((seconds[ours] / seconds[bare], seconds[ours]))
    return found


def _run(folder: Path, samples: list[Any], *, width: int, layers: int, batch: int) -> Any:
    """Return a run that holds a model drawn by chance, as if it had learned."""
    from judge.atomic_files import write_json
    from judge.backends.vlm.model_lookup import find_model
    from judge.backends.vlm.trainer import MODEL
    from judge.formats.rubric import parse_rubric
    from judge.formats.sample_line import TextPart
    from judge.presets import find_preset
    from judge.prompt import build_prompt
    from judge.runs import Run, RunConfig
    from tests.judge.backends.tiny_models import write_model

    rubric = (ROOT / "fixtures/rubrics/interleaved-answer.toml").read_bytes()
    said = [part.text for part in build_prompt(parse_rubric(rubric), samples[0].turns) if isinstance(part, TextPart)]
    options = find_preset("tiny", "vlm").options | {"model": "-", "eval_batch": batch, "picture_tokens": 256}
    config = RunConfig(*("b", "vlm", "tiny", options, 42, "R", "0" * 64, {}, "r@1", "sha", "1", {}, "2026-01-01"))
    made = Run.begin(folder / "run", config, rubric, resume=False)
    write_model(made.model, FAMILY, width=width, layers=layers, said=said)
    about = {"family": FAMILY, "tuning": "full", "base_fingerprint": find_model(str(made.model)).fingerprint()}
    write_json(made.model / MODEL, about)
    return made


if __name__ == "__main__":
    print(json.dumps(compare(sys.argv[1], Path(sys.argv[2]))))
