"""``python -m benchmarks.predicting``: have an active judge say something of every sample of a filled study."""

import json
import random
from typing import Any

import django
from django.apps import apps
from django.db import transaction

from .population import SLUG

if not apps.ready:
    django.setup()

from annotation.core import bulk_insert
from annotation.core.rubric_cache import load_rubric, rubric_file
from annotation.judges.storing_predictions import COLUMNS
from annotation.models import JudgeRun, Prediction, Sample, Study
from judge.formats.prediction_line import SamplePrediction as Said
from judge.formats.prediction_line import prediction_data, prediction_from_distribution

CLUSTERS = 50


def main() -> None:
    study = Study.objects.get(slug=SLUG)
    rubric = rubric_file(load_rubric(study.rubric_id))
    chance = random.Random(11)

    def one(sample: int) -> tuple[Any, ...]:
        dimensions = {}
        for dimension in rubric.dimensions:
            p = [chance.random() + 0.01 for _ in dimension.levels]
            dimensions[dimension.key] = prediction_from_distribution(p, dimension, ensemble_sd=chance.random())
        dimensions_said = prediction_data(Said("", "", "", "ok", "", dimensions=dimensions))
        apart = max(one.p_dispute for one in dimensions.values())
        values = {
            "run_id": run.pk,
            "sample_id": sample,
            "status": "ok",
            "readout": "",
            "prompt_sha": "",
            "cluster": chance.randrange(CLUSTERS),
            "dimensions": json.dumps(dimensions_said),
            "p_dispute": apart,
            "ensemble_sd": 0.5,
            "message": "",
            "out_of_fold": False,
        }
        return tuple(values[name] for name in COLUMNS)

    with transaction.atomic():
        run = JudgeRun.objects.create(
            study=study,
            number=1,
            name="of-the-benchmark",
            origin=JudgeRun.Origin.IMPORTED,
            rubric_id=study.rubric_id,
            finished_at=study.created_at,
            active=True,
        )
        # All at once: nothing can be read while COPY writes.
        samples = list(Sample.objects.filter(study=study).order_by("pk").values_list("pk", flat=True))
        bulk_insert.insert_rows(Prediction, COLUMNS, (one(sample) for sample in samples))


if __name__ == "__main__":
    main()
