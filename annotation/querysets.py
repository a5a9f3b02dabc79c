"""The named sets: which rows a person may know of."""

from django.db.models import Q, QuerySet

from .models import Assignment, Job, Member, Rubric, Sample, SamplePicture, Study, User


def studies_visible_to(user: User) -> QuerySet[Study]:
    """Studies that the user is a member of; all of them for a site administrator."""
    if user.is_site_admin:
        return Study.objects.all()
    members = Member.objects.filter(user=user).exclude(state=Member.State.LEFT)
    return Study.objects.filter(id__in=members.values("study_id"))


def studies_led_by(user: User, *, roles: tuple[str, ...] = (Member.Role.ADMIN,)) -> QuerySet[Study]:
    """Studies in which the user holds one of ``roles`` and is active; all for a site administrator."""
    if user.is_site_admin:
        return Study.objects.all()
    members = Member.objects.filter(user=user, state=Member.State.ACTIVE, role__in=roles)
    return Study.objects.filter(id__in=members.values("study_id"))


def samples_visible_to(user: User) -> QuerySet[Sample]:
    """Samples that the user may look into as an admin or a researcher.

    An annotator meets samples only through assignments; see `assignments_of`.
    """
    roles = (Member.Role.ADMIN, Member.Role.RESEARCHER)
    return Sample.objects.filter(study__in=studies_led_by(user, roles=roles))


def assignments_of(user: User) -> QuerySet[Assignment]:
    """Assignments that are the user's own."""
    return Assignment.objects.filter(member__user=user).exclude(member__state=Member.State.LEFT)


def pictures_visible_to(user: User) -> QuerySet[SamplePicture]:
    """Pictures of samples that the user was assigned to, or may look into."""
    if user.is_site_admin:
        return SamplePicture.objects.all()
    own = Assignment.objects.filter(member__user=user).exclude(member__state=Member.State.LEFT)
    roles = (Member.Role.ADMIN, Member.Role.RESEARCHER)
    results = Member.objects.filter(user=user, state=Member.State.ACTIVE, role__in=roles)
    return SamplePicture.objects.filter(
        Q(sample__in=own.values("sample_id")) | Q(sample__study__in=results.values("study_id"))
    )


def jobs_visible_to(user: User) -> QuerySet[Job]:
    """Jobs of the studies that the user leads, and the user's own."""
    return Job.objects.filter(Q(study__in=studies_led_by(user)) | Q(created_by=user))


def rubrics_visible_to(user: User) -> QuerySet[Rubric]:
    """Rubrics of the studies that the user is in; all of them for a site administrator."""
    if user.is_site_admin:
        return Rubric.objects.all()
    return Rubric.objects.filter(studies__in=studies_visible_to(user)).distinct()
