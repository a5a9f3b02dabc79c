"""Records and checks exposures, which end a member's independence on a sample."""

from collections.abc import Sequence

from annotation.core.errors import WrongState
from annotation.core.transactions import write_transaction
from annotation.models import Assignment, Exposure, Member, Sample, Score, Study

from . import revision_expiry
from .assignment_sql import OwnAssignment
from .leases import release_leases, release_member_leases


def record_exposure(*, member: Member, samples: Sequence[Sample]) -> None:
    """Record that an admin or researcher has looked into samples."""
    known = set(Exposure.objects.filter(member=member, sample__in=samples).values_list("sample_id", flat=True))
    new = [sample for sample in samples if sample.pk not in known and sample.pk > member.exposed_through]
    if not new:
        return
    with write_transaction():
        Exposure.objects.bulk_create([Exposure(member=member, sample=sample) for sample in new], ignore_conflicts=True)
        if not member.has_exposures:
            Member.objects.filter(pk=member.pk).update(has_exposures=True)
            member.has_exposures = True
        leased = Assignment.objects.filter(member=member, sample__in=new, state=Assignment.State.LEASED)
        release_leases(list(leased.values_list("pk", flat=True)), event="released")
        revision_expiry.end_member_revisions(member=member, samples=new)


def record_exposure_to_all(*, member: Member) -> None:
    """Record that a member has seen every sample of the study, as by an export."""
    newest = Sample.objects.filter(study=member.study_id).order_by("-pk").values_list("pk", flat=True).first() or 0
    if newest <= member.exposed_through:
        return
    with write_transaction():
        Member.objects.filter(pk=member.pk).update(exposed_through=newest, has_exposures=True)
        member.exposed_through, member.has_exposures = newest, True
        release_member_leases(member=member)


def record_scored_elsewhere(*, study: Study) -> None:
    """Record the samples that members with a login have already scored in imported data."""
    scores = Score.objects.filter(
        sample__study=study, origin=Score.Origin.IMPORTED, voided_at=None, member__user__isnull=False
    )
    pairs = set(scores.values_list("member_id", "sample_id"))
    if not pairs:
        return
    with write_transaction():
        Exposure.objects.bulk_create(
            [Exposure(member_id=member, sample_id=sample) for member, sample in pairs],
            ignore_conflicts=True,
            batch_size=1000,
        )
        Member.objects.filter(pk__in={member for member, _ in pairs}).update(has_exposures=True)


def require_independent(assignment: OwnAssignment) -> None:
    """Raise `WrongState` (`not_independent`) where the annotator has seen the sample's scores or generator."""
    if _is_exposed(assignment.member_id, assignment.sample_id, assignment.has_exposures, assignment.exposed_through):
        raise WrongState(
            "You are no longer independent on this sample: you have seen its scores or its generator.",
            code="not_independent",
        )


def is_exposed_to(member: Member, sample: Sample) -> bool:
    """Whether a member has seen the sample's scores or generator."""
    return _is_exposed(member.pk, sample.pk, member.has_exposures, member.exposed_through)


def _is_exposed(member: int, sample: int, has_exposures: bool, exposed_through: int) -> bool:
    if not has_exposures:
        return False
    return sample <= exposed_through or Exposure.objects.filter(member=member, sample=sample).exists()
