"""People who score through the services, for tests of what follows from their scores."""

from collections.abc import Mapping
from uuid import UUID, uuid4

from annotation.models import Discussion, FinalScore, Member, Sample, Study, User
from annotation.scoring import leasing, submitting
from tests.factories import make_member, make_user

Values = Mapping[str, float]
ALL = ("TCC", "ICC", "IQ", "ITS")


def same(value: float, **but: float) -> dict[str, float]:
    """Return one value on all four dimensions, but for those named."""
    return {**dict.fromkeys(ALL, value), **but}


def person(study: Study, name: str) -> User:
    """Return somebody who scores in the study, made a member where they are none yet."""
    user = make_user(name)
    if not Member.objects.filter(study=study, user=user).exists():
        make_member(study, user)
    return user


def lease(study: Study, name: str) -> leasing.LeasedWork | None:
    found = leasing.lease_samples(by=person(study, name), slug=study.slug).assignments
    return found[0] if found else None


def score(study: Study, name: str, values: Values, *, key: UUID | None = None) -> submitting.SubmissionResult:
    """Let somebody score the next sample that they get."""
    work = lease(study, name)
    assert work is not None, f"nothing to do for {name}"
    return submitting.submit_score(
        by=make_user(name),
        assignment_id=work.public_id,
        client_key=key or uuid4(),
        ratings={key: value for key, value in values.items() if key not in work.sample.locked},
        notes={},
        seconds=20.0,
    )


def all_score(study: Study, values: Mapping[str, Values]) -> None:
    for name, own in values.items():
        score(study, name, own)


def finals(sample: Sample) -> dict[str, tuple[float | None, str]]:
    """Return current value and outcome by dimension."""
    rows = FinalScore.objects.filter(sample=sample, current=True).select_related("dimension", "level")
    return {row.dimension.key: (row.level.value if row.level else None, row.outcome) for row in rows}


def state_of(sample: Sample) -> str:
    sample.refresh_from_db()
    return sample.state


def discussion_of(sample: Sample) -> Discussion:
    return Discussion.objects.exclude(state="closed").get(sample=sample)
