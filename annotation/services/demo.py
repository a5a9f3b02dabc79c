"""A small study to look at: people, pictures drawn by our own code, and scores in every state."""

import random
import runpy
import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from annotation.errors import NotAllowed, WrongState
from annotation.models import Member, Sample, Score, Study, User
from annotation.rubrics import definition

from . import assigning, leases, people, rubrics, scoring, studies
from .importing import import_samples

SLUG = "demo"
FOLDER = settings.BASE_DIR / "fixtures" / "demo"
PASSWORD = "blue heron on the lake"  # noqa: S105 - printed for everybody, and refused outside of the demo
PEOPLE = {
    "ada": ("Ada", Member.Role.ADMIN),
    "ann": ("Ann", Member.Role.ANNOTATOR),
    "ben": ("Ben", Member.Role.ANNOTATOR),
    "cho": ("Cho", Member.Role.ANNOTATOR),
    "rae": ("Rae", Member.Role.ANNOTATOR),
    "ravi": ("Ravi", Member.Role.RESEARCHER),
}
# How many samples each has scored; Rae is left for the visitor to be.
SCORED = {"ann": 14, "ben": 10, "cho": 7}
GOOD = {"heron": 5, "wader": 3, "plover": 2}


@dataclass(frozen=True, slots=True)
class Login:
    """A login of the demo; without password where its owner has set another one."""

    username: str
    role: str
    password: str | None


def make_demo() -> tuple[Study, list[Login]]:
    """Make the demo study, or find it as it was left; what is missing of it is added.

    Raises:
        NotAllowed: this is neither a demo nor a development server.
    """
    if not (settings.DEMO or settings.DEBUG):
        raise NotAllowed("The demo brings logins that everybody knows: set DEMO=1, and never where real work is done.")
    study = Study.objects.filter(slug=SLUG).first() or studies.create_study(
        by=None, slug=SLUG, title="Demo: answers that show and tell", rubric=rubrics.get_or_load("interleaved-answer")
    )
    users = {username: _person(study, username) for username in PEOPLE}
    _fill(study, by=users["ada"])
    if not Score.objects.filter(sample__study=study).exists():
        _score(study, users)
    return study, [
        Login(username, str(role.label), PASSWORD if users[username].check_password(PASSWORD) else None)
        for username, (_, role) in PEOPLE.items()
    ]


def _person(study: Study, username: str) -> User:
    name, role = PEOPLE[username]
    if User.objects.filter(username=username, is_demo=False).exists():
        raise WrongState(
            f"The demo needs the login {username!r}, which is somebody's here. Run it in a DATA_DIR of its own.",
            code="exists",
        )
    user = User.objects.filter(username=username).first() or people.create_user(
        username=username, password=PASSWORD, name=name, is_demo=True
    )
    if not Member.objects.filter(study=study, user=user).exists():
        studies.add_member(by=None, study=study, name=name, role=role, user=user)
    return user


def _fill(study: Study, *, by: User) -> None:
    lines = (FOLDER / "samples.jsonl").read_bytes().count(b"\n")
    if Sample.objects.filter(study=study).count() >= lines:
        return
    with tempfile.TemporaryDirectory() as folder:
        runpy.run_path(str(FOLDER / "draw.py"))["draw_all"](Path(folder))
        report = import_samples(by=by, study=study, path=FOLDER / "samples.jsonl", images=Path(folder))
    if report.refused:
        raise RuntimeError(f"the demo's own samples are refused: {report.as_data(most=3)['errors']}")


def _score(study: Study, users: dict[str, User]) -> None:
    """Let the annotators work a while; the first sample is skipped by all of them, and so is blocked."""
    for username in SCORED:
        for assignment in assigning.lease(by=users[username], slug=study.slug).assignments:
            leases.skip(
                by=users[username], assignment_id=assignment.public_id, client_key=uuid4(), reason="expertise", note=""
            )
    for username, wanted in SCORED.items():
        for _ in range(wanted):
            for assignment in assigning.lease(by=users[username], slug=study.slug).assignments:
                _submit(study, users[username], assignment)


def _submit(study: Study, user: User, assignment: assigning.LeasedWork) -> None:
    sample = Sample.objects.get(public_id=assignment.sample.public_id)
    chance = random.Random(f"{sample.external_id} {user.username}")  # noqa: S311 - made-up opinions
    ratings = {}
    for dimension in definition(study.rubric_id).dimensions:
        if dimension.key not in assignment.sample.locked:
            value = GOOD[sample.generator] + chance.choice((-1, 0, 0, 0, 0, 1))
            ratings[dimension.key] = float(min(5, max(1, value)))
    scoring.submit(
        by=user,
        assignment_id=assignment.public_id,
        client_key=uuid4(),
        ratings=ratings,
        notes={},
        seconds=round(chance.uniform(15, 90), 1),
    )
