"""Disputed samples and their people, for tests.

Ann, Ben and Cho score, Ada leads, Ravi reads results.
"""

from typing import Any
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from annotation.discussions import participating
from annotation.discussions.participating import StanceReason
from annotation.models import Discussion, FinalScore, Member, Participant, Sample, Study
from tests.annotation.scoring.score_rows import same, score
from tests.factories import make_member, make_sample, make_study, make_user

LIST = "/studies/birds/discussions/"
NAMES = {"ann": "Ann Alder", "ben": "Ben Bright", "cho": "Cho Calm"}


def make_people(slug: str = "birds", *, k: int = 2, **protocol: object) -> Study:
    """Make a study with Ann, Ben and Cho, Ada and Ravi in it."""
    study = make_study(slug, k=k, title=slug.capitalize(), **protocol)
    for who, name in NAMES.items():
        make_member(study, make_user(who, name=name))
    make_member(study, make_user("ada", name="Ada Admin"), "admin")
    make_member(study, make_user("ravi", name="Ravi Reader"), "researcher")
    return study


def place_of(study: Study, who: str) -> Member:
    return Member.objects.get(study=study, user__username=who)


def dispute(
    study: Study, spread: float = 2, *, on: str = "ITS", by: tuple[str, str] = ("ann", "ben"), **sample: object
) -> Discussion:
    """Make a sample with two differing scores, and return its discussion."""
    made = make_sample(study, pictures=["red"], **sample)  # type: ignore[arg-type]
    score(study, by[0], same(5))
    score(study, by[1], same(5, **{on: 5 - spread}))
    return Discussion.objects.get(sample=made)


def also_on(case: Discussion, key: str, *, closed: bool = False) -> None:
    """Add a topic to a discussion on which all participants agree."""
    final = FinalScore.objects.get(sample=case.sample, dimension__key=key, current=True)
    case.topics.create(dimension=final.dimension, closed_at=timezone.now() if closed else None)
    for one in case.participants.all():
        one.stances.create(dimension=final.dimension, first=final.level, level=final.level)


def hand_over(case: Discussion) -> None:
    """Let the deadline of a case pass."""
    Discussion.objects.filter(pk=case.pk).update(state="handed_over", due_at=timezone.now())
    Participant.objects.filter(discussion=case).update(waits=False)


def give_reason(case: Discussion, who: str, text: str, *, on: str = "ITS") -> None:
    participating.give_reasons(
        by=make_user(who), discussion_id=case.public_id, client_key=uuid4(), reasons={on: StanceReason(text=text)}
    )


def move(case: Discussion, who: str, value: float, *, on: str = "ITS") -> None:
    participating.take_stances(
        by=make_user(who),
        discussion_id=case.public_id,
        client_key=uuid4(),
        stances={on: value},
        reasons={on: StanceReason(code="convinced")},
    )


def settle(case: Discussion) -> None:
    """Let Ann and Ben give their reasons and Ann come over to Ben."""
    give_reason(case, "ann", "They match.")
    give_reason(case, "ben", "They do not.")
    move(case, "ann", 3)


def client_of(who: str) -> Client:
    client = Client()
    client.force_login(make_user(who), backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.status_code
    return answer.content.decode()


def state_of(sample: Sample) -> str:
    sample.refresh_from_db()
    return sample.state


def address(case: Discussion, step: str = "") -> str:
    """Return where the page of a case is, or one of its forms."""
    return f"{LIST}{case.public_id}/{step}"


def post(client: Client, case: Discussion, step: str, **sent: Any) -> Any:
    """Send one of the forms on the page of a case."""
    return client.post(address(case, f"{step}/"), sent)
