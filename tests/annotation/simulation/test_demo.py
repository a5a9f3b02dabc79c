"""Tests the demo: samples in every state, and none of it on a real server."""

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from annotation.core.rubric_cache import forget_definitions
from annotation.models import Assignment, Discussion, FinalScore, Member, Release, Sample, Score, User
from annotation.reports import stored_reports
from annotation.simulation import demo

pytestmark = pytest.mark.django_db


def test_the_demo_has_samples_in_every_state_that_work_leads_to(settings, capsys):
    settings.DEMO = True
    call_command("demo")
    out = capsys.readouterr().out
    states = dict(Sample.objects.values_list("state", "pk"))
    assert states.keys() == {"waiting", "scoring", "in_review", "in_discussion", "blocked", "agreed"}
    assert 20 <= Sample.objects.count() <= 30
    assert not Assignment.objects.filter(state=Assignment.State.LEASED).exists()
    assert dict(Member.objects.values_list("name", "role")) == {
        "Ada": "admin",
        "Ann": "annotator",
        "Ben": "annotator",
        "Cho": "annotator",
        "Rae": "annotator",
        "Ravi": "researcher",
    }
    assert not User.objects.filter(is_demo=False).exists()
    for user in User.objects.all():
        (told,) = [row.strip() for row in out.splitlines() if row.strip().startswith(f"{user.username} ")]
        assert user.check_password(told.removeprefix(user.username).rsplit("  ", 1)[0].strip())


def told_of_discussions():
    """Return state, posts and who is awaited of each discussion, by sample."""
    return {
        one.sample.external_id: (
            one.state,
            one.posts.count(),
            sorted(one.participants.filter(waits=True).values_list("member__name", flat=True)),
        )
        for one in Discussion.objects.all()
    }


def test_some_are_being_discussed_and_one_has_been(settings):
    settings.DEMO = True
    call_command("demo")
    states = [state for state, _, _ in told_of_discussions().values()]
    assert states.count("closed") == 1
    assert states.count("open") >= 3
    assert FinalScore.objects.filter(outcome="discussed", current=True).exists()
    awaited = [people for _, posts, people in told_of_discussions().values() if posts and people]
    assert ["Ann"] in awaited
    assert any(posts == 0 for _, posts, _ in told_of_discussions().values())


def test_what_is_agreed_has_been_released_once_with_files_to_take_away(settings):
    settings.DEMO = True
    call_command("demo")
    call_command("demo")
    release = Release.objects.get()
    assert release.about["samples"] == Sample.objects.filter(state="agreed").count() > 3
    assert release.renditions.get().formats == ["jsonl", "scores"]


def test_its_board_has_figures_from_the_start(settings):
    settings.DEMO = True
    study, _ = demo.create_demo()
    stored = stored_reports.latest_report(study, "agreement")
    assert stored is not None
    assert any(row["alpha"] is not None for row in stored.data["levels"]["ordinal"]["all"])


def test_made_anew_the_demo_tells_the_same_story(settings):
    settings.DEMO = True
    told = []
    for _ in range(2):
        with transaction.atomic():
            call_command("demo")
            told.append((dict(Sample.objects.values_list("external_id", "state")), told_of_discussions()))
            transaction.set_rollback(True)
        forget_definitions()
    assert told[0] == told[1]


def test_again_the_demo_is_as_it_was_left(settings, capsys):
    settings.DEMO = True
    call_command("demo")
    before = list(Score.objects.values_list("pk")), list(Sample.objects.values_list("pk", "state"))
    ann = User.objects.get(username="ann")
    ann.set_password("my own pass phrase")
    ann.save()
    capsys.readouterr()
    call_command("demo")
    assert (list(Score.objects.values_list("pk")), list(Sample.objects.values_list("pk", "state"))) == before
    assert "a password of its own" in capsys.readouterr().out
    assert User.objects.get(username="ann").check_password("my own pass phrase")


def test_where_real_work_is_done_there_is_no_demo(settings):
    settings.DEMO = settings.DEBUG = False
    with pytest.raises(CommandError, match="DEMO"):
        call_command("demo")
    assert not User.objects.exists()
