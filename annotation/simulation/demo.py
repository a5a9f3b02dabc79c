"""A small study to look at: people, pictures drawn by our own code, scores in every state, and what is discussed."""

import random
import runpy
import tempfile
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from annotation.core.rubric_cache import load_rubric
from annotation.discussions import participating
from annotation.imports.samples import import_samples
from annotation.models import Discussion, Member, Participant, Post, Sample, Score, Study, StudyFigures, User
from annotation.reports import stored_reports
from annotation.scoring import leases, leasing, submitting
from annotation.studies import rubrics, studies

from .demo_users import DemoLogin, demo_login, get_or_create_demo_user, require_demo

SLUG = "demo"
FOLDER = settings.BASE_DIR / "fixtures" / "demo"
PEOPLE = {
    "ada": ("Ada", Member.Role.ADMIN),
    "ann": ("Ann", Member.Role.ANNOTATOR),
    "ben": ("Ben", Member.Role.ANNOTATOR),
    "cho": ("Cho", Member.Role.ANNOTATOR),
    "rae": ("Rae", Member.Role.ANNOTATOR),
    "ravi": ("Ravi", Member.Role.RESEARCHER),
}
# How many samples each has scored; Rae is left for the visitor to be.
SCORED = {"ann": 16, "ben": 13, "cho": 11}
GOOD = {"heron": 5, "wader": 3, "plover": 2}
REASONS = (
    "The caption names a bird that the picture does not show.",
    "Everything that was asked for is there; I looked for it twice.",
    "The second half of the question is not answered at all.",
    "Picture and text each do half of the work, as the anchor asks for.",
    "It repeats in words what anybody sees.",
    "The drawing is clear, but not of what the text describes.",
)


def make_demo() -> tuple[Study, list[DemoLogin]]:
    """Make the demo study, or find it as it was left; what is missing of it is added.

    Raises:
        NotAllowed: this is neither a demo nor a development server.
    """
    require_demo()
    study = Study.objects.filter(slug=SLUG).first() or studies.create_study(
        by=None, slug=SLUG, title="Demo: answers that show and tell", rubric=rubrics.get_or_load("interleaved-answer")
    )
    users = {
        username: get_or_create_demo_user(study, username, name, role) for username, (name, role) in PEOPLE.items()
    }
    _fill(study, by=users["ada"])
    if not Score.objects.filter(sample__study=study).exists():
        _same_order_each_time(study)
        _score(study, users)
    if not Post.objects.filter(discussion__study=study).exists():
        _discuss(study)
    if not StudyFigures.objects.filter(study=study).exists():
        stored_reports.refresh_reports(study=study)
    if not study.releases.exists():
        _release(study, by=users["ada"])
    return study, [demo_login(users[username], role) for username, (_, role) in PEOPLE.items()]


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
        for assignment in leasing.lease_samples(by=users[username], slug=study.slug).assignments:
            leases.skip_sample(
                by=users[username], assignment_id=assignment.public_id, client_key=uuid4(), reason="expertise", note=""
            )
    for username, wanted in SCORED.items():
        for _ in range(wanted):
            for assignment in leasing.lease_samples(by=users[username], slug=study.slug).assignments:
                _submit(study, users[username], assignment)


def _release(study: Study, *, by: User) -> None:
    """Freeze what is agreed so far, and make files of it."""
    # Imported here, as everywhere: nothing that a web process should load.
    from annotation.releases.creating import make_release
    from annotation.releases.rendering_jobs import make_rendition
    from annotation.releases.request import ReleaseRequest, RenditionRequest

    release = make_release(by=by, study=study, wanted=ReleaseRequest(name="pilot", test_count=2))
    make_rendition(by=by, release=release, options=RenditionRequest(formats=("jsonl", "scores")))


def _same_order_each_time(study: Study) -> None:
    """Hand the samples out in one and the same order, so that the demo looks the same wherever it is made."""
    for place, sample in enumerate(Sample.objects.filter(study=study).order_by("external_id")):
        Sample.objects.filter(pk=sample.pk).update(shuffle=place)
    Member.objects.filter(study=study).update(shuffle_start=0)


def _submit(study: Study, user: User, assignment: leasing.LeasedWork) -> None:
    sample = Sample.objects.get(public_id=assignment.sample.public_id)
    submitting.submit_score(
        by=user,
        assignment_id=assignment.public_id,
        client_key=uuid4(),
        ratings=_opinion(study, sample, user, without=set(assignment.sample.locked)),
        notes={},
        seconds=round(_seeded(sample, user).uniform(15, 90), 1),
    )


def _opinion(study: Study, sample: Sample, user: User, *, without: set[str]) -> dict[str, float]:
    """Return what somebody makes of a sample: on every second one all see the same, on the others most do."""
    shared, own = _seeded(sample), _seeded(sample, user)
    contested = shared.random() < 0.5
    ratings = {}
    for dimension in load_rubric(study.rubric_id).dimensions:
        value = GOOD[sample.generator] + shared.choice((-1, 0, 0, 0, 1))
        if contested and shared.random() < 0.6:
            value += own.choice((-1, 0, 0, 1))
        if dimension.key not in without:
            ratings[dimension.key] = float(min(5, max(1, value)))
    return ratings


def _seeded(sample: Sample, user: User | None = None) -> random.Random:
    return random.Random(f"{sample.external_id} {user.username if user else ''}")  # noqa: S311 - made-up opinions


def _discuss(study: Study) -> None:
    """Bring the first discussion to its end, let a second be argued over, and a third wait for one more reason."""
    open_ones = Discussion.objects.filter(study=study, state=Discussion.State.OPEN).order_by("sample__external_id")
    for place, discussion in enumerate(open_ones[:3]):
        taking_part = list(Participant.objects.filter(discussion=discussion).order_by("member__name"))
        for number, participant in enumerate(taking_part):
            if place < 2 or number > 0:
                _reason(participant, REASONS[(place + number) % len(REASONS)])
        if place == 0:
            _come_together(taking_part)
        elif place == 1:
            _comment(taking_part[-1], "What would you take as enough here?")


def _topics(discussion: Discussion) -> list[str]:
    topics = discussion.topics.filter(closed_at=None).order_by("dimension__position")
    return list(topics.values_list("dimension__key", flat=True))


def _reason(participant: Participant, text: str) -> None:
    assert participant.member.user is not None
    participating.give_reasons(
        by=participant.member.user,
        discussion_id=participant.discussion.public_id,
        client_key=uuid4(),
        reasons={key: participating.StanceReason(text=text) for key in _topics(participant.discussion)},
    )


def _comment(participant: Participant, text: str) -> None:
    assert participant.member.user is not None
    participating.post_comment(
        by=participant.member.user,
        discussion_id=participant.discussion.public_id,
        client_key=uuid4(),
        dimension=_topics(participant.discussion)[0],
        text=text,
    )


def _come_together(taking_part: list[Participant]) -> None:
    """Let all adopt where the first one stands."""
    first = taking_part[0]
    values = {
        stance.dimension.key: stance.level.value
        for stance in first.stances.select_related("dimension", "level")
        if stance.level is not None
    }
    for participant in taking_part[1:]:
        assert participant.member.user is not None
        still = _topics(participant.discussion)
        if still:
            participating.take_stances(
                by=participant.member.user,
                discussion_id=participant.discussion.public_id,
                client_key=uuid4(),
                stances={key: values[key] for key in still},
                reasons={key: participating.StanceReason(code=Post.Reason.CONVINCED) for key in still},
            )
