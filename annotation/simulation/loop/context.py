"""Holds what every step of the loop needs: study, users, releases, judges, jobs."""

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
"""The two batches of samples: before there is a judge, and with one."""
SECOND_BATCH_FACTOR = 2
"""How many times as many questions the second batch has: measuring anchoring takes many values."""


@dataclass(slots=True)
class LoopContext:
    """The study of a loop, with its users and the true values of its samples."""

    study: Study
    users: Mapping[str, User]
    questions: int
    """In the first batch."""
    seed: int
    carry_out: Callable[[Job], Job]
    """Runs a job, or waits for the worker that took it first; raises where it fails."""
    true_values: Mapping[str, Truth] = field(init=False)

    def __post_init__(self) -> None:
        batches = (
            synthetic_samples.true_values(batch, questions=self.count_questions(batch), seed=self.seed)
            for batch in (FIRST, SECOND)
        )
        self.true_values = {name: truth for values in batches for name, truth in values.items()}

    @property
    def admin(self) -> User:
        """The user who leads the study."""
        return self.users[ADMIN]

    @property
    def researcher(self) -> User:
        """The user who reads its results and trains its judges."""
        return self.users[RESEARCHER]

    def logins(self) -> list[DemoLogin]:
        """Return the logins of all members."""
        roles = dict(Member.objects.filter(study=self.study, user__isnull=False).values_list("user", "role"))
        return [demo_login(user, Member.Role(roles[user.pk])) for user in self.users.values()]

    def count_questions(self, batch: str) -> int:
        """Return how many questions a batch has."""
        return self.questions * (SECOND_BATCH_FACTOR if batch == SECOND else 1)

    def batch_samples(self, name: str) -> QuerySet[Sample]:
        """Return the samples of one batch."""
        return Sample.objects.filter(study=self.study, external_id__startswith=f"{name}-")

    def find_release(self, number: int) -> Release | None:
        """Return a release by its number, None before it is made."""
        return self.study.releases.select_related("study", "rubric").filter(number=number).first()

    def find_judge(self, number: int) -> JudgeRun | None:
        """Return a judge run by its number, None before it is started."""
        runs = self.study.judge_runs.select_related("study", "release", "rubric", "job")
        return runs.filter(number=number).first()

    def run_job(self, kind: str, *, by: User, **arguments: Any) -> Job:
        """Queue a job as a click does, and run it."""
        return self.carry_out(queueing.enqueue(by=by, kind=kind, study=self.study, arguments=arguments))

    def run_pending_jobs(self) -> None:
        """Run every job that is queued in the study."""
        for job in Job.objects.filter(study=self.study, state__in=UNFINISHED).order_by("pk"):
            self.carry_out(job)
