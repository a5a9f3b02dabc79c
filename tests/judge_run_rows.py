"""Judges for tests that were never trained: rows written directly, as in ``factories``."""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from annotation.core.rubric_cache import load_rubric, rubric_file
from annotation.models import JudgeRun, Prediction, Release, Sample, Scorecard, Study
from judge.formats.prediction_line import prediction_data

from .judged_studies import judged


def make_judge_run(
    study: Study,
    *,
    release: Release | None = None,
    samples: Iterable[Sample] | None = None,
    held: bool = True,
    turned: int = 0,
    **fields: Any,
) -> JudgeRun:
    """Make a finished run that was never trained: its predictions of ``samples``, or of all, its folder and scorecard.

    A run without a ``release`` is an imported one; only where it is ``held`` to the release has it a scorecard.
    """
    number = fields.pop("number", JudgeRun.objects.filter(study=study).count() + 1)
    name = fields.pop("name", f"judge-of-{study.slug}-{number}")
    trained: dict[str, Any] = {}
    if release is not None:
        folder = io.BytesIO()
        with zipfile.ZipFile(folder, "w") as packed:
            packed.writestr("run.json", json.dumps({"name": name}))
        trained = {
            "origin": "trained",
            "backend": "embedded",
            "preset": "quick",
            "options": {"trees": 10},
            "seed": 42,
            "config": {
                "name": name,
                "seed": 42,
                "code_version": "1.0",
                "libraries": {"numpy": "2.4"},
                "release_sha256": "a1" * 32,
                "data": {
                    "calibration_source": "none",
                    "learn": {"samples": 8, "questions": 4},
                    "calibrate": {"samples": 0, "questions": 0},
                    "test": {"samples": 4, "questions": 2},
                },
            },
            "curves": [{"series": "RMSE TCC", "x": 4, "y": 1.5}, {"series": "RMSE TCC", "x": 8, "y": 1.25}],
            "archive": default_storage.save(f"judges/{study.slug}-{number}.zip", ContentFile(folder.getvalue())),
            "archive_bytes": len(folder.getvalue()),
            "archive_sha256": hashlib.sha256(folder.getvalue()).hexdigest(),
        }
    run = JudgeRun.objects.create(
        study=study,
        number=number,
        name=name,
        rubric=study.rubric,
        release=release,
        finished_at=timezone.now(),
        **{"origin": "imported", "prompt_sha": "5c" * 32} | trained | fields,
    )
    of = list(Sample.objects.filter(study=study).order_by("pk") if samples is None else samples)
    found = judged(rubric_file(load_rubric(study.rubric_id)), of, judge=name, turned=turned)
    Prediction.objects.bulk_create(
        Prediction(
            run=run,
            sample=sample,
            status=said.status,
            readout=said.readout,
            prompt_sha=said.prompt_sha,
            cluster=said.cluster,
            dimensions=prediction_data(said),
            p_dispute=max(one.p_dispute for one in said.dimensions.values()),
        )
        for sample, said in zip(of, found.predictions, strict=True)
    )
    if release is not None and held:
        make_scorecard(run, release, cards=found.cards, pairs=found.pairs)
    return run


def make_scorecard(
    run: JudgeRun, release: Release, *, cards: Mapping[str, Any] | None = None, pairs: Mapping[str, Any] | None = None
) -> Scorecard:
    """Hold a run to a release, with the figures that are given, or those of its newest scorecard."""
    like = run.scorecards.order_by("-pk").first()
    if cards is None or pairs is None:
        assert like is not None
        cards, pairs = like.cards, like.pairs
    return Scorecard.objects.create(run=run, release=release, cards=cards, pairs=pairs, made_at=timezone.now())
