"""Who may score which sample: the one home of the rule, as querysets and as conditions of SQL.

A member scores in a study while they are active, can sign in and are no researcher. They can be given a sample while
they are independent on it, so have no exposure to it, and have neither scored nor skipped it; a lease that was returned
leaves it open to them. Scores that were imported under their name are recorded as exposures.
"""

from django.db.models import Q, QuerySet

from annotation.models import Assignment, Member, Sample, Study

ROLES_THAT_SCORE = (Member.Role.ANNOTATOR, Member.Role.ADMIN)
# A member's assignment on a sample that they can be given (again); None stands for no assignment.
OPEN_ASSIGNMENT_STATES = (None, Assignment.State.RELEASED)


def scoring_members(study: Study) -> QuerySet[Member]:
    """Return the members who could score some sample of the study now; not those who have seen all samples."""
    newest = Sample.objects.filter(study=study).order_by("-pk").values_list("pk", flat=True).first() or 0
    return Member.objects.filter(
        Q(exposed_through=0) | Q(exposed_through__lt=newest),
        study=study,
        state=Member.State.ACTIVE,
        user__isnull=False,
        role__in=ROLES_THAT_SCORE,
    )


def scoring_member_sql(member: str) -> str:
    """Return the SQL condition of members who score in their study; ``member`` is the alias of their table."""
    roles = ", ".join(f"'{role}'" for role in ROLES_THAT_SCORE)
    return f"{member}.state = '{Member.State.ACTIVE}' AND {member}.user_id IS NOT NULL AND {member}.role IN ({roles})"


def unseen_sql(sample: str, *, member_id: str, exposed_through: str) -> str:
    """Return the SQL condition that a member is independent on a sample; ``sample`` is the alias of its table.

    The other two are columns or placeholders; ``exposed_through`` comes first where they are placeholders.
    """
    exposure = f"SELECT 1 FROM annotation_exposure e WHERE e.member_id = {member_id} AND e.sample_id = {sample}.id"  # noqa: S608
    return f"{sample}.id > {exposed_through} AND NOT EXISTS ({exposure})"
