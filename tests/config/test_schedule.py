"""What the clock asks for exists."""

from django.conf import settings

from annotation import tasks


def test_each_task_of_the_schedule_is_there() -> None:
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        module, name = entry["task"].rsplit(".", 1)
        assert module == tasks.__name__
        assert getattr(tasks, name).name == entry["task"]


def test_no_mail_leaves_unless_a_server_is_named() -> None:
    assert not settings.SENDS_MAIL
