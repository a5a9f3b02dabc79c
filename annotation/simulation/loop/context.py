"""What every step of the play needs at hand: the study, its people, its releases and judges, and who works off jobs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from annotation.jobs import queueing
from annotation.models import Job, JudgeRun, Member, Release, Sample, Study, User
from annotation.models.jobs import UNFINISHED
from annotation.simulation.demo_users import DemoLogin, demo_login

from . import synthetic_samples
from .annotators import ADMIN, RESEARCHER
from .synthetic_samples import Truth

FIRST, SECOND = "first", "second"
"""The two batches of samples: before there is a judge, and with it."""
LATER = 2
"""So many times as many questions come in then: how far a judge pulls takes many values to tell."""


@dataclass(slots=True)
class LoopContext:
    """A study that is being played."""

    study: Study
    users: Mapping[str, User]
    questions: int
    """In the first batch."""
    seed: int
    carry_out: Callable[[Job], Job]
    """Works a job off, or follows it where a worker was faster; raises where it fails."""
    truths: Mapping[str, Truth] = field(init=False)

    def __post_init__(self) -> None:
        drawn = (
            synthetic_samples.true_values(one, questions=self.count(one), seed=self.seed) for one in (FIRST, SECOND)
        )
        self.truths = {name: truth for batch in drawn for name, truth in batch.items()}

    @property
    def admin(self) -> User:
        """Who leads the study."""
        return self.users[ADMIN]

    @property
    def researcher(self) -> User:
        """Who reads its results and trains its judges."""
        return self.users[RESEARCHER]

    def logins(self) -> list[DemoLogin]:
        """Return what everybody signs in with."""
        roles = dict(Member.objects.filter(study=self.study, user__isnull=False).values_list("user", "role"))
        return [demo_login(user, Member.Role(roles[user.pk])) for user in self.users.values()]

    def count(self, batch: str) -> int:
        """Return how many questions a batch has."""
        return self.questions * (LATER if batch == SECOND else 1)

    def batch(self, name: str) -> QuerySet[Sample]:
        """Return the samples of one batch."""
        return Sample.objects.filter(study=self.study, external_id__startswith=f"{name}-")

    def release(self, number: int) -> Release | None:
        """Return a release, if it is made."""
        return self.study.releases.select_related("study", "rubric").filter(number=number).first()

    def judge(self, number: int) -> JudgeRun | None:
        """Return a judge, if it is begun."""
        runs = self.study.judge_runs.select_related("study", "release", "rubric", "job")
        return runs.filter(number=number).first()

    def work(self, kind: str, *, by: User, **arguments: Any) -> Job:
        """Queue a job as a click does, and have it done."""
        return self.carry_out(queueing.enqueue(by=by, kind=kind, study=self.study, arguments=arguments))

    def work_off(self) -> None:
        """Have everything done that is queued in the study."""
        for job in Job.objects.filter(study=self.study, state__in=UNFINISHED).order_by("pk"):
            self.carry_out(job)
