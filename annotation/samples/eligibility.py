"""Which members could score a sample, and why others could not. Read-only.

The rule of `annotation.core.scoring_eligibility` for a few samples and all members, with the reason for each.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from annotation.core.scoring_eligibility import scoring_members
from annotation.models import Assignment, Exposure, Member, Sample, Score, Study


@dataclass(frozen=True, slots=True)
class EligibleAnnotator:
    """A member's eligibility for a sample; ``had`` is empty where they could be assigned it."""

    member: Member
    had: str = ""
    """`scored`, `skipped` or `seen`: why they cannot score it, or not again."""
    held_until: datetime | None = None
    """They hold it."""
    assigned: bool = False
    """An admin gave it to them."""

    @property
    def free(self) -> bool:
        """Whether the sample can be assigned to the member, who does not hold it yet."""
        return not self.had and self.held_until is None


def eligible_annotators(study: Study, samples: Sequence[Sample]) -> dict[int, list[EligibleAnnotator]]:
    """Return the eligibility of a study's annotators for each of some samples, in three queries."""
    return member_eligibility(scoring_members(study).order_by("name"), samples)


def member_eligibility(members: Iterable[Member], samples: Sequence[Sample]) -> dict[int, list[EligibleAnnotator]]:
    """Return the members' eligibility for each sample, by sample, in the members' order."""
    people = list(members)
    pairs = {"sample__in": samples, "member__in": people}
    work = {
        (sample, member): (state, expires_at, assigned)
        for sample, member, state, expires_at, assigned in Assignment.objects.filter(**pairs)
        .exclude(state=Assignment.State.RELEASED)
        .values_list("sample_id", "member_id", "state", "expires_at", "assigned")
    }
    seen = set(Exposure.objects.filter(**pairs).values_list("sample_id", "member_id"))
    scored = set(Score.objects.filter(**pairs, voided_at=None).values_list("sample_id", "member_id"))
    return {
        sample.pk: [_find_eligibility(one, sample, work.get((sample.pk, one.pk)), seen, scored) for one in people]
        for sample in samples
    }


def _find_eligibility(
    member: Member,
    sample: Sample,
    work: tuple[int, datetime, bool] | None,
    seen: set[tuple[int, int]],
    scored: set[tuple[int, int]],
) -> EligibleAnnotator:
    pair = (sample.pk, member.pk)
    if pair in scored or (work and work[0] == Assignment.State.SCORED):
        return EligibleAnnotator(member, "scored")
    if work and work[0] == Assignment.State.SKIPPED:
        return EligibleAnnotator(member, "skipped")
    if pair in seen or sample.pk <= member.exposed_through:
        return EligibleAnnotator(member, "seen")
    return (
        EligibleAnnotator(member) if work is None else EligibleAnnotator(member, held_until=work[1], assigned=work[2])
    )
