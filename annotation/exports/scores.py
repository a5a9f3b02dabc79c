"""Exports the long score table, a page of samples at a time."""

import json
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from annotation.core import permissions
from annotation.core.rubric_cache import load_rubric
from annotation.core.spreadsheet_cells import BYTE_ORDER_MARK, escape_formula
from annotation.core.sql import moment_text
from annotation.models import Member, Sample, Study, User
from annotation.scoring.exposures import record_exposure_to_all
from judge.formats.score_table import COLUMNS, number_text, quote_cell

from . import scores_sql

PAGE = 500
SAMPLES_READ = 5_000
HEADER = ",".join(COLUMNS) + "\n"
Format = Literal["csv", "jsonl", "spreadsheet"]
# Those that can be imported again. A spreadsheet would run names that begin like formulas, so it gets changed ones.
FORMATS: tuple[Format, ...] = ("csv", "jsonl")


def export_scores(*, by: User | None, study: Study, format: Format = "csv") -> Iterator[str]:
    """Yield a study's valid ratings as pieces of a score table; ``by=None`` is the command line.

    Imported into another study of the same samples and rubric, the table gives the same ratings, but for the format
    ``spreadsheet``: a CSV for people. A member who has taken it away scores no sample of today any more.

    Raises:
        NotFound, NotAllowed: the user may not lead the study.
    """
    if by is not None:
        member = permissions.require_lead(by, study)
        if member is not None:
            record_exposure_to_all(member=member)
    return _format_pieces(
        study, _parts[format], header={"csv": HEADER, "spreadsheet": BYTE_ORDER_MARK + HEADER}.get(format)
    )


class _Parts(NamedTuple):
    """How the pieces of a line are written; the first two are written once for many lines."""

    sample: Callable[[str], str]
    annotator: Callable[[str], str]
    value: Callable[[str, float], str]
    rest: Callable[[int, str, float | None], str]


def _format_pieces(study: Study, parts: _Parts, *, header: str | None) -> Iterator[str]:
    if header:
        yield header
    members = Member.objects.filter(study=study).values_list("pk", "name")
    names = {pk: parts.annotator(name) for pk, name in members}
    dimensions = load_rubric(study.rubric_id).dimensions
    values = {level.id: parts.value(d.key, level.value) for d in dimensions for level in d.levels}
    for page in _read_pages(study):
        around: dict[int, tuple[str, str]] = {}
        sample_id, sample = 0, ""
        for score_id, of_sample, member_id, number, at, seconds in scores_sql.valid_scores(page):
            if of_sample != sample_id:
                sample_id, sample = of_sample, parts.sample(page[of_sample])
            # Members go on being added meanwhile.
            if member_id in names:
                around[score_id] = sample + names[member_id], parts.rest(number, moment_text(at), seconds)
        lines = []
        for score_id, level_id in scores_sql.valid_levels(page):
            found = around.get(score_id)
            if found is not None:
                lines.append(found[0] + values[level_id] + found[1])
        yield "".join(lines)


def _read_pages(study: Study) -> Iterator[dict[int, str]]:
    """Yield the external ids of some samples at a time, by primary key."""
    samples = Sample.objects.filter(study=study).order_by("pk").values_list("pk", "external_id")
    after = 0
    while found := list(samples.filter(pk__gt=after)[:SAMPLES_READ]):
        for start in range(0, len(found), PAGE):
            yield dict(found[start : start + PAGE])
        after = found[-1][0]


def _format_rest(number: int, at: str, seconds: float | None) -> str:
    return f"{number},{at},{'' if seconds is None else number_text(seconds)}\n"


_parts: dict[Format, _Parts] = {
    "csv": _Parts(
        lambda sample: f"{quote_cell(sample)},",
        lambda annotator: f"{quote_cell(annotator)},",
        lambda dimension, value: f"{quote_cell(dimension)},{number_text(value)},",
        _format_rest,
    ),
    "spreadsheet": _Parts(
        lambda sample: f"{quote_cell(escape_formula(sample))},",
        lambda annotator: f"{quote_cell(escape_formula(annotator))},",
        lambda dimension, value: f"{quote_cell(escape_formula(dimension))},{number_text(value)},",
        _format_rest,
    ),
    "jsonl": _Parts(
        lambda sample: f'{{"sample": {json.dumps(sample)}, ',
        lambda annotator: f'"annotator": {json.dumps(annotator)}, ',
        lambda dimension, value: f'"dimension": {json.dumps(dimension)}, "value": {number_text(value)}, ',
        lambda number, at, seconds: (
            f'"round": {number}, "at": {json.dumps(at or None)}, '
            f'"seconds": {"null" if seconds is None else number_text(seconds)}}}\n'
        ),
    ),
}
