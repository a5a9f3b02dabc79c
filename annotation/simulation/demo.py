"""Creates the demo: a small study with members, samples, scores, discussions and a release.

Its images are drawn by our own code, and its samples are in every state.
"""

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
MEMBERS = {
    "ada": ("Ada", Member.Role.ADMIN),
    "ann": ("Ann", Member.Role.ANNOTATOR),
    "ben": ("Ben", Member.Role.ANNOTATOR),
    "cho": ("Cho", Member.Role.ANNOTATOR),
    "rae": ("Rae", Member.Role.ANNOTATOR),
    "ravi": ("Ravi", Member.Role.RESEARCHER),
}
# Rae has scored none, so that visitors can score as her.
SCORES_PER_ANNOTATOR = {"ann": 16, "ben": 13, "cho": 11}
QUALITY = {"heron": 5, "wader": 3, "plover": 2}
REASONS = (
    "The caption names a bird that the picture does not show.",
    "Everything that was asked for is there; I looked for it twice.",
    "The second half of the question is not answered at all.",
    "Picture and text each do half of the work, as the anchor asks for.",
    "It repeats in words what anybody sees.",
    "The drawing is clear, but not of what the text describes.",
)


def create_demo() -> tuple[Study, list[DemoLogin]]:
    """Create the demo study, or complete the one that is there.

    Raises:
        NotAllowed: this is neither a demo nor a development server.
    """
    require_demo()
    study = Study.objects.filter(slug=SLUG).first() or studies.create_study(
        by=None, slug=SLUG, title="Demo: answers that show and tell", rubric=rubrics.get_or_load("interleaved-answer")
    )
    users = {
        username: get_or_create_demo_user(study, username, name, role) for username, (name, role) in MEMBERS.items()
    }
    _import_demo_samples(study, by=users["ada"])
    if not Score.objects.filter(sample__study=study).exists():
        _set_fixed_order(study)
        _score_samples(study, users)
    if not Post.objects.filter(discussion__study=study).exists():
        _discuss_samples(study)
    if not StudyFigures.objects.filter(study=study).exists():
        stored_reports.refresh_reports(study=study)
    if not study.releases.exists():
        _create_release(study, by=users["ada"])
    return study, [demo_login(users[username], role) for username, (_, role) in MEMBERS.items()]


def _import_demo_samples(study: Study, *, by: User) -> None:
    lines = (FOLDER / "samples.jsonl").read_bytes().count(b"\n")
    if Sample.objects.filter(study=study).count() >= lines:
        return
    with tempfile.TemporaryDirectory() as folder:
        runpy.run_path(str(FOLDER / "draw.py"))["draw_all"](Path(folder))
        report = import_samples(by=by, study=study, path=FOLDER / "samples.jsonl", images=Path(folder))
    if report.refused:
        raise RuntimeError(f"the demo's own samples were rejected: {report.as_data(most=3)['errors']}")


def _score_samples(study: Study, users: dict[str, User]) -> None:
    """Score samples as the annotators.

    The first sample is skipped by all of them, and so is blocked.
    """
    for username in SCORES_PER_ANNOTATOR:
        for assignment in leasing.lease_samples(by=users[username], slug=study.slug).assignments:
            leases.skip_sample(
                by=users[username], assignment_id=assignment.public_id, client_key=uuid4(), reason="expertise", note=""
            )
    for username, count in SCORES_PER_ANNOTATOR.items():
        for _ in range(count):
            for assignment in leasing.lease_samples(by=users[username], slug=study.slug).assignments:
                _submit(study, users[username], assignment)


def _create_release(study: Study, *, by: User) -> None:
    """Release what is agreed so far, with files."""
    # Imported here: a web process should not load it.
    from annotation.releases.creating import create_release
    from annotation.releases.creating_renditions import create_rendition
    from annotation.releases.request import ReleaseRequest, RenditionRequest

    release = create_release(by=by, study=study, request=ReleaseRequest(name="pilot", test_count=2))
    create_rendition(by=by, release=release, options=RenditionRequest(formats=("jsonl", "scores")))


def _set_fixed_order(study: Study) -> None:
    """Set a fixed order of samples, so that every demo looks the same."""
    for index, sample in enumerate(Sample.objects.filter(study=study).order_by("external_id")):
        Sample.objects.filter(pk=sample.pk).update(shuffle=index)
    Member.objects.filter(study=study).update(shuffle_start=0)


def _submit(study: Study, user: User, assignment: leasing.LeasedWork) -> None:
    sample = Sample.objects.get(public_id=assignment.sample.public_id)
    submitting.submit_score(
        by=user,
        assignment_id=assignment.public_id,
        client_key=uuid4(),
        ratings=_synthetic_values(study, sample, user, without=set(assignment.sample.locked)),
        notes={},
        seconds=round(_rng_of(sample, user).uniform(15, 90), 1),
    )


def _synthetic_values(study: Study, sample: Sample, user: User, *, without: set[str]) -> dict[str, float]:
    """Return a synthetic annotator's values of a sample.

    On every second sample all annotators agree; on the others most do.
    """
    shared, own = _rng_of(sample), _rng_of(sample, user)
    contested = shared.random() < 0.5
    ratings = {}
    for dimension in load_rubric(study.rubric_id).dimensions:
        value = QUALITY[sample.generator] + shared.choice((-1, 0, 0, 0, 1))
        if contested and shared.random() < 0.6:
            value += own.choice((-1, 0, 0, 1))
        if dimension.key not in without:
            ratings[dimension.key] = float(min(5, max(1, value)))
    return ratings


def _rng_of(sample: Sample, user: User | None = None) -> random.Random:
    return random.Random(f"{sample.external_id} {user.username if user else ''}")  # noqa: S311 - synthetic scores


def _discuss_samples(study: Study) -> None:
    """Close the first discussion, comment on the second, and leave the third waiting.

    The third lacks the reasons of one participant.
    """
    open_discussions = Discussion.objects.filter(study=study, state=Discussion.State.OPEN).order_by(
        "sample__external_id"
    )
    for index, discussion in enumerate(open_discussions[:3]):
        participants = list(Participant.objects.filter(discussion=discussion).order_by("member__name"))
        for number, participant in enumerate(participants):
            if index < 2 or number > 0:
                _give_reasons(participant, REASONS[(index + number) % len(REASONS)])
        if index == 0:
            _reach_consensus(participants)
        elif index == 1:
            _post_comment(participants[-1], "What would you take as enough here?")


def _open_topics(discussion: Discussion) -> list[str]:
    topics = discussion.topics.filter(closed_at=None).order_by("dimension__position")
    return list(topics.values_list("dimension__key", flat=True))


def _give_reasons(participant: Participant, text: str) -> None:
    assert participant.member.user is not None
    participating.give_reasons(
        by=participant.member.user,
        discussion_id=participant.discussion.public_id,
        client_key=uuid4(),
        reasons={key: participating.StanceReason(text=text) for key in _open_topics(participant.discussion)},
    )


def _post_comment(participant: Participant, text: str) -> None:
    assert participant.member.user is not None
    participating.post_comment(
        by=participant.member.user,
        discussion_id=participant.discussion.public_id,
        client_key=uuid4(),
        dimension=_open_topics(participant.discussion)[0],
        text=text,
    )


def _reach_consensus(participants: list[Participant]) -> None:
    """Let all participants adopt the values of the first one."""
    first = participants[0]
    values = {
        stance.dimension.key: stance.level.value
        for stance in first.stances.select_related("dimension", "level")
        if stance.level is not None
    }
    for participant in participants[1:]:
        assert participant.member.user is not None
        open_topics = _open_topics(participant.discussion)
        if open_topics:
            participating.take_stances(
                by=participant.member.user,
                discussion_id=participant.discussion.public_id,
                client_key=uuid4(),
                stances={key: values[key] for key in open_topics},
                reasons={key: participating.StanceReason(code=Post.Reason.CONVINCED) for key in open_topics},
            )
