"""A judge that was met by two annotators of every fourth scored sample, and says something of every sample."""

from django.db import connection
from django.utils import timezone

from annotation.core.rubric_cache import DimensionDefinition, load_rubric
from annotation.models import JudgeRun, Prediction, Study

BATCH = 5_000
# The judge's level follows from the sample's number, spread over all levels.
ARMS = "UPDATE annotation_assignment SET arm = 2 WHERE sample_id %% 4 = 0 AND slot > 1 AND state = 2"
SCORES = """UPDATE annotation_score SET arm = 2
            WHERE assignment_id IN (SELECT id FROM annotation_assignment WHERE arm = 2)"""
SUGGESTIONS = """
    INSERT INTO annotation_suggestion
           (assignment_id, dimension_id, run_id, shown_id, expected, sd, shown_at, first_id, final_id, touched)
    SELECT s.assignment_id, r.dimension_id, %s, r.dimension_id * 100 + (s.sample_id / 4 + r.dimension_id) %% 6,
           (s.sample_id / 4 + r.dimension_id) %% 6, 0.5, s.at, r.level_id, r.level_id, TRUE
    FROM annotation_score s JOIN annotation_rating r ON r.score_id = s.id
    WHERE s.arm = 2
"""


def meet(study: Study, samples: int) -> None:
    """Let the first samples' annotators have met the judge, one of three blind."""
    run = JudgeRun.objects.create(
        study=study,
        number=1,
        name="met",
        origin="imported",
        rubric=study.rubric,
        active=True,
        finished_at=timezone.now(),
    )
    dimensions = load_rubric(study.rubric_id).dimensions
    for start in range(1, samples + 1, BATCH):
        Prediction.objects.bulk_create(
            Prediction(run=run, sample_id=number, status="ok", dimensions=_says(number, dimensions))
            for number in range(start, min(start + BATCH, samples + 1))
        )
    with connection.cursor() as cursor:
        cursor.execute(ARMS, [])
        cursor.execute(SCORES, [])
        cursor.execute(SUGGESTIONS, [run.pk])


def _says(number: int, dimensions: tuple[DimensionDefinition, ...]) -> dict[str, object]:
    said: dict[str, object] = {}
    for one in dimensions:
        level = float((number // 4 + one.id) % 6)
        said[one.key] = {"p": [1 / 6] * 6, "expected": level, "sd": 0.5, "rounded": level, "p_dispute": 0.1}
    return said
