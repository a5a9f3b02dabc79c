"""What a process of the platform loads when it starts, and when it refuses to."""

import json
import sys
from pathlib import Path

import pytest

from .installation import Installation, free_port

# The database is a file of the test's own.
pytestmark = pytest.mark.sqlite

HEAVY = ("torch", "transformers", "peft", "accelerate", "sklearn")
FOR_FIGURES = ("pandas", "numpy", "scipy", "krippendorff", "pyarrow")
WEB = [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py", "--bind", "127.0.0.1:0"]

# An attempt counts, too: here the libraries may be absent, and the code may pass over that.
RECORD_ATTEMPTS = """
import importlib.abc, json, sys
asked = set()
class Recorder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        asked.add(name.partition(".")[0])
sys.meta_path.insert(0, Recorder())
"""
START_WEB = """
import config.wsgi
from django.urls import get_resolver
def count(patterns):
    return sum(count(p.url_patterns) if hasattr(p, "url_patterns") else bool(p.callback) for p in patterns)
views = count(get_resolver().url_patterns)
"""
LOAD_EVERYTHING = """
import annotation.tasks, importlib, pkgutil
for package in ("annotation", "api", "frontend", "config", "judge"):
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        programs = ("config.gunicorn", "judge.backends", "judge.incremental_session", "judge.__main__")
        if not module.name.startswith(programs):
            importlib.import_module(module.name)
"""
MAKE_DEMO_LOGIN = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from annotation.models import User
User.objects.create_user("ann", {password}, is_demo=True)
"""


@pytest.fixture
def place(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "data")


def loaded(place: Installation, code: str) -> tuple[set[str], int]:
    done = place.run(
        sys.executable, "-c", RECORD_ATTEMPTS + code + "\nprint(json.dumps([sorted(asked | set(sys.modules)), views]))"
    )
    assert done.returncode == 0, done.stderr
    names, views = json.loads(done.stdout.splitlines()[-1])
    return set(names), views


def test_no_django_process_loads_a_machine_learning_library(place: Installation) -> None:
    names, views = loaded(place, START_WEB + LOAD_EVERYTHING)
    assert "annotation.tasks" in names
    assert views > 0
    assert not names & set(HEAVY)


def test_the_web_process_starts_without_libraries_for_figures(place: Installation) -> None:
    names, views = loaded(place, START_WEB)
    assert views > 0
    assert "django" in names
    assert not names & {*FOR_FIGURES, *HEAVY}


def test_a_worker_starts_without_libraries_for_figures_and_loads_them_for_its_work(place: Installation) -> None:
    names, _ = loaded(place, "import django\ndjango.setup()\nimport annotation.tasks\nviews = 0")
    assert "annotation.tasks" in names
    assert not names & {*FOR_FIGURES, *HEAVY}
    names, _ = loaded(place, "import django\ndjango.setup()\nimport annotation.reports.agreement\nviews = 0")
    assert {"numpy", "krippendorff"} <= names


def test_the_recorder_of_this_test_notices_an_import_that_fails(place: Installation) -> None:
    names, _ = loaded(place, "views = 0\ntry:\n    import torch.nn\nexcept ImportError:\n    pass")
    assert "torch" in names


def test_no_server_starts_with_the_default_secret(place: Installation) -> None:
    del place.environment["SECRET_KEY"]
    for command in (
        WEB,
        [sys.executable, "manage.py", "up", "--port", str(free_port())],
        [sys.executable, "manage.py", "check", "--deploy", "--tag", "security"],
    ):
        refused = place.run(*command)
        assert refused.returncode != 0
        assert "SECRET_KEY is not set" in refused.stderr


def test_a_command_needs_no_secret_and_makes_the_tables_of_a_new_database(place: Installation) -> None:
    del place.environment["SECRET_KEY"]
    place.manage("create_study", "birds", "--rubric", "interleaved-answer")
    place.manage("add_member", "birds", "ann", "--role", "annotator")
    assert place.manage("export_scores", "birds") == "sample,annotator,dimension,value,round,at,seconds\n"


def test_the_server_refuses_demo_logins(place: Installation) -> None:
    place.python(MAKE_DEMO_LOGIN.format(password="'a long enough password'"))
    for command in (
        WEB,
        [sys.executable, "manage.py", "up", "--port", str(free_port())],
        [sys.executable, "manage.py", "check", "--deploy", "--tag", "security"],
    ):
        refused = place.run(*command)
        assert refused.returncode != 0
        assert "demo logins" in refused.stderr
        assert "ann" in refused.stderr
    for kind in ("DEMO", "DEBUG"):
        assert place.run(sys.executable, "-c", "import config.wsgi", **{kind: "1"}).returncode == 0


def test_demo_people_who_cannot_sign_in_are_let_be(place: Installation) -> None:
    place.python(MAKE_DEMO_LOGIN.format(password=None))
    assert place.run(sys.executable, "-c", "import config.wsgi").returncode == 0
