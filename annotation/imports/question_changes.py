"""The rules of when an import may change a sample's question.

It may where no part of a release is entered or left by it.
"""

from collections.abc import Mapping
from typing import NamedTuple

from annotation.models import Question, ReleaseEntry, Sample, Study
from annotation.releases.test_pool import question_draw_of_study

from .sample_lines import IncomingSample


class QuestionBinding(NamedTuple):
    """A question's part, and what it was drawn for."""

    part: str
    reserved: bool
    calibration: bool

    def __str__(self) -> str:
        fixed = [f"in the {self.part} part"] if self.part else []
        fixed += ["reserved for test"] if self.reserved and not self.part else []
        fixed += ["kept for calibration"] if self.calibration else []
        return " and ".join(fixed) or "free"


class LineRejection(NamedTuple):
    """The reason for rejecting a line, and the field that it is about."""

    field: str
    message: str


def find_question_conflicts(study: Study, changed: Mapping[int, IncomingSample]) -> dict[int, LineRejection]:
    """Return why samples cannot change to their line's question, by primary key.

    A question that is new is drawn for now, and one that was drawn for the same is as good as the old one. With the
    study locked it stays true.
    """
    rows = Sample.objects.filter(pk__in=changed).select_related("question").only("pk", "question")
    moving = {row.pk: row.question for row in rows if row.question.key != changed[row.pk].question_key}
    if not moving:
        return {}
    bindings = _get_bindings(study, {changed[pk].question_key for pk in moving})
    released = set(ReleaseEntry.objects.filter(sample__in=moving).values_list("sample_id", flat=True))
    reasons = {}
    for pk, question in moving.items():
        sample, old = changed[pk], QuestionBinding(question.part, question.reserved, question.calibration)
        new = bindings[sample.question_key]
        if pk in released:
            reasons[pk] = _reject_change(sample, question.key, "is in a release, which says what it answers")
        elif old != new:
            reasons[pk] = _reject_change(
                sample, question.key, f"answers a question that is {old}, and the other is {new}"
            )
    return reasons


def _get_bindings(study: Study, keys: set[str]) -> dict[str, QuestionBinding]:
    """Return the bindings of questions, for new ones those to be drawn."""
    rows = Question.objects.filter(study=study, key__in=keys).values_list("key", "part", "reserved", "calibration")
    stored = {key: QuestionBinding(part, reserved, calibration) for key, part, reserved, calibration in rows}
    draw = question_draw_of_study(study)
    return {key: stored.get(key) or QuestionBinding("", *draw(key)) for key in keys}


def _reject_change(sample: IncomingSample, old_key: str, why: str) -> LineRejection:
    field = "question_id" if sample.record.question_id else "question"
    remedy = f'Write "question_id": "{old_key}" in the line to keep its question, or give the new content another id.'
    return LineRejection(field, f"would be another one for {sample.record.id!r}, but that sample {why}. {remedy}")
