"""Exports suggested values with the annotators' answers to them."""

from collections.abc import Iterator

from annotation.core.rubric_cache import load_rubric
from annotation.core.spreadsheet_cells import format_csv
from annotation.core.sql import moment_text
from annotation.models import JudgeRun, Member, Sample, Study, User
from annotation.models.assignments import Arm
from annotation.models.people import pseudonym_of
from annotation.models.rubrics import LEVELS_PER_DIMENSION

from .downloads import authorize_export
from .suggestions_sql import read_exported_suggestions

PAGE = 500
COLUMNS = ("sample", "annotator", "arm", "run", "dimension", "shown", "first", "final", "touched", "seconds", "at")


def export_suggestions(*, by: User, study: Study) -> Iterator[str]:
    """Yield CSV pieces of every suggested value with a valid score, annotators by pseudonym.

    ``first`` is the locked own value in the delayed arm, else what was submitted first. Seconds are those of the whole
    score. Who has taken it away and could score there is no longer independent on today's samples.

    Raises:
        NotFound, NotAllowed: the user may not read the study's results.
    """
    authorize_export(by, study)
    return _format_pieces(study)


def _format_pieces(study: Study) -> Iterator[str]:
    yield format_csv([COLUMNS])
    names = {pk: pseudonym_of(name) for pk, name in Member.objects.filter(study=study).values_list("pk", "public_id")}
    runs = dict(JudgeRun.objects.filter(study=study).values_list("pk", "number"))
    dimensions = load_rubric(study.rubric_id).dimensions
    key = {one.id: one.key for one in dimensions}
    value: dict[int | None, float | None] = {level.id: level.value for one in dimensions for level in one.levels}
    value[None] = None
    for page in _read_pages(study):
        yield format_csv(
            (
                page[row.sample],
                names.get(row.member),
                Arm(row.arm).label,
                runs.get(row.run),
                key[row.shown // LEVELS_PER_DIMENSION],
                value[row.shown],
                value[row.first],
                value[row.final],
                "yes" if row.touched else "no",
                row.seconds,
                moment_text(row.at),
            )
            for row in read_exported_suggestions(page)
        )


def _read_pages(study: Study) -> Iterator[dict[int, str]]:
    """Yield external ids of samples with suggestions, some at a time, by primary key."""
    met = Sample.objects.filter(study=study, assignments__arm__gt=Arm.BLIND).order_by("pk").distinct()
    after = 0
    while found := dict(met.filter(pk__gt=after).values_list("pk", "external_id")[:PAGE]):
        yield found
        after = max(found)
