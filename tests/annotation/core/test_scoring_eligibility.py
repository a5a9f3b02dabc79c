"""Who may score which sample is one rule, for the queue, for admins who assign, and for samples nobody can take."""

from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.utils import timezone

from annotation.core.scoring_eligibility import ROLES_THAT_SCORE, scoring_member_sql, scoring_members, unseen_sql
from annotation.imports.scores import import_scores
from annotation.models import Assignment, Exposure, Member, Protocol, Sample, Study
from annotation.samples.eligibility import eligible_annotators
from annotation.scoring import leasing
from tests.factories import make_member, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db


def test_members_who_score_are_active_can_sign_in_and_are_no_researchers() -> None:
    study = make_study()
    expected = set()
    kinds = product(Member.Role.values, Member.State.values, (True, False))
    for number, (role, state, has_login) in enumerate(kinds):
        user = make_user(f"user-{number}") if has_login else None
        member = make_member(study, user, role, name=f"member {number}")
        Member.objects.filter(pk=member.pk).update(state=state)
        if role in ROLES_THAT_SCORE and state == Member.State.ACTIVE and has_login:
            expected.add(member.pk)
    assert len(expected) == 2
    assert set(scoring_members(study).values_list("pk", flat=True)) == expected
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT m.id FROM annotation_member m WHERE {scoring_member_sql('m')}")  # noqa: S608
        assert {row[0] for row in cursor.fetchall()} == expected


def test_who_has_seen_every_sample_scores_nothing_until_another_one_comes() -> None:
    study = make_study()
    sample = make_sample(study, external_id="first")
    member = make_member(study, make_user("ann"), Member.Role.ADMIN)
    Member.objects.filter(pk=member.pk).update(exposed_through=sample.pk, has_exposures=True)
    assert not scoring_members(study).exists()
    make_sample(study, external_id="second")
    assert scoring_members(study).get() == member


@pytest.fixture
def offered(tmp_path) -> tuple[Study, set[str]]:
    """A study in which Ann has had something to do with most samples, and the names of those left to her."""
    study = make_study(k=3)
    ann = make_member(study, make_user("ann"))
    ben = make_member(study, make_user("ben"))
    now = timezone.now()
    for name in ("seen before", "untouched", "seen", "imported", "by ben", *Assignment.State.names):
        make_sample(study, external_id=name)
        if name == "seen before":
            through = Sample.objects.get(external_id=name).pk
    Member.objects.filter(pk=ann.pk).update(exposed_through=through, has_exposures=True)
    ann.refresh_from_db()
    Exposure.objects.create(member=ann, sample=Sample.objects.get(external_id="seen"))
    table = tmp_path / "scores.csv"
    table.write_text(f"sample,annotator,dimension,value,round,at,seconds\nimported,{ann.name},TCC,3,1,,\n")
    import_scores(by=None, study=study, path=table)
    for name, member, state in [
        ("by ben", ben, Assignment.State.LEASED),
        *((state.name, ann, state) for state in Assignment.State if state != Assignment.State.LEASED),
    ]:
        sample = Sample.objects.get(external_id=name)
        Assignment.objects.create(
            sample=sample,
            member=member,
            slot=1,
            state=state,
            leased_at=now,
            expires_at=now + timedelta(days=1),
        )
        begun = {"stage": Sample.Stage.BEGUN, "state": "scoring", "free_slots": 0b110, "scores_needed": 3}
        Sample.objects.filter(pk=sample.pk).update(**begun, queued_at=1, protocol=Protocol.objects.get())
    return study, {"untouched", "by ben", "LEASED", "RELEASED"}


def test_the_queue_offers_what_an_admin_could_assign(offered: tuple[Study, set[str]]) -> None:
    study, expected = offered
    samples = list(Sample.objects.filter(study=study))
    free = {
        sample.external_id
        for sample in samples
        for annotator in eligible_annotators(study, samples)[sample.pk]
        if annotator.member.user.username == "ann" and annotator.free
    }
    assert free == expected
    work = leasing.lease_samples(by=make_user("ann"), slug=study.slug, count=10).assignments
    ids = [assignment.sample.public_id for assignment in work]
    assert set(Sample.objects.filter(public_id__in=ids).values_list("external_id", flat=True)) == expected


def test_exposures_are_read_alike_for_one_member_and_for_all(offered: tuple[Study, set[str]]) -> None:
    study, _ = offered
    condition = unseen_sql("s", exposed_through="m.exposed_through", member_id="m.id")
    with connection.cursor() as cursor:
        cursor.execute(f"""SELECT s.external_id FROM annotation_sample s JOIN annotation_member m
                           ON m.study_id = s.study_id WHERE m.user_id IS NOT NULL AND m.exposed_through > 0
                           AND {condition}""")  # noqa: S608
        unseen = {row[0] for row in cursor.fetchall()}
    everything = set(Sample.objects.filter(study=study).values_list("external_id", flat=True))
    assert everything - unseen == {"seen before", "seen", "imported"}
