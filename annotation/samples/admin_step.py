"""Helpers of admins' actions on one sample: lookup, lock, reason, scored dimensions."""

from annotation.core import permissions
from annotation.core.errors import BadInput, NotFound, WrongState
from annotation.core.rubric_cache import DimensionDefinition, load_rubric
from annotation.core.visibility import samples_visible_to
from annotation.models import Member, Sample, Study, User
from judge.missing_sides import locked_dimensions

REASON_LENGTH = 2000


def find_sample(by: User, sample_id: str) -> Sample:
    """Return a sample of a study that the user leads.

    Raises:
        NotFound, NotAllowed: the user does not lead the study.
    """
    found = samples_visible_to(by).select_related("study").filter(public_id=sample_id).first()
    if found is None:
        raise NotFound("There is no such sample.")
    permissions.require_lead(by, found.study)
    return found


def lock_sample(by: User, sample_id: str) -> Sample:
    """Return what `find_sample` finds, locked; call it in a transaction."""
    rows = Sample.objects.select_for_update(of=("self",)).select_related("study", "protocol")
    return rows.get(pk=find_sample(by, sample_id).pk)


def reload_sample(sample: Sample) -> Sample:
    """Return a sample as it is stored now."""
    return Sample.objects.select_related("study", "question").get(pk=sample.pk)


def require_reason(reason: str) -> str:
    """Return a reason without the space around it, or raise `BadInput` where there is none or it is too long."""
    words = reason.strip()
    if not words:
        raise BadInput("Say why.", fields={"reason": "Needed: it is kept with the sample."})
    if len(words) > REASON_LENGTH or "\x00" in words:
        raise BadInput(
            "The reason is too long.", fields={"reason": f"At most {REASON_LENGTH} characters, without NUL."}
        )
    return words


def scored_dimensions(sample: Sample) -> list[DimensionDefinition]:
    """Return the dimensions that people score on a sample; none where a rule decides all of them."""
    rubric = load_rubric(sample.study.rubric_id)
    locked = locked_dimensions(rubric.dimensions, has_text=sample.has_text, has_image=sample.has_image)
    return [dimension for dimension in rubric.dimensions if dimension.key not in locked]


def decided_by_rule_error() -> WrongState:
    """Return the error for a sample whose values are all decided by rule."""
    return WrongState("A side of the answer is missing, so its values follow from a rule.", code="by_rule")


def member_id_of(by: User, study: Study) -> int | None:
    """Return the primary key of the user's membership of the study, if any."""
    return Member.objects.filter(study=study, user=by).values_list("pk", flat=True).first()
