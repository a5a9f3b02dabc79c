"""People in discussions, for tests: each act under the name of who does it, on one dimension."""

from typing import Any
from uuid import UUID, uuid4

from annotation.discussions import participating
from annotation.discussions.participating import StanceReason
from annotation.discussions.views import CaseView, DiscussionListRow, case_rows, list_discussions
from annotation.models import Discussion, Participant, Study, User
from tests.factories import make_user


def reason(
    who: str,
    case: Discussion,
    text: str = "Because.",
    *,
    on: str = "ITS",
    value: float | None = None,
    key: UUID | None = None,
    code: str = "",
) -> CaseView:
    """Give one's own reason, with a value where one is named."""
    return participating.give_reasons(
        by=make_user(who),
        discussion_id=case.public_id,
        client_key=key or uuid4(),
        reasons={on: StanceReason(code, text)},
        stances={} if value is None else {on: value},
    )


def reasons(case: Discussion, *people: str, on: str = "ITS") -> None:
    """Let everybody named give their own reason."""
    for who in people:
        reason(who, case, f"So says {who}.", on=on)


def stand(
    who: str, case: Discussion, value: Any, why: str = "convinced", *, on: str = "ITS", key: UUID | None = None
) -> CaseView:
    """Keep one's value or move."""
    return participating.take_stances(
        by=make_user(who),
        discussion_id=case.public_id,
        client_key=key or uuid4(),
        stances={on: value},
        reasons={on: StanceReason(code=why)} if why else {},
    )


def say(who: str, case: Discussion, text: str, *, on: str = "ITS", key: UUID | None = None) -> CaseView:
    """Comment."""
    return participating.post_comment(
        by=make_user(who), discussion_id=case.public_id, client_key=key or uuid4(), dimension=on, text=text
    )


def awaited(case: Discussion) -> set[str]:
    """Return the usernames of those whose answer is awaited."""
    rows = Participant.objects.filter(discussion=case, waits=True)
    return set(rows.values_list("member__user__username", flat=True))


def lines(who: User, state: str = "waiting") -> list[DiscussionListRow]:
    """Return the lines of a list of the study birds, as somebody sees it."""
    study = Study.objects.get(slug="birds")
    rows, order = list_discussions(by=who, study=study, state=state)
    return case_rows(by=who, study=study, discussions=list(rows.order_by(*order)))
