"""Querysets of the rows that a person may know of."""

from django.db.models import BigIntegerField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation.models import (
    Assignment,
    Discussion,
    Job,
    JudgeRun,
    Member,
    Participant,
    QueueEntry,
    Release,
    Rubric,
    Sample,
    SamplePicture,
    Study,
    Suggestion,
    User,
)


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


def deciding_level() -> Coalesce:
    """Return the expression of the level that decides: the revised one, or the rating's own."""
    answers = Suggestion.objects.filter(
        assignment=OuterRef("score__assignment"), dimension=OuterRef("dimension"), final__isnull=False
    )
    return Coalesce(Subquery(answers.values("final_id")), F("level_id"), output_field=BigIntegerField())


def samples_visible_to(user: User) -> QuerySet[Sample]:
    """Samples that the user may look into as an admin or a researcher.

    An annotator meets samples only through assignments; see `assignments_of`.
    """
    roles = (Member.Role.ADMIN, Member.Role.RESEARCHER)
    return Sample.objects.filter(study__in=studies_led_by(user, roles=roles))


def assignments_of(user: User) -> QuerySet[Assignment]:
    """The user's own assignments."""
    return Assignment.objects.filter(member__user=user).exclude(member__state=Member.State.LEFT)


def participations_of(user: User) -> QuerySet[Participant]:
    """The user's own participations in discussions of studies that they have not left."""
    return Participant.objects.filter(member__user=user).exclude(member__state=Member.State.LEFT)


def open_participations(study: Study) -> QuerySet[Participant]:
    """Participations in open discussions of the study, without excused ones."""
    taking_part = Participant.objects.filter(member__study=study, state=Participant.State.ACTIVE)
    return taking_part.exclude(discussion__state=Discussion.State.CLOSED)


def awaited_participations() -> QuerySet[Participant]:
    """Participations in discussions that wait for an answer which can be given.

    Nobody is awaited in a discussion that is over or with the admins; there `waits` is off.
    """
    return Participant.objects.filter(
        waits=True, member__state=Member.State.ACTIVE, member__study__state=Study.State.RUNNING
    ).exclude(member__role=Member.Role.RESEARCHER)


def discussions_visible_to(user: User) -> QuerySet[Discussion]:
    """Discussions that the user takes part in, or may read as an admin or a researcher.

    What of one they may see is for `annotation.discussions.views` to say.
    """
    roles = (Member.Role.ADMIN, Member.Role.RESEARCHER)
    return Discussion.objects.filter(
        # Correlated, as pages ask for one discussion every few seconds, and somebody may take part in thousands.
        Q(study__in=studies_led_by(user, roles=roles))
        | Exists(participations_of(user).filter(discussion=OuterRef("pk")))
    )


def pictures_visible_to(user: User) -> QuerySet[SamplePicture]:
    """Pictures of samples that the user was assigned to, takes part in discussing, or may look into."""
    if user.is_site_admin:
        return SamplePicture.objects.all()
    own = Assignment.objects.filter(member__user=user).exclude(member__state=Member.State.LEFT)
    roles = (Member.Role.ADMIN, Member.Role.RESEARCHER)
    results = Member.objects.filter(user=user, state=Member.State.ACTIVE, role__in=roles)
    return SamplePicture.objects.filter(
        Q(sample__in=own.values("sample_id"))
        | Q(sample__study__in=results.values("study_id"))
        | Exists(participations_of(user).filter(discussion__sample=OuterRef("sample_id")))
    )


# Work that whoever reads a study's results may start, and so may see.
OF_READERS = ("import_predictions", "judge_train", "judge_predict", "judge_evaluate")


def jobs_visible_to(user: User) -> QuerySet[Job]:
    """Jobs of the studies that the user leads; of those whose results they read, their own and what judges do."""
    read = studies_led_by(user, roles=(Member.Role.ADMIN, Member.Role.RESEARCHER))
    own = Q(created_by=user) | Q(kind__in=OF_READERS)
    return Job.objects.filter(Q(study__in=studies_led_by(user)) | Q(study__in=read) & own)


def rubrics_visible_to(user: User) -> QuerySet[Rubric]:
    """Rubrics of the studies that the user is in; all of them for a site administrator."""
    if user.is_site_admin:
        return Rubric.objects.all()
    return Rubric.objects.filter(studies__in=studies_visible_to(user)).distinct()


def releases_visible_to(user: User) -> QuerySet[Release]:
    """Releases of the studies whose results the user reads."""
    roles = (Member.Role.ADMIN, Member.Role.RESEARCHER)
    return Release.objects.filter(study__in=studies_led_by(user, roles=roles))


def judge_runs_visible_to(user: User) -> QuerySet[JudgeRun]:
    """Judges of the studies whose results the user reads."""
    roles = (Member.Role.ADMIN, Member.Role.RESEARCHER)
    return JudgeRun.objects.filter(study__in=studies_led_by(user, roles=roles))


def queue_entries_visible_to(user: User) -> QuerySet[QueueEntry]:
    """Entries of the review queues of the studies whose results the user reads."""
    roles = (Member.Role.ADMIN, Member.Role.RESEARCHER)
    return QueueEntry.objects.filter(study__in=studies_led_by(user, roles=roles))
