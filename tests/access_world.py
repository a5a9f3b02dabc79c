"""Who walks, and through what: a study with everybody in it, beside another one.

Nobody is signed in. Olga scores in another study. Ann scores in this one, Rae reads its results, Ada leads it, and
Sia administrates the site.
"""

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, cached_property
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.test.client import ClientHandler
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from annotation.discussions import participating
from annotation.models import (
    ApiToken,
    Assignment,
    Discussion,
    Exposure,
    Invitation,
    Job,
    JudgeRun,
    Member,
    Prediction,
    QueueEntry,
    Rating,
    Release,
    Sample,
    Study,
    User,
)
from annotation.review_queue.rebuild import rebuild_queue
from annotation.scoring import leasing, submitting
from annotation.studies import invitations

from .factories import make_discussion, make_member, make_release, make_sample, make_study, make_token, make_user
from .judge_run_rows import make_judge_run

WALKERS = ("nobody", "olga", "ann", "rae", "ada", "sia")

# What no annotator may meet: where samples come from, and what others have said of them.
FORBIDDEN = (
    "external-of-",
    "generator-of-",
    "question-id-of-",
    "metadata-of-",
    "source-name-of-",
    "bens-note",
    "cleos-note",
    "bens-reason",
    "cleos-comment",
    "Ben Bright",
    "Cleo Calm",
    "Ada Admin",
    "judge-of-",
    "90617",
)


@dataclass
class World:
    """The rows that addresses name, and everybody's session."""

    study: Study
    members: dict[str, Member]
    sample: Sample
    case: Discussion
    held: str
    scored: str
    secret: str
    invitation: Invitation
    job: Job
    release: Release
    run: JudgeRun
    token: ApiToken
    password_link: tuple[str, str]
    sessions: dict[str, str] = field(default_factory=dict)

    @property
    def entry(self) -> str:
        """Return the case's place in the review queue."""
        return QueueEntry.objects.get(sample=self.case.sample_id, kind="disputed").public_id

    @cached_property
    def handler(self) -> ClientHandler:
        """Return what answers everybody's requests; its middleware is loaded once."""
        return Client().handler

    def client(self, who: str) -> Client:
        """Return a browser in which somebody is signed in; a new one each time, as answers change cookies."""
        client = Client(raise_request_exception=False)
        client.handler = self.handler
        if who in self.sessions:
            client.cookies["sessionid"] = self.sessions[who]
        return client

    def values(self, route: str) -> dict[str, Any]:
        """Return what fills the gaps of a route."""
        token = self.password_link[1] if "uidb64" in route else str(self.token.pk)
        return {**self._values, "slug": self.study.slug, "token": token}

    @cached_property
    def _values(self) -> dict[str, Any]:
        picture = self.sample.pictures.get()
        rendition = self.release.renditions.get().public_id
        return {
            "member": self.members["ben"].public_id,
            "member_id": self.members["ben"].public_id,
            "sample": self.sample.public_id,
            "sample_id": self.sample.public_id,
            "discussion": self.case.public_id,
            "case": self.case.public_id,
            "assignment": self.held,
            "assignment_id": self.scored,
            "invitation": str(self.invitation.pk),
            "invitation_id": str(self.invitation.pk),
            "job": self.job.public_id,
            "job_id": self.job.public_id,
            "picture": picture.public_id,
            "size": "web",
            "release": self.release.public_id,
            "release_id": self.release.public_id,
            "run": self.run.public_id,
            "run_id": self.run.public_id,
            "entry": self.entry,
            "entry_id": self.entry,
            "rendition": rendition,
            "rendition_id": rendition,
            "name": "train.jsonl",
            "file_name": "GLOSSARY.md",
            "token_id": str(self.token.pk),
            "secret": self.secret,
            "uidb64": self.password_link[0],
            "form": "csv",
            "table": "states",
        }


def make_world() -> World:
    """Make people, two studies, samples, scores, an invitation, a job, and a discussion in which Ann is to speak."""
    study = make_study("birds", k=3, title="Birds that sing")
    other = make_study("fishes", title="Fishes that do not")
    names = {"ann": "Ann Alder", "ben": "Ben Bright", "cleo": "Cleo Calm"}
    members = {who: make_member(study, make_user(who, name=name)) for who, name in names.items()}
    members["rae"] = make_member(study, make_user("rae", name="Rae Reader"), "researcher")
    members["ada"] = make_member(study, make_user("ada", name="Ada Admin"), "admin")
    members["dan"] = make_member(study, make_user("dan", name="Dan Dune"))
    members["ida"] = make_member(study, None, name="Ida Imported")
    make_member(other, make_user("olga", name="Olga Other"))
    make_user("sia", name="Sia Site", is_site_admin=True)
    for number in range(4):
        _make_sample(study, number)
    for who in ("ben", "cleo", "ann"):
        _score_one(study, members[who], note=f"{who}s-note")
    scored = Assignment.objects.get(member=members["ann"], state=Assignment.State.SCORED)
    held = leasing.lease_samples(by=_user(members["ann"]), slug=study.slug, count=1).assignments[0]
    case = _make_case(study, members)
    Exposure.objects.all().delete()
    invitation, secret = invitations.create_invitation(by=_user(members["ada"]), study=study, role="annotator", uses=5)
    job = Job.objects.create(
        kind="import_samples",
        study=study,
        created_by=members["ada"].user,
        arguments={"dry_run": True},
        file="jobs/gone.jsonl",
        state=Job.State.QUEUED,
        lease_until=timezone.now() + timedelta(minutes=5),
    )
    ann = _user(members["ann"])
    make_token(ann)
    ben = _user(members["ben"])
    release = make_release(study)
    world = World(
        study=study,
        members=members,
        sample=scored.sample,
        case=case,
        held=held.public_id,
        scored=scored.public_id,
        secret=secret,
        invitation=invitation,
        job=job,
        release=release,
        run=make_judge_run(study, release=release, number=90617, active=True),
        token=ApiToken.objects.get(user=ann),
        password_link=(urlsafe_base64_encode(force_bytes(ben.pk)), default_token_generator.make_token(ben)),
    )
    rebuild_queue(study=study)
    for who in WALKERS[1:]:
        client = Client()
        client.force_login(User.objects.get(username=who), backend="django.contrib.auth.backends.ModelBackend")
        world.sessions[who] = client.cookies["sessionid"].value
    return world


def words_of_judges() -> set[str]:
    """Return what names a judge, and what any of them has said of any sample, as numbers are written anywhere."""
    words = {
        word
        for row in JudgeRun.objects.values_list("public_id", "name", "prompt_sha", "archive", "archive_sha256")
        for word in row
    }
    for dimensions, dispute in Prediction.objects.values_list("dimensions", "p_dispute"):
        figures = [dispute, *(said[name] for said in dimensions.values() for name in ("expected", "sd"))]
        # Three digits of each: rounded or not, it would be found.
        words |= {f"{figure:.6f}"[:5] for figure in figures}
    return words - {""}


def _user(member: Member) -> User:
    assert member.user is not None
    return member.user


def _make_sample(study: Study, number: int) -> Sample:
    sample = make_sample(
        study,
        f"Answer {number}.",
        ["red"],
        question=f"Why {number}?",
        external_id=f"external-of-{number}",
        generator=f"generator-of-{number}",
        metadata={"batch": f"metadata-of-{number}"},
    )
    sample.question.key = f"question-id-of-{number}"
    sample.question.save()
    sample.pictures.update(source_name=f"source-name-of-{number}.png")
    return sample


def _make_case(study: Study, members: dict[str, Member]) -> Discussion:
    """Let Ann, Ben and Cleo differ; Ben and Cleo have given their reasons, and Ann has not."""
    values = {"ann": {"ITS": 1, "IQ": 2}, "ben": {"ITS": 5, "IQ": 2}, "cleo": {"ITS": 4, "IQ": 3}}
    case = make_discussion(study, values, sample=_make_sample(study, 4))
    for who in ("ben", "cleo"):
        participating.give_reasons(
            by=_user(members[who]),
            discussion_id=case.public_id,
            client_key=uuid.uuid4(),
            reasons={key: participating.StanceReason(text=f"{who}s-reason") for key in ("ITS", "IQ")},
        )
    participating.post_comment(
        by=_user(members["cleo"]),
        discussion_id=case.public_id,
        client_key=uuid.uuid4(),
        dimension="ITS",
        text="cleos-comment",
    )
    return case


def _score_one(study: Study, member: Member, *, note: str) -> None:
    work = leasing.lease_samples(by=_user(member), slug=study.slug, count=1).assignments[0]
    submitting.submit_score(
        by=_user(member),
        assignment_id=work.public_id,
        client_key=uuid.uuid4(),
        ratings={"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 2},
        notes={"TCC": note},
        seconds=30,
    )
    assert Rating.objects.filter(score__member=member).count() == 4


@cache
def routes() -> dict[str, str]:
    """Return every address pattern of the project: its route by its name."""
    found: dict[str, str] = {}

    def walk(patterns: list[URLPattern | URLResolver], prefix: str, namespace: str) -> None:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                walk(pattern.url_patterns, route, inner)
            else:
                found[f"{namespace}{pattern.name or 'everything else'}"] = route

    walk(get_resolver().url_patterns, "/", "")
    return found
