"""What those who lead a study see and do: people, samples, settings, imports, export."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotation.models import Exposure, Invitation, Job, Member, Study, User
from annotation.scoring import leasing
from tests.access_world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def ada(world: World) -> Client:
    return world.client("ada")


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_ada_invites_and_sees_the_link_once(ada: Client, world: World) -> None:
    Invitation.objects.all().delete()
    sent = {"role": "annotator", "uses": "3", "days": "7", "note": "the new group"}
    page = ada.post("/studies/birds/invitations/", sent).content.decode()
    link = page.split('id="link" readonly value="')[1].split('"')[0]
    assert Client().get(link.removeprefix("http://testserver")).status_code == 200
    later = text(ada, "/studies/birds/people/")
    assert link not in later
    assert "the new group" in later
    assert "for 3 more people" in later
    ada.post(f"/studies/birds/invitations/{Invitation.objects.get().pk}/revoke/")
    assert "the new group" not in text(ada, "/studies/birds/people/")
    assert Client().get(link.removeprefix("http://testserver")).status_code == 409


@pytest.mark.parametrize(("field", "value"), [("uses", "0"), ("uses", "1001"), ("days", "400"), ("role", "owner")])
def test_an_invitation_that_makes_no_sense_is_refused(ada: Client, field: str, value: str) -> None:
    before = Invitation.objects.count()
    sent = {"role": "annotator", "uses": "1", "days": "14", "note": "", field: value}
    answer = ada.post("/studies/birds/invitations/", sent)
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert Invitation.objects.count() == before


def test_ada_pauses_ben_and_his_held_work_goes_back(ada: Client, world: World) -> None:
    ben = world.members["ben"]
    assert ben.user is not None
    leasing.lease_samples(by=ben.user, slug="birds", count=1)
    address = f"/studies/birds/people/{ben.public_id}/"
    assert ada.post(address, {"role": "annotator", "state": "paused"}).status_code == 302
    assert Member.objects.get(pk=ben.pk).state == "paused"
    assert leasing.held_assignments(by=ben.user, slug="birds") == []
    assert "reserved for you" not in text(world_client(ben.user), "/")


def world_client(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_study_keeps_its_last_admin(ada: Client, world: World) -> None:
    address = f"/studies/birds/people/{world.members['ada'].public_id}/"
    answer = ada.post(address, {"role": "annotator", "state": "active"})
    assert answer.status_code == 409
    assert "needs an active admin" in answer.content.decode()
    assert Member.objects.get(pk=world.members["ada"].pk).role == "admin"


def test_ada_gives_an_imported_member_a_login(ada: Client, world: World) -> None:
    page = ada.post(f"/studies/birds/people/{world.members['ida'].public_id}/invite/").content.decode()
    link = page.split('id="link" readonly value="http://testserver')[1].split('"')[0]
    sent = {"name": "Ida", "username": "ida", "password": "a phrase of my own"}
    Client().post(link, sent)
    assert Member.objects.get(pk=world.members["ida"].pk).user == User.objects.get(username="ida")


def test_only_a_site_administrator_makes_a_link_to_a_password(ada: Client, world: World) -> None:
    address = f"/studies/birds/people/{world.members['ben'].public_id}/"
    assert "Lost password" not in text(ada, address)
    sia = world.client("sia")
    assert "Lost password" in text(sia, address)
    page = sia.post(address + "password/").content.decode()
    link = page.split('id="link" readonly value="http://testserver')[1].split('"')[0]
    assert Client().get(link).status_code == 302


def test_looking_into_samples_is_remembered_for_those_who_could_score_them(ada: Client, world: World) -> None:
    assert not Exposure.objects.exists()
    text(ada, f"/studies/birds/samples/{world.sample.public_id}/")
    seen = Exposure.objects.get()
    assert (seen.member, seen.sample) == (world.members["ada"], world.sample)
    text(ada, "/studies/birds/samples/?state=waiting")
    assert Exposure.objects.count() == 1 + world.study.samples.filter(state="waiting").count()


def test_a_sample_of_another_study_is_not_here(ada: Client, world: World) -> None:
    other = Study.objects.get(slug="fishes")
    world.sample.study = other
    world.sample.save()
    assert ada.get(f"/studies/birds/samples/{world.sample.public_id}/").status_code == 404


def test_ada_changes_what_the_study_says_and_whether_it_runs(ada: Client) -> None:
    sent = {"title": "Birds that shout", "instructions": "Listen.", "state": "closed"}
    assert ada.post("/studies/birds/settings/", sent).status_code == 302
    study = Study.objects.get(slug="birds")
    assert (study.title, study.instructions, study.state) == ("Birds that shout", "Listen.", "closed")


def test_a_site_administrator_creates_a_study(world: World) -> None:
    sia = world.client("sia")
    sent = {"title": "Stones", "slug": "stones", "rubric": str(world.study.rubric_id), "preset": "pair"}
    assert sia.post("/new-study/", sent).headers["Location"] == "/studies/stones/"
    again = sia.post("/new-study/", sent)
    assert again.status_code == 409
    assert 'id="id_slug_error"' in again.content.decode()


def test_an_upload_is_tried_before_it_is_taken(ada: Client, world: World) -> None:
    Job.objects.all().delete()
    file = SimpleUploadedFile("more.jsonl", b'{"id": "x", "question": "q", "answer": "a"}\n')
    answer = ada.post("/studies/birds/imports/", {"kind": "import_samples", "file": file, "update": "on"})
    rehearsal = Job.objects.get()
    assert rehearsal.arguments == {"dry_run": True, "update": True}
    assert answer.headers["Location"] == f"/studies/birds/jobs/{rehearsal.public_id}/"
    assert "Waiting for a worker" in text(ada, answer.headers["Location"])
    assert ada.post(answer.headers["Location"] + "run/").status_code == 404, "not before the dry run is done"
    Job.objects.update(state="done", result={"created": 1, "updated": 0, "unchanged": 0, "refused": 0, "errors": []})
    assert "Import 1 line" in text(ada, answer.headers["Location"])
    ada.post(answer.headers["Location"] + "run/")
    real = Job.objects.exclude(pk=rehearsal.pk).get()
    assert (real.file, real.arguments) == (rehearsal.file, {"update": True})


@pytest.mark.parametrize(("name", "content"), [("more.exe", b"MZ"), ("empty.jsonl", b"")])
def test_a_file_that_cannot_be_imported_is_refused_beside_the_field(ada: Client, name: str, content: bytes) -> None:
    sent = {"kind": "import_samples", "file": SimpleUploadedFile(name, content)}
    answer = ada.post("/studies/birds/imports/", sent)
    assert answer.status_code == 400
    assert 'id="id_file_error"' in answer.content.decode()


def test_refused_lines_are_listed_with_their_number_and_reason(ada: Client, world: World) -> None:
    error = {"line": 17, "field": "image", "message": "There is no picture of that name."}
    result = {"created": 0, "updated": 0, "unchanged": 0, "refused": 1, "errors": [error]}
    Job.objects.update(state="done", result=result)
    page = text(ada, f"/studies/birds/jobs/{world.job.public_id}/")
    assert "There is no picture of that name." in page
    assert "nothing new" in page


def test_a_running_import_asks_for_its_middle_part_alone(ada: Client, world: World) -> None:
    address = f"/studies/birds/jobs/{world.job.public_id}/"
    assert "hx-trigger" in text(ada, address)
    part = ada.get(address, headers={"hx-request": "true"}).content.decode()
    assert "<html" not in part
    assert 'id="job"' in part
    Job.objects.update(state="done", result={})
    assert "hx-trigger" not in text(ada, address)


def test_the_score_table_is_taken_away_by_a_post_and_that_is_remembered(ada: Client, world: World) -> None:
    assert ada.get("/studies/birds/export/csv/").status_code == 405
    answer = ada.post("/studies/birds/export/csv/")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].startswith("sample,annotator,dimension,value")
    assert len(lines) == 1 + 6 * 4, "three scores of a sample, and those of the discussion"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="birds-scores.csv"'
    assert Member.objects.get(pk=world.members["ada"].pk).exposed_through >= world.sample.pk
    assert ada.post("/studies/birds/export/xml/").status_code == 404


def test_scores_go_out_for_a_spreadsheet_or_to_be_imported_again(ada: Client, world: World) -> None:
    Member.objects.filter(pk=world.members["ben"].pk).update(name='=HYPERLINK("http://x")')
    board = text(ada, "/studies/birds/")
    for label in ("CSV for a spreadsheet", "CSV to import again", "JSONL to import again"):
        assert label in board
    sheet = ada.post("/studies/birds/export/spreadsheet/")
    assert sheet.headers["Content-Disposition"] == 'attachment; filename="birds-scores-for-a-spreadsheet.csv"'
    said = b"".join(sheet.streaming_content).decode()
    assert ",\"'=HYPERLINK(" in said
    assert ',"=HYPERLINK(' not in said
    assert ',"=HYPERLINK(' in b"".join(ada.post("/studies/birds/export/csv/").streaming_content).decode()
