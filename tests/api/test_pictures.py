"""Pictures: who may see them, and that they tell nothing but what they show."""

import io

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from annotation.models import Assignment, Member, Picture, SamplePicture, Study
from tests.factories import make_member, make_sample, make_study, make_token, make_user

from .caller import Browser, Caller, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def picture(study: Study) -> str:
    sample = make_sample(study, pictures=["red"])
    return sample.pictures.get().public_id


def test_who_was_assigned_sees_both_sizes(ann: Caller, picture: str) -> None:
    ann.lease()
    for size, pixels in (("web", (20, 15)), ("full", (40, 30))):
        response = ann.get(f"pictures/{picture}/{size}/")
        body = b"".join(response.streaming_content)
        assert Image.open(io.BytesIO(body)).size == pixels
        assert response["Content-Length"] == str(len(body))
        assert response["Content-Type"] in ("image/png", "image/webp")
        assert response["Cache-Control"] == "private, max-age=31536000, immutable"
        assert response["X-Content-Type-Options"] == "nosniff"


def test_a_picture_tells_neither_its_name_nor_its_content_hash(ann: Caller, picture: str) -> None:
    ann.lease()
    row = Picture.objects.get()
    headers = str(ann.get(f"pictures/{picture}/web/").headers).lower()
    assert "etag" not in headers
    assert "content-disposition" not in headers
    for secret in (row.sha256, row.sha256[:12], row.web, row.original, "red"):
        assert secret.lower() not in headers


def test_a_picture_stays_visible_after_the_work_is_done(ann: Caller, picture: str) -> None:
    ann.lease()
    Assignment.objects.update(state=Assignment.State.SCORED)
    assert ann.get(f"pictures/{picture}/web/").status_code == 200


def test_everybody_else_is_told_that_there_is_none(
    ann: Caller, ben: Caller, sam: Caller, nobody: Caller, picture: str
) -> None:
    elsewhere = Caller(make_member(make_study("boats"), "bob", "admin"))
    ann.lease()
    for caller in (ben, sam, elsewhere):
        assert refusal(caller.get(f"pictures/{picture}/web/")) == (404, "not_found")
    assert refusal(nobody.get(f"pictures/{picture}/web/")) == (401, "not_authenticated")


def test_admins_and_researchers_see_pictures_and_people_who_left_do_not(
    ann: Caller, ann_member: Member, ada: Caller, rae: Caller, picture: str
) -> None:
    ann.lease()
    assert ada.get(f"pictures/{picture}/web/").status_code == 200
    assert rae.get(f"pictures/{picture}/full/").status_code == 200
    Member.objects.filter(pk=ann_member.pk).update(state="left")
    assert refusal(ann.get(f"pictures/{picture}/web/")) == (404, "not_found")


def test_a_lost_file_is_said_to_be_gone(ada: Caller, picture: str) -> None:
    default_storage.delete(Picture.objects.get().web)
    assert refusal(ada.get(f"pictures/{picture}/web/")) == (404, "picture_missing")


def test_no_other_size_is_served(ada: Caller, picture: str) -> None:
    assert refusal(ada.get(f"pictures/{picture}/original/")) == (404, "not_found")


def test_the_way_to_a_picture_is_two_statements(ann: Caller, picture: str, django_assert_max_num_queries) -> None:
    ann.lease()
    with django_assert_max_num_queries(2):  # the token, the picture
        ann.get(f"pictures/{picture}/web/")
    page = Browser(make_user("ann"))
    with django_assert_max_num_queries(3):  # the session, its person, the picture
        page.get(f"pictures/{picture}/web/")


def test_one_file_in_two_samples_has_two_names(study: Study) -> None:
    make_sample(study, pictures=["red"])
    make_sample(study, pictures=["red"])
    assert make_token(make_user("ann"))
    assert Picture.objects.count() == 1
    assert len(set(SamplePicture.objects.values_list("public_id", flat=True))) == 2
