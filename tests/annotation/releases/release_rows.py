"""Makes agreed samples as rows, for tests of releases.

Each sample has its own question unless one is named.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from annotation.models import (
    Assignment,
    Dimension,
    FinalScore,
    Level,
    Member,
    Protocol,
    Rating,
    Release,
    Sample,
    Score,
    Study,
)
from annotation.releases.creating import create_release
from annotation.releases.request import ReleaseRequest
from tests.factories import make_sample

GOOD = {"TCC": 4, "ICC": 3, "IQ": 5, "ITS": 2}


def get_level(dimension: Dimension, value: float) -> Level:
    return Level.objects.get(dimension=dimension, value=value)


def make_agreed_sample(
    study: Study,
    external_id: str,
    final: Mapping[str, float] = GOOD,
    *,
    outcome: str = "unanimous",
    scores: Mapping[Member, Mapping[str, float]] | None = None,
    pictures: Sequence[str] = ("red",),
    question: str = "",
    **fields: Any,
) -> Sample:
    """Make an agreed sample with its final and its independent scores."""
    sample = make_sample(
        study,
        f"The answer {external_id}.",
        pictures,
        question=question or f"Why {external_id}?",
        external_id=external_id,
        state="agreed",
        stage=0,
        protocol=Protocol.objects.get(study=study, current=True),
        **fields,
    )
    set_final_scores(sample, final, outcome=outcome)
    for slot, (member, values) in enumerate((scores or {}).items(), 1):
        make_score(sample, member, values, slot=slot)
    return sample


def set_final_scores(
    sample: Sample, final: Mapping[str, float], *, outcome: str = "unanimous", version: int = 1
) -> None:
    """Set the current final scores of a sample."""
    FinalScore.objects.filter(sample=sample, current=True).update(current=False)
    for dimension in Dimension.objects.filter(rubric=sample.study.rubric):
        if dimension.key in final:
            FinalScore.objects.create(
                sample=sample,
                dimension=dimension,
                level=get_level(dimension, final[dimension.key]),
                outcome=outcome,
                version=version,
                label_origin="imported" if outcome == "imported" else "blind",
            )


def make_score(
    sample: Sample, member: Member, values: Mapping[str, float], *, slot: int = 1, round: int = 1, **fields: Any
) -> Score:
    """Make a member's score of a sample; a later round is an imported signature."""
    now = timezone.now()
    if round == 1:
        fields["assignment"] = Assignment.objects.create(
            sample=sample, member=member, slot=slot, state=2, leased_at=now, expires_at=now, finished_at=now
        )
    else:
        fields["origin"] = "imported"
    score = Score.objects.create(sample=sample, member=member, round=round, at=now, seconds=12.5, **fields)
    for dimension in Dimension.objects.filter(rubric=sample.study.rubric):
        if dimension.key in values:
            Rating.objects.create(score=score, dimension=dimension, level=get_level(dimension, values[dimension.key]))
    return score


def release_study(study: Study, name: str = "v1", **wanted: Any) -> Release:
    """Release a study as the command line does, half of the samples as test.

    Of few samples a fifth, the default, would be none.
    """
    if "test_count" not in wanted:
        wanted.setdefault("test_share", 0.5)
    return create_release(by=None, study=study, request=ReleaseRequest(name=name, **wanted))


def read_frozen_records(release: Release) -> dict[str, dict[str, Any]]:
    """Return the frozen records of a release by external id."""
    with default_storage.open(release.frozen) as file:
        rows = [json.loads(line) for line in file]
    return {record["id"]: record for record in rows}


def read_parts(release: Release) -> dict[str, set[str]]:
    """Return the external ids in each part."""
    names_by_part: dict[str, set[str]] = {"train": set(), "test": set()}
    for name, record in read_frozen_records(release).items():
        names_by_part[record["part"]].add(name)
    return names_by_part
