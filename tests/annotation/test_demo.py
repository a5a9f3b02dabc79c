"""The demo: something to look at in every state, and nothing that could stand on a real server."""

import pytest
from django.core.management import CommandError, call_command

from annotation.models import Assignment, Member, Sample, Score, User

pytestmark = pytest.mark.django_db


def test_the_demo_has_samples_in_every_state_that_scoring_leads_to(settings, capsys):
    settings.DEMO = True
    call_command("demo")
    out = capsys.readouterr().out
    states = dict(Sample.objects.values_list("state", "pk"))
    assert states.keys() == {"waiting", "scoring", "blocked", "agreed"}
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
