"""Members, invitations and tokens."""

import pytest

from annotation.models import ApiToken, Invitation, Member, Study
from tests.factories import make_member, make_study, make_user

from .caller import Caller, fields, refusal

pytestmark = pytest.mark.django_db


def test_me_tells_my_places(ann: Caller, ann_member: Member) -> None:
    make_member(make_study("boats"), "ann", "admin")
    make_member(make_study("left"), "ann", state="left")
    me = ann.get("me/").json()
    assert (me["username"], me["name"], me["is_site_admin"]) == ("ann", "Ann", False)
    assert [(place["slug"], place["role"]) for place in me["studies"]] == [("birds", "annotator"), ("boats", "admin")]


def test_admins_see_names_and_researchers_pseudonyms(ann: Caller, ada: Caller, rae: Caller, sam: Caller) -> None:
    names = [row["name"] for row in ada.get("studies/birds/members/").json()["results"]]
    assert names == ["Ada", "Ann", "Rae"]
    rows = rae.get("studies/birds/members/").json()["results"]
    assert all(row["name"] == f"R-{row['id']}" for row in rows)
    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert refusal(ann.get("studies/birds/members/")) == (403, "not_allowed")
    assert refusal(sam.get("studies/birds/members/")) == (404, "not_found")


def test_an_admin_adds_and_changes_members(ada: Caller, ann: Caller, rae: Caller) -> None:
    added = ada.post("studies/birds/members/", {"name": "Cleo", "role": "annotator"})
    assert added.status_code == 201
    assert added.json()["has_login"] is False
    path = f"studies/birds/members/{added.json()['id']}/"
    assert ada.patch(path, {"state": "paused"}).json()["state"] == "paused"
    assert ada.patch(path, {"role": "researcher"}).json()["role"] == "researcher"
    for other in (ann, rae):
        assert refusal(other.patch(path, {"state": "left"})) == (403, "not_allowed")
        assert refusal(other.post("studies/birds/members/", {"name": "X", "role": "admin"})) == (403, "not_allowed")
    assert refusal(ada.post("studies/birds/members/", {"name": "Cleo", "role": "annotator"})) == (409, "exists")
    assert fields(ada.patch(path, {"role": "owner", "state": 4, "name": "x"})) == {"role", "state", "name"}
    assert fields(ada.post("studies/birds/members/", {"name": "", "role": None})) == {"name", "role"}


def test_members_of_another_study_are_out_of_reach(ada: Caller, root: Caller) -> None:
    stranger = make_member(make_study("boats"), "bob")
    assert refusal(ada.patch(f"studies/birds/members/{stranger.public_id}/", {"state": "left"})) == (404, "not_found")
    assert refusal(ada.patch(f"studies/boats/members/{stranger.public_id}/", {"state": "left"})) == (404, "not_found")
    assert refusal(root.patch(f"studies/birds/members/{stranger.public_id}/", {"state": "left"})) == (404, "not_found")


def test_the_last_admin_stays(ada: Caller) -> None:
    me = Member.objects.get(user__username="ada").public_id
    assert refusal(ada.patch(f"studies/birds/members/{me}/", {"role": "annotator"})) == (409, "last_admin")


def test_an_invitation_shows_its_secret_once_and_lets_its_bearer_in(study: Study, ada: Caller, sam: Caller) -> None:
    made = ada.post("studies/birds/invitations/", {"role": "annotator", "note": "for Sam"})
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret in made.json()["link"]
    assert made.json()["link"].startswith("http://testserver/")
    listed = ada.get("studies/birds/invitations/")
    assert secret not in listed.content.decode()
    assert Invitation.objects.get().secret_hash not in listed.content.decode()
    assert sam.post("invitations/accept/", {"secret": secret}).json() == {"study": "birds", "role": "annotator"}
    assert sam.post("invitations/accept/", {"secret": secret}).json() == {"study": "birds", "role": "annotator"}
    assert Member.objects.filter(user__username="sam").count() == 1
    assert refusal(Caller(make_user("tom")).post("invitations/accept/", {"secret": secret})) == (409, "invitation_used")


def test_an_invitation_can_name_a_member_and_be_taken_back(study: Study, ada: Caller, sam: Caller) -> None:
    imported = make_member(study, None, name="annotator 7")
    body = {"role": "annotator", "member": imported.public_id}
    made = ada.post("studies/birds/invitations/", body).json()
    assert made["member"] == imported.public_id
    assert ada.delete(f"studies/birds/invitations/{made['id']}/").status_code == 204
    assert refusal(sam.post("invitations/accept/", {"secret": made["secret"]})) == (409, "invitation_revoked")
    again = ada.post("studies/birds/invitations/", body).json()
    sam.post("invitations/accept/", {"secret": again["secret"]})
    imported.refresh_from_db()
    assert imported.user is not None
    assert imported.user.username == "sam"


def test_invitations_are_the_admins(ann: Caller, rae: Caller, sam: Caller, ada: Caller) -> None:
    for caller, answer in ((ann, (403, "not_allowed")), (rae, (403, "not_allowed")), (sam, (404, "not_found"))):
        assert refusal(caller.get("studies/birds/invitations/")) == answer
        assert refusal(caller.post("studies/birds/invitations/", {"role": "admin"})) == answer
    wrong = {"role": "owner", "uses": 0, "days": 1000, "note": "x" * 201}
    assert fields(ada.post("studies/birds/invitations/", wrong)) == {"role", "uses", "days", "note"}
    assert fields(ada.post("studies/birds/invitations/", {"role": "admin", "member": "nobody"})) == {"member"}
    assert refusal(sam.post("invitations/accept/", {"secret": "made up"})) == (404, "not_found")
    assert not Invitation.objects.exists()


def test_a_token_shows_its_secret_once_and_is_revoked_by_its_owner_alone(ann: Caller, ben: Caller) -> None:
    made = ann.post("tokens/", {"name": "laptop"})
    assert made.status_code == 201
    secret = made.json()["secret"]
    laptop = Caller(token=secret)
    assert laptop.get("me/").json()["username"] == "ann"
    listed = ann.get("tokens/")
    assert [row["name"] for row in listed.json()["results"]] == ["laptop", "tests"]
    assert secret not in listed.content.decode()
    assert refusal(ann.post("tokens/", {"name": "laptop"})) == (409, "exists")
    assert refusal(ben.delete(f"tokens/{made.json()['id']}/")) == (404, "not_found")
    assert ann.delete(f"tokens/{made.json()['id']}/").status_code == 204
    assert refusal(laptop.get("me/")) == (401, "bad_token")
    assert not ApiToken.objects.filter(secret_hash=secret).exists()


def test_long_lists_of_members_come_in_pages(study: Study, ada: Caller) -> None:
    for number in range(7):
        make_member(study, None, name=f"imported {number}")
    names = []
    path = "studies/birds/members/?limit=3"
    while path:
        page = ada.get(path).json()
        names += [row["name"] for row in page["results"]]
        path = page["next"]
    assert names == ["Ada", *(f"imported {number}" for number in range(7))]
