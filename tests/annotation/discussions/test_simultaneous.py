"""People who act in one discussion at the same moment, each on a connection of their own, on PostgreSQL."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from annotation.core.errors import WorkflowError
from annotation.discussions import moderating
from annotation.models import Discussion, FinalScore, Post, Sample, Score
from annotation.samples import reopening
from tests.factories import make_discussion, make_member, make_study, make_user

from .cases import awaited, reason, reasons, stand

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]
EVERYBODY = ("ann", "ben", "cho")


@pytest.fixture(autouse=True)
def _on_postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("In memory SQLite has one connection for all.")


@pytest.fixture
def case() -> Discussion:
    study = make_study()
    make_member(study, "ada", "admin")
    return make_discussion(study, {"ann": {"ITS": 2}, "ben": {"ITS": 4}, "cho": {"ITS": 3}})


def at_once(acts: Sequence[Callable[[], object]]) -> list[str]:
    """Do everything at the same moment; return what became of each: "ok" or the code of the refusal."""
    ready = Barrier(len(acts))

    def do(act: Callable[[], object]) -> str:
        try:
            ready.wait()
            act()
        except WorkflowError as error:
            return error.code
        finally:
            connection.close()
        return "ok"

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(do, acts))


def stands(case: Discussion) -> dict[str, float]:
    rows = case.participants.values_list("member__user__username", "stances__level__value")
    return dict(rows)


def test_two_who_move_to_each_others_value_both_move_and_nothing_closes(case: Discussion) -> None:
    reasons(case, *EVERYBODY)
    assert at_once([lambda: stand("ann", case, 4), lambda: stand("ben", case, 2)]) == ["ok", "ok"]
    assert stands(case) == {"ann": 4, "ben": 2, "cho": 3}
    assert Discussion.objects.get(pk=case.pk).version == 6
    assert awaited(case)


def test_all_who_move_to_one_value_at_once_close_it_once(case: Discussion) -> None:
    reasons(case, *EVERYBODY)
    outcome = at_once([lambda who=who: stand(who, case, 5) for who in EVERYBODY])  # type: ignore[misc]
    assert outcome == ["ok", "ok", "ok"]
    assert Discussion.objects.get(pk=case.pk).state == "closed"
    assert FinalScore.objects.filter(sample=case.sample, dimension__key="ITS").count() == 1
    assert Score.objects.filter(discussion=case).count() == 3
    assert Sample.objects.get(pk=case.sample_id).state == "agreed"


def test_reasons_given_at_once_are_all_kept(case: Discussion) -> None:
    assert at_once([lambda who=who: reason(who, case) for who in EVERYBODY]) == ["ok", "ok", "ok"]  # type: ignore[misc]
    assert Post.objects.filter(discussion=case, kind="reason").count() == 3


def test_the_same_key_six_times_at_once_is_stored_once(case: Discussion) -> None:
    key = uuid4()
    assert at_once([lambda: reason("ann", case, key=key)] * 6) == ["ok"] * 6
    assert Post.objects.filter(client_key=key).count() == 1
    assert Discussion.objects.get(pk=case.pk).version == 2


def test_the_same_key_in_two_discussions_at_once_is_stored_in_one(case: Discussion) -> None:
    other = make_discussion(case.study, {"ann": {"ITS": 0}, "ben": {"ITS": 5}})
    key = uuid4()
    outcome = at_once([lambda: reason("ann", case, key=key), lambda: reason("ann", other, key=key)])
    assert sorted(outcome) == ["client_key_reused", "ok"]
    assert Post.objects.filter(client_key=key).count() == 1


def test_an_override_and_the_last_move_at_once_leave_one_final_score(case: Discussion) -> None:
    reasons(case, *EVERYBODY)
    stand("ann", case, 4)
    ada = make_user("ada")

    def override() -> None:
        moderating.override_topics(by=ada, discussion_id=case.public_id, values={"ITS": 0}, reason="Enough.")

    outcome = at_once([override, lambda: stand("cho", case, 4)])
    assert Counter(outcome) == {"ok": 1, "closed": 1}
    final = FinalScore.objects.get(sample=case.sample, dimension__key="ITS", current=True)
    assert final.outcome == ("overridden" if outcome[0] == "ok" else "discussed")
    assert Score.objects.filter(discussion=case).count() == (0 if outcome[0] == "ok" else 3)


def test_handing_over_and_the_last_move_at_once_lose_neither(case: Discussion) -> None:
    reasons(case, *EVERYBODY)
    stand("ann", case, 4)
    Discussion.objects.filter(pk=case.pk).update(due_at=timezone.now() + timedelta(seconds=0.05))
    at_once([lambda: stand("cho", case, 4), moderating.hand_over_overdue])
    row = Discussion.objects.get(pk=case.pk)
    assert row.state in ("closed", "handed_over", "open")
    assert (Sample.objects.get(pk=case.sample_id).state == "agreed") is (row.state == "closed")


def test_withdrawing_and_reopening_at_once_never_leave_two_open_discussions(case: Discussion) -> None:
    ada, sample = make_user("ada"), case.sample.public_id
    for _ in range(3):
        at_once(
            [
                lambda: reopening.withdraw_sample(by=ada, sample_id=sample, reason="x"),
                lambda: reopening.reopen_sample(by=ada, sample_id=sample, reason="y"),
                lambda: reason("ann", case),
            ]
        )
        open_ones = Discussion.objects.filter(sample=case.sample).exclude(state="closed").count()
        assert open_ones == (Sample.objects.get(pk=case.sample_id).state == "in_discussion")
