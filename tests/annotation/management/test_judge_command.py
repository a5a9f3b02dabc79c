"""manage.py judge, as a person calls it."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotation.jobs import running
from annotation.models import Job, JudgeRun, Study
from tests.annotation.judges.judge_studies import learnable_study, release_study

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "judge_dir")]

QUICK = ("--preset", "quick", "--set", "trees=10", "--set", "members=2", "--set", "folds=2")


@pytest.fixture
def study() -> Study:
    return learnable_study()


def judge(verb: str, *arguments: Any) -> str:
    printed = io.StringIO()
    call_command("judge", verb, "birds", *map(str, arguments), stdout=printed, stderr=io.StringIO())
    return printed.getvalue()


def test_the_whole_way_from_a_release_to_an_active_judge(study: Study) -> None:
    release_study(study)
    told = json.loads(judge("train", *QUICK, "--name", "first try", "--json"))
    assert (told["run"], told["judge"], told["release"]) == (1, "first try", 1)
    assert set(told["metrics"]) == {"final", "mean"}
    assert json.loads(judge("predict", "--json"))["predictions"] == 32
    said = judge("evaluate")
    assert "Judge run 1, first try, held to release 1" in said
    assert "8 samples of 4 questions" in said
    assert "constant" in said
    assert "is the active judge of birds" in judge("activate", "--run", 1)
    assert JudgeRun.objects.get().active
    assert "has no active judge" in judge("activate", "--none")
    assert not JudgeRun.objects.get().active


def test_a_failed_training_says_why_and_is_gone_on_with(study: Study, settings: Any) -> None:
    release_study(study)
    settings.JUDGE_PYTHON = "/no/such/python"
    with pytest.raises(CommandError, match="JUDGE_PYTHON"):
        judge("train", *QUICK)
    assert Job.objects.get().state == "failed"
    settings.JUDGE_PYTHON = ""
    assert "held to release 1" in judge("train", "--resume", 1)
    assert JudgeRun.objects.get().finished_at is not None
    assert Job.objects.get().attempts == 1


def cancelled(verb: str, *arguments: Any) -> str:
    """Call the command, have its job cancelled while it is carried out, and return what it says."""

    def cancel(job_id: int, **how: Any) -> None:
        Job.objects.filter(pk=job_id).update(state=Job.State.CANCELLED)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(running, "run_job", cancel)
        with pytest.raises(CommandError) as told:
            judge(verb, *arguments)
    return str(told.value)


def test_who_cancels_is_told_of_resuming_only_where_the_command_can(study: Study) -> None:
    release_study(study)
    assert cancelled("train", *QUICK).endswith("“Try again” on the job's page, or --resume 1, goes on.")
    assert "held to release 1" in judge("train", "--resume", 1)
    assert cancelled("predict").endswith("“Try again” on the job's page goes on.")


def test_what_is_not_there_is_said_with_what_there_is(study: Study) -> None:
    with pytest.raises(CommandError, match=r"manage\.py release makes one"):
        judge("train")
    with pytest.raises(CommandError, match="There are: none yet"):
        judge("activate")
    release_study(study)
    with pytest.raises(CommandError, match="There are: 1"):
        judge("train", "--release", 7)
    with pytest.raises(CommandError, match="backend"):
        judge("train", "--backend", "oracle")
