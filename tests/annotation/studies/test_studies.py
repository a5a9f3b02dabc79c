"""Who may create, change and join a study, and what an invitation is good for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotation.core.errors import BadInput, NotAllowed, NotFound, WrongState
from annotation.models import Assignment, HistoryEntry, Invitation, Member, Protocol, ReservedPool, Score, Study, User
from annotation.scoring import leasing
from annotation.studies import invitations, studies
from tests.factories import make_member, make_rubric, make_sample, make_study, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study()


@pytest.fixture
def ada(study: Study) -> User:
    user = make_member(study, "ada", "admin").user
    assert user is not None
    return user


def test_a_site_administrator_creates_a_study_and_leads_it() -> None:
    root = make_user("root", is_site_admin=True)
    study = studies.create_study(by=root, slug="birds", rubric=make_rubric(), preset="paper")
    assert Protocol.objects.get(study=study).annotators_per_sample == 3
    assert Member.objects.get(study=study, user=root).role == "admin"
    assert HistoryEntry.objects.filter(study=study, event="study_created", user=root).exists()


def test_nobody_else_creates_a_study() -> None:
    with pytest.raises(NotAllowed):
        studies.create_study(by=make_user("ann"), slug="birds", rubric=make_rubric())
    assert not Study.objects.exists()


@pytest.mark.parametrize(("slug", "preset", "field"), [("Big Birds", "paper", "slug"), ("birds", "papre", "protocol")])
def test_a_bad_name_or_preset_is_refused_by_field(slug: str, preset: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        studies.create_study(by=None, slug=slug, rubric=make_rubric(), preset=preset)
    assert field in refused.value.fields
    assert not Study.objects.exists()


def test_a_taken_name_is_refused(study: Study) -> None:
    with pytest.raises(WrongState) as refused:
        studies.create_study(by=None, slug=study.slug, rubric=study.rubric)
    assert refused.value.code == "exists"


def test_adding_the_same_member_twice_changes_nothing(study: Study, ada: User) -> None:
    ben = make_user("ben")
    first = studies.add_member(by=ada, study=study, name="Ben", role="annotator", user=ben)
    assert studies.add_member(by=ada, study=study, name="Ben", role="annotator", user=ben) == first


def test_only_admins_change_a_study_or_its_members(study: Study) -> None:
    ann, sam = make_member(study, "ann"), make_user("sam")
    assert ann.user is not None
    with pytest.raises(NotAllowed):
        studies.change_study(by=ann.user, study=study, state="closed")
    with pytest.raises(NotFound):
        studies.change_study(by=sam, study=study, state="closed")
    with pytest.raises(NotAllowed):
        studies.change_member(by=ann.user, member=ann, role="admin")


def test_the_last_admin_cannot_step_down(study: Study, ada: User) -> None:
    me = Member.objects.get(user=ada)
    for change in ({"role": "annotator"}, {"state": "left"}):
        with pytest.raises(WrongState) as refused:
            studies.change_member(by=ada, member=me, **change)
        assert refused.value.code == "last_admin"


def test_work_of_somebody_who_leaves_goes_back_into_play(study: Study, ada: User) -> None:
    ann, ben = make_member(study, "ann"), make_member(study, "ben")
    make_sample(study)
    assert ann.user is not None
    assert ben.user is not None
    leasing.lease_samples(by=ann.user, slug=study.slug)
    studies.change_member(by=ada, member=ann, state="left")
    assert Assignment.objects.get().state == Assignment.State.RELEASED
    with pytest.raises(NotFound):
        leasing.lease_samples(by=ann.user, slug=study.slug)
    assert leasing.lease_samples(by=ben.user, slug=study.slug).assignments


def test_an_invitation_makes_its_bearer_a_member_once(study: Study, ada: User) -> None:
    _, secret = invitations.create_invitation(by=ada, study=study, role="annotator")
    ann, ben = make_user("ann"), make_user("ben")
    member = invitations.accept_invitation(user=ann, secret=secret)
    assert (member.role, member.study) == ("annotator", study)
    assert invitations.accept_invitation(user=ann, secret=secret) == member
    with pytest.raises(WrongState) as used:
        invitations.accept_invitation(user=ben, secret=secret)
    assert used.value.code == "invitation_used"


def test_the_secret_of_an_invitation_is_not_stored(study: Study, ada: User) -> None:
    invitation, secret = invitations.create_invitation(by=ada, study=study, role="annotator")
    assert secret not in str(Invitation.objects.filter(pk=invitation.pk).values())
    assert secret not in str(list(HistoryEntry.objects.values()))


def test_a_late_a_revoked_and_a_made_up_invitation_say_what_they_are(study: Study, ada: User) -> None:
    late, late_secret = invitations.create_invitation(by=ada, study=study, role="annotator")
    Invitation.objects.filter(pk=late.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    revoked, revoked_secret = invitations.create_invitation(by=ada, study=study, role="annotator")
    invitations.revoke_invitation(by=ada, invitation=revoked)
    for secret, code in ((late_secret, "invitation_expired"), (revoked_secret, "invitation_revoked")):
        with pytest.raises(WrongState) as refused:
            invitations.accept_invitation(user=make_user("sam"), secret=secret)
        assert refused.value.code == code
    with pytest.raises(NotFound):
        invitations.accept_invitation(user=make_user("sam"), secret="made up")


def test_an_imported_annotator_is_taken_over_by_the_person_behind_it(study: Study, ada: User) -> None:
    expert = make_member(study, None, name="expert1")
    _, secret = invitations.create_invitation(by=ada, study=study, role="annotator", member=expert)
    assert invitations.accept_invitation(user=make_user("eve"), secret=secret) == expert
    expert.refresh_from_db()
    assert expert.user == make_user("eve")
    with pytest.raises(WrongState):
        invitations.create_invitation(by=ada, study=study, role="annotator", member=expert)


def test_two_people_of_one_name_can_both_join(study: Study, ada: User) -> None:
    for username in ("ann", "ann2"):
        _, secret = invitations.create_invitation(by=ada, study=study, role="annotator")
        invitations.accept_invitation(user=make_user(username, name="Ann"), secret=secret)
    assert sorted(Member.objects.filter(role="annotator").values_list("name", flat=True)) == ["Ann", "Ann (ann2)"]


def test_whoever_takes_over_an_imported_place_never_meets_its_samples_again(study: Study, ada: User) -> None:
    expert, eve = make_member(study, None, name="expert1"), make_user("eve")
    scored, unscored = make_sample(study), make_sample(study)
    Score.objects.create(sample=scored, member=expert, origin="imported")
    _, secret = invitations.create_invitation(by=ada, study=study, role="annotator", member=expert)
    invitations.accept_invitation(user=eve, secret=secret)
    leased = leasing.lease_samples(by=eve, slug=study.slug, count=5).assignments
    assert [work.sample.public_id for work in leased] == [unscored.public_id]


def test_whoever_leads_a_study_creates_others_with_rubrics_and_people_that_they_know(study: Study, ada: User) -> None:
    make_member(study, "ann")
    created = studies.create_study(
        by=ada, slug="stones", rubric=study.rubric, state="draft", people=study.members.all()
    )
    assert sorted(created.members.values_list("user__username", "role")) == [("ada", "admin"), ("ann", "annotator")]
    secret = make_study("secret", rubric=make_rubric("secret-rubric"))
    with pytest.raises(NotFound):
        studies.create_study(by=ada, slug="mine", rubric=secret.rubric)
    make_member(secret, "olga")
    with pytest.raises(NotFound):
        studies.create_study(by=ada, slug="mine", rubric=study.rubric, people=secret.members.all())
    assert not Study.objects.filter(slug="mine").exists()


def test_a_copy_of_a_study_with_suggestions_reserves_its_test_pool_before_the_first_one(
    study: Study, ada: User
) -> None:
    plain = studies.copy_study(by=ada, source=study, slug="plain")
    assert not ReservedPool.objects.filter(study=plain).exists()
    rules = {"suggestions": "both", "blind_share": 0.5, "pull_limit": 0.1, "work_order": "disputed"}
    Protocol.objects.filter(study=study).update(annotators_per_sample=2, **rules)
    created = studies.copy_study(by=ada, source=study, slug="again")
    current = Protocol.objects.get(study=created)
    assert {name: getattr(current, name) for name in rules} == rules
    assert ReservedPool.objects.get(study=created).share == 0.25
    assert not ReservedPool.objects.filter(study=study).exists()


def test_a_copy_takes_along_whom_it_is_told_to(study: Study, ada: User) -> None:
    ann = make_member(study, "ann")
    make_member(study, "ben", state="left")
    for slug, members, expected in (
        ("all", True, ["ada", "ann"]),
        ("nobody", False, ["ada"]),
        ("some", [ann.public_id], ["ada", "ann"]),
    ):
        created = studies.copy_study(by=ada, source=study, slug=slug, members=members)
        assert (created.state, created.rubric) == ("draft", study.rubric)
        assert sorted(created.members.values_list("user__username", flat=True)) == expected
    with pytest.raises(NotAllowed):
        studies.copy_study(by=make_user("ann"), source=study, slug="mine")
    assert HistoryEntry.objects.get(study__slug="all", event="study_created").detail["copied"] == "birds"


def test_two_people_of_one_name_both_come_along(study: Study, ada: User) -> None:
    Member.objects.filter(study=study, user=ada).update(name="The one who leads")
    make_member(study, "ann", name="Ada")
    created = studies.copy_study(by=ada, source=study, slug="again")
    assert sorted(created.members.values_list("name", flat=True)) == ["Ada", "Ada (ann)"]
