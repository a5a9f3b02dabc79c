"""People, studies and samples for tests: plain functions that write rows and return them.

They write tables directly, so that a test of one service does not rest on another one.
"""

import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image

from annotation.models import (
    ApiToken,
    Assignment,
    Dimension,
    Discussion,
    FinalScore,
    Level,
    Member,
    Participant,
    Picture,
    Protocol,
    Question,
    Rating,
    Release,
    Rendition,
    ReservedPool,
    Rubric,
    Sample,
    SampleContent,
    SamplePicture,
    Score,
    Stance,
    Study,
    Topic,
    User,
)
from annotation.models.rubrics import level_id

PASSWORD = "a long enough password"

ANSWER_DIMENSIONS = (
    ("TCC", "Text Content Completeness", ["text"]),
    ("ICC", "Image Content Completeness", ["image"]),
    ("IQ", "Image Quality", ["image"]),
    ("ITS", "Image-Text Synergy", ["text", "image"]),
)

_count = itertools.count(1)


def make_rubric(
    key: str = "answer",
    *,
    version: int = 1,
    dimensions: Iterable[tuple[str, str, list[str]]] = ANSWER_DIMENSIONS,
    levels: Sequence[float] = (0, 1, 2, 3, 4, 5),
    missing: float | None = 0,
) -> Rubric:
    """Make a rubric; ``missing`` is the value where a needed side is missing, None for "not applicable"."""
    rubric, made = Rubric.objects.get_or_create(
        key=key,
        version=version,
        defaults={"title": f"The {key} rubric", "digest": hashlib.sha256(f"{key}{version}".encode()).hexdigest()},
    )
    if not made:
        return rubric
    for position, (name, title, needs) in enumerate(dimensions):
        dimension = Dimension.objects.create(
            rubric=rubric,
            key=name,
            name=title,
            description=f"What {title} means.",
            position=position,
            needs_text="text" in needs,
            needs_image="image" in needs,
            missing="not_applicable" if missing is None else "level",
            missing_value=missing,
        )
        Level.objects.bulk_create(
            Level(
                id=level_id(dimension.pk, place),
                dimension=dimension,
                position=place,
                value=value,
                anchor=f"{name} at {value:g}",
            )
            for place, value in enumerate(levels)
        )
    return rubric


def make_user(username: str = "ann", **fields: Any) -> User:
    """Make a person with a login and the password `PASSWORD`; the same name again is the same person."""
    found = User.objects.filter(username=username).first()
    if found is not None:
        return found
    fields.setdefault("name", username.capitalize())
    return User.objects.create_user(username, PASSWORD, **fields)


def make_study(
    slug: str = "birds",
    *,
    rubric: Rubric | None = None,
    state: str = "running",
    k: int = 3,
    title: str = "",
    **protocol: Any,
) -> Study:
    """Make a study with ``k`` annotators per sample; other names are fields of its protocol.

    One in which annotators meet a judge has a reserved pool; questions are in it where a test says so.
    """
    study = Study.objects.create(
        slug=slug,
        title=title or slug.capitalize(),
        rubric=rubric or make_rubric(),
        state=state,
        instructions="Read all of it first.",
    )
    Protocol.objects.create(study=study, version=1, preset="paper", annotators_per_sample=k, **protocol)
    if protocol.get("suggestions", "none") != "none":
        ReservedPool.objects.create(study=study, share=0.25, calibration_share=0.05, seed=42, at=timezone.now())
    return study


def make_member(
    study: Study, who: str | User | None, role: str = "annotator", *, name: str = "", state: str = "active"
) -> Member:
    """Make somebody a member, the person too where only a username is given; None: a member without a login."""
    user = make_user(who) if isinstance(who, str) else who
    return Member.objects.create(
        study=study,
        user=user,
        name=name or (user.name or user.username if user is not None else f"member {next(_count)}"),
        role=role,
        state=state,
    )


def make_token(user: User, name: str = "tests") -> str:
    """Give a person an API token and return its secret."""
    secret = f"syn_{user.username}-{next(_count)}"
    ApiToken.objects.create(user=user, name=name, secret_hash=hashlib.sha256(secret.encode()).hexdigest())
    return secret


def picture_bytes(color: str = "red", size: tuple[int, int] = (40, 30), kind: str = "PNG") -> bytes:
    """Return a small picture file of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, kind)
    return buffer.getvalue()


def make_picture(color: str = "red", size: tuple[int, int] = (40, 30)) -> Picture:
    """Store a small picture with its full-size and its web-sized copy; the same one again is the same row."""
    data = picture_bytes(color, size)
    sha256 = hashlib.sha256(data).hexdigest()
    found = Picture.objects.filter(sha256=sha256).first()
    if found is not None:
        return found
    web_size = (max(1, size[0] // 2), max(1, size[1] // 2))
    names = {
        "original": default_storage.save(f"original/{sha256}.png", ContentFile(data)),
        "full": default_storage.save(f"full/{sha256}.png", ContentFile(data)),
        "web": default_storage.save(f"web/{sha256}.webp", ContentFile(picture_bytes(color, web_size, "WEBP"))),
    }
    return Picture.objects.create(
        sha256=sha256,
        format="PNG",
        bytes=len(data),
        width=size[0],
        height=size[1],
        web_width=web_size[0],
        web_height=web_size[1],
        **names,
    )


def make_sample(
    study: Study,
    text: str | None = "A robin sings at dawn.",
    pictures: Iterable[str] = (),
    *,
    question: str = "Why do birds sing?",
    external_id: str = "",
    turns: list[dict[str, Any]] | None = None,
    metadata: dict[str, Any] | None = None,
    **fields: Any,
) -> Sample:
    """Make a waiting sample: a text, and one picture per colour named in ``pictures``."""
    number = next(_count)
    colors = list(pictures)
    blocks: list[dict[str, Any]] = [{"text": text}] if text else []
    blocks += [{"picture": position} for position in range(len(colors))]
    fields.setdefault("generator", "generator-x")
    sample = Sample.objects.create(
        study=study,
        question=Question.objects.get_or_create(study=study, key=f"question-{question}")[0],
        external_id=external_id or f"external-{number}",
        has_text=bool(text),
        has_image=bool(colors),
        **fields,
    )
    SampleContent.objects.create(
        sample=sample,
        turns=turns or [{"question": question, "context": False, "blocks": blocks}],
        metadata=metadata or {},
        digest=hashlib.sha256(str(number).encode()).hexdigest(),
    )
    for position, color in enumerate(colors):
        SamplePicture.objects.create(
            sample=sample, picture=make_picture(color), position=position, source_name=f"pictures/{color}.png"
        )
    return sample


ANN_AGAINST_BEN_AND_CHO: Mapping[str, Mapping[str, float]] = {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 4}}


def make_discussion(
    study: Study,
    values: Mapping[str, Mapping[str, float]] = ANN_AGAINST_BEN_AND_CHO,
    *,
    sample: Sample | None = None,
    because: str = "scores",
    otherwise: float = 3,
    due_at: datetime | None = None,
    opened_at: datetime | None = None,
) -> Discussion:
    """Make a sample that the named people scored, and the open discussion of what they differ on.

    ``values`` holds what each said, by username and dimension; ``otherwise`` is what they said on the rest. They become
    members where they are none, and R1, R2, … in the order in which they are named.
    """
    now = opened_at or timezone.now()
    sample = sample or make_sample(study, pictures=["red"])
    dimensions = list(Dimension.objects.filter(rubric=study.rubric))
    level_of = {(level.dimension_id, level.value): level.pk for level in Level.objects.filter(dimension__in=dimensions)}
    said: dict[int, dict[int, float]] = {}
    for slot, (username, own) in enumerate(values.items(), start=1):
        member = Member.objects.filter(study=study, user__username=username).first() or make_member(study, username)
        said[member.pk] = {dimension.pk: own.get(dimension.key, otherwise) for dimension in dimensions}
        assignment = Assignment.objects.create(
            sample=sample, member=member, slot=slot, state=2, leased_at=now, expires_at=now, finished_at=now
        )
        score = Score.objects.create(sample=sample, member=member, assignment=assignment, at=now, seconds=20)
        Rating.objects.bulk_create(
            Rating(score=score, dimension_id=pk, level_id=level_of[pk, value]) for pk, value in said[member.pk].items()
        )
    together = {dimension.pk: {own[dimension.pk] for own in said.values()} for dimension in dimensions}
    disputed = [pk for pk, found in together.items() if len(found) > 1]
    FinalScore.objects.bulk_create(
        FinalScore(sample=sample, dimension_id=pk, level_id=level_of[pk, found.pop()], outcome="unanimous")
        for pk, found in together.items()
        if pk not in disputed
    )
    Sample.objects.filter(pk=sample.pk).update(
        state="in_discussion",
        stage=0,
        free_slots=0,
        scores_in=len(said),
        scores_needed=len(said),
        protocol=Protocol.objects.get(study=study, current=True),
    )
    discussion = Discussion.objects.create(
        study=study,
        sample=sample,
        number=Discussion.objects.filter(sample=sample).count() + 1,
        because=because,
        spread=max(max(together[pk]) - min(together[pk]) for pk in disputed),
        opened_at=now,
        due_at=due_at,
    )
    Topic.objects.bulk_create(Topic(discussion=discussion, dimension_id=pk) for pk in disputed)
    for number, (member_pk, level) in enumerate(said.items(), start=1):
        participant = Participant.objects.create(discussion=discussion, member_id=member_pk, number=number)
        Stance.objects.bulk_create(
            Stance(
                participant=participant,
                dimension_id=pk,
                first_id=level_of[pk, level[pk]],
                level_id=level_of[pk, level[pk]],
            )
            for pk in disputed
        )
    sample.refresh_from_db()
    return discussion


RELEASED = {
    "samples": 10,
    "questions": 5,
    "parts": {"train": {"samples": 8, "questions": 4}, "test": {"samples": 2, "questions": 1}},
    "calibration": {"samples": 2, "questions": 1},
    "annotators": 3,
    "pictures": 1,
    "met": {
        "test_samples": {"wanted": 3, "got": 2, "exact": False, "why": "Whole questions reach 2 or 4, not 3."},
        "grouped": {"questions": 5, "in_both": 0},
        "sticky": {"train": 0, "test": 0, "moved": 0},
        "pool": {"reserved": False, "questions": 1, "outside": 0},
        "generator": {
            "largest": 1,
            "values": [
                {"value": "generator-of-0", "train": 5, "test": 0, "share": 0.0, "beyond": 1},
                {"value": "generator-of-1", "train": 3, "test": 2, "share": 0.4, "beyond": 0},
            ],
        },
        "domain": {"largest": 0, "values": [{"value": "", "train": 8, "test": 2, "share": 0.2, "beyond": 0}]},
    },
    "generators": [
        {"generator": "generator-of-0", "samples": 7, "released": 5, "open": 2, "overridden": 1},
        {"generator": "generator-of-1", "samples": 5, "released": 5, "open": 0, "overridden": 0},
    ],
    "outcomes": {"TCC": {"unanimous": 9, "overridden": 1}},
    "label_origins": {"blind": 10},
    "agreement": {
        "level": "ordinal",
        "rows": [
            {
                "dimension": "TCC",
                "name": "Text Content Completeness",
                "alpha": 0.61,
                "undefined": None,
                "samples": 10,
                "ratings": 30,
                "exact": 0.7,
                "within_one": 0.9,
                "mad": 0.4,
                "interval": [0.4, 0.8],
            }
        ],
    },
    "protocol": {"version": 1, "preset": "paper", "annotators_per_sample": 3},
    "requested": {"test_count": 3, "seed": 42},
}


def make_release(study: Study, *, files: Mapping[str, bytes] | None = None, **fields: Any) -> Release:
    """Make a release with made-up figures, and one rendition of it with these files."""
    number = Release.objects.filter(study=study).count() + 1
    release = Release.objects.create(
        study=study,
        number=number,
        name=fields.pop("name", f"v{number}"),
        rubric=study.rubric,
        protocol=Protocol.objects.get(study=study, current=True),
        seed=42,
        frozen=default_storage.save(f"releases/{study.slug}-{number}.jsonl", ContentFile(b"")),
        frozen_sha256=hashlib.sha256(b"").hexdigest(),
        about={"study": study.slug, "title": study.title, **RELEASED},
        at=timezone.now(),
        **fields,
    )
    make_rendition(release, files if files is not None else {"train.jsonl": b'{"id": "released-line"}\n'})
    return release


def make_rendition(release: Release, files: Mapping[str, bytes], **fields: Any) -> Rendition:
    """Make an archive of files of a release."""
    listed: list[dict[str, Any]] = [
        {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for path, data in files.items()
    ]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("manifest.json", json.dumps({"files": listed}))
        for path, data in files.items():
            packed.writestr(path, data)
    return Rendition.objects.create(
        release=release,
        formats=["jsonl"],
        archive=default_storage.save(f"releases/{release.public_id}.zip", ContentFile(archive.getvalue())),
        bytes=len(archive.getvalue()),
        sha256=hashlib.sha256(archive.getvalue()).hexdigest(),
        files=[file for file in listed if not file["path"].startswith("images/")],
        pictures=sum(path.startswith("images/") for path in files),
        **fields,
    )
