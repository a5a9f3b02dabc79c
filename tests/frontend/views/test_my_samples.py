"""Tests of an annotator's own work, the rubric page and the error pages."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone

from annotation.models import Assignment, Dimension, Level, Member, Score
from annotation.scoring import leases, leasing, revising, submitting
from annotation.scoring.leasing import LeasedWork
from annotation.suggestions.arms import SuggestionArm
from config.urls import handler404, handler500, urlpatterns
from tests.access_world import World, make_world
from tests.factories import make_member, make_study
from tests.leak_search import leaked
from tests.suggestion_exposures import FIGURES, make_judge, make_met_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def ann(world: World) -> Client:
    return world.client("ann")


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def score_held(world: World) -> None:
    """Let Ann score what she holds."""
    ann_herself = world.members["ann"].user
    assert ann_herself is not None
    submitting.submit_score(
        by=ann_herself,
        assignment_id=world.held,
        client_key=uuid.uuid4(),
        ratings={"TCC": 1, "ICC": 1, "IQ": 1, "ITS": 1},
        notes={},
        seconds=9,
    )


def test_an_annotator_is_led_to_the_scoring_page(ann: Client) -> None:
    assert ann.get("/studies/birds/").headers["Location"] == "/studies/birds/score/"


def test_ann_finds_her_past_scores_and_reads_one_again(ann: Client, world: World) -> None:
    page = text(ann, "/studies/birds/mine/")
    assert "You have scored 2 samples" in page
    assert f"/studies/birds/mine/{world.scored}/" in page
    one = text(ann, f"/studies/birds/mine/{world.scored}/")
    assert "anns-note" in one
    assert f"/api/pictures/{world.sample.pictures.get().public_id}/web/" in one


def test_ann_undoes_a_score_and_goes_on_with_the_sample(ann: Client, world: World) -> None:
    score_held(world)
    answer = ann.post(f"/studies/birds/mine/{world.held}/undo/")
    assert answer.headers["Location"] == "/studies/birds/score/"
    assert Assignment.objects.get(public_id=world.held).state == Assignment.State.LEASED
    assert Score.objects.get(assignment__public_id=world.held).voided_at is not None


def test_a_refused_undo_is_told_on_a_page(ann: Client, world: World) -> None:
    Score.objects.filter(assignment__public_id=world.scored).update(at="2026-01-01T00:00:00Z")
    assert "Undo" not in text(ann, f"/studies/birds/mine/{world.scored}/")
    answer = ann.post(f"/studies/birds/mine/{world.scored}/undo/")
    assert answer.status_code == 409
    assert "<h1>Not possible now</h1>" in answer.content.decode()
    assert Assignment.objects.get(public_id=world.scored).state == Assignment.State.SCORED


def test_ben_does_not_reach_anns_score(world: World) -> None:
    ben = Client()
    assert world.members["ben"].user is not None
    ben.force_login(world.members["ben"].user, backend="django.contrib.auth.backends.ModelBackend")
    assert ben.get(f"/studies/birds/mine/{world.scored}/").status_code == 404
    assert ben.post(f"/studies/birds/mine/{world.scored}/undo/").status_code == 404


def test_past_scores_come_a_page_at_a_time(ann: Client, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontend.views.my_samples.PAGE", 1)
    score_held(world)
    first = text(ann, "/studies/birds/mine/")
    assert world.held in first
    assert f"/mine/{world.scored}/" not in first
    older = text(ann, f"/studies/birds/mine/?before={world.held}")
    assert f"/mine/{world.held}/" not in older
    following = re.search(r'href="(\?before=\w+)" rel="next"', older)
    assert following is not None
    oldest = text(ann, "/studies/birds/mine/" + following[1])
    assert f"/mine/{world.scored}/" in oldest
    assert 'rel="next"' not in oldest


def test_the_rubric_is_there_with_every_level_and_its_anchor(ann: Client) -> None:
    page = text(ann, "/studies/birds/rubric/")
    for dimension in Dimension.objects.all():
        assert dimension.name in page
    for level in Level.objects.all():
        assert level.anchor in page
    assert "Read all of it first." in page


def test_what_people_and_files_have_written_is_text_and_never_markup(world: World) -> None:
    content = world.sample.content
    content.turns = [{"question": "<b>Why</b>?", "context": False, "blocks": [{"text": "<script>alert(1)</script>"}]}]
    content.save()
    for who, address in (
        ("ann", f"/studies/birds/mine/{world.scored}/"),
        ("ada", f"/studies/birds/samples/{world.sample.public_id}/"),
    ):
        page = text(world.client(who), address)
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page


def _broken(_request: object) -> None:
    raise RuntimeError("broken")


class Broken:
    """The project's addresses and one that breaks."""

    handler404, handler500 = handler404, handler500
    urlpatterns = [path("broken/", _broken), *urlpatterns]


def test_an_unknown_page_looks_like_all_others_and_leads_back(ann: Client) -> None:
    for client in (ann, Client()):
        answer = client.get("/no/such/page/")
        assert answer.status_code == 404
        assert "<h1>Nothing here</h1>" in answer.content.decode()


@override_settings(ROOT_URLCONF=Broken)
def test_a_fault_of_ours_says_so_without_asking_the_database(django_assert_num_queries: object) -> None:
    client = Client(raise_request_exception=False)
    with django_assert_num_queries(0):  # type: ignore[operator]
        answer = client.get("/broken/")
    assert answer.status_code == 500
    assert "Something broke on our side" in answer.content.decode()
    assert "broken" not in answer.content.decode().replace("broke on", "")


def test_a_refusal_names_its_reason(world: World) -> None:
    answer = world.client("ann").get("/studies/birds/people/")
    assert answer.status_code == 403
    assert "Only the admins of this study may do this." in answer.content.decode()


def test_every_page_has_a_title_of_its_own(world: World) -> None:
    addresses = ["/", "/account/", "/new-study/"] + [
        f"/studies/birds/{place}" for place in ("", "rubric/", "settings/", "people/", "samples/", "imports/")
    ]
    addresses += [f"/studies/birds/samples/{world.sample.public_id}/", f"/studies/birds/imports/{world.job.public_id}/"]
    titles = [text(world.client("sia"), address).split("<title>")[1].split("</title>")[0] for address in addresses]
    titles += [text(world.client("ann"), "/studies/birds/mine/").split("<title>")[1].split("</title>")[0]]
    titles += [
        text(world.client("ann"), f"/studies/birds/mine/{world.scored}/").split("<title>")[1].split("</title>")[0]
    ]
    titles += [text(Client(), "/login/").split("<title>")[1].split("</title>")[0]]
    assert len(set(titles)) == len(titles)
    assert all(not title.startswith(" ") for title in titles)


# What one made of a judge


def submit_score_in_arm(arm: SuggestionArm) -> tuple[Client, str, LeasedWork]:
    """Submit Ann's score of a sample of an arm; return client, address and work.

    The judge says 4, 3, 2 and 1.
    """
    study = make_study("stones", k=2)
    member = make_member(study, "ann")
    assert member.user is not None
    make_judge(study, "delayed" if arm is SuggestionArm.BLIND else arm.name.lower())
    make_met_sample(study, arm)
    work = leasing.lease_samples(by=member.user, slug="stones").assignments[0]
    submitting.submit_score(
        by=member.user,
        assignment_id=work.public_id,
        client_key=uuid.uuid4(),
        ratings={"TCC": 5, "ICC": 3, "IQ": 0, "ITS": 5},
        notes={},
        seconds=9,
        touched=["TCC", "ICC", "IQ", "ITS"],
    )
    client = Client()
    client.force_login(member.user, backend="django.contrib.auth.backends.ModelBackend")
    return client, f"/studies/stones/mine/{work.public_id}/", work


def words(client: Client, address: str) -> str:
    """The page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", text(client, address)).split())


def test_a_past_sample_shows_what_was_locked_and_what_it_was_changed_to(db: None) -> None:
    ann, address, work = submit_score_in_arm(SuggestionArm.DELAYED)
    assert "waits for your answer to the judge" in words(ann, "/studies/stones/mine/")
    page = words(ann, address)
    assert "you can still keep or change yours in the scoring page" in page
    assert "the judge said 4 afterwards; not answered yet" in page
    assert "the judge said 3 too" in page
    assert "beforehand" not in page
    assert "Undo" not in page
    revising.submit_revision(
        by=Member.objects.get(study__slug="stones").user,
        assignment_id=work.public_id,
        client_key=uuid.uuid4(),
        ratings={"TCC": 4, "ICC": 3, "IQ": 0, "ITS": 3},
        seconds=4,
    )
    page = words(ann, address)
    assert "first 5, then the judge said 4; changed" in page
    assert "the judge said 3 too" in page
    assert "the judge said 2; kept" in page
    assert "first 5, then the judge said 1; changed" in page
    assert "Undo the answer to the judge and give it again" in page
    assert "2 changed after the judge" in words(ann, "/studies/stones/mine/")
    ann.post(f"{address}undo/")
    assert "waits for your answer to the judge" in words(ann, "/studies/stones/mine/")


def test_where_the_time_to_answer_has_passed_the_judge_is_still_said_to_have_spoken_afterwards(db: None) -> None:
    ann, address, work = submit_score_in_arm(SuggestionArm.DELAYED)
    Assignment.objects.filter(public_id=work.public_id).update(revise_until=timezone.now() - timedelta(seconds=1))
    leases.expire_leases()
    page = words(ann, address)
    for judged in (4, 2, 1):
        assert f"the judge said {judged} afterwards; not answered, so yours stands" in page
    assert "the judge said 3 too" in page
    assert "beforehand" not in page
    assert "not answered yet" not in page


def test_a_past_sample_shows_what_the_judge_had_said_beforehand(db: None) -> None:
    ann, address, _ = submit_score_in_arm(SuggestionArm.PREFILLED)
    page = words(ann, address)
    assert "the judge had said 4 beforehand" in page
    assert "afterwards" not in page
    assert "Undo and score it again" in page


def test_a_blind_sample_in_the_past_says_nothing_of_a_judge(db: None) -> None:
    ann, address, _ = submit_score_in_arm(SuggestionArm.BLIND)
    main = text(ann, address).split("<main", 1)[1]
    assert "judge" not in main.lower()
    assert not leaked(FIGURES, text(ann, address))
