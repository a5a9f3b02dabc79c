"""A restore that is killed, fails or is refused: the place says so, nothing is half there, and it can be done again."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.processes import WORKER
from tests.databases import BOTH
from tests.installation import Installation

from .installations import FINGERPRINTS, contents, files, new_place, refused

pytestmark = pytest.mark.slow

KILLED = """
import os, signal
from pathlib import Path
from annotation.backups import restore_backup, restoring
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
def progress(done, total, activity):
    if activity == {activity!r}:
        kill()
if not {activity!r}:
    restoring._migrate_forward = kill
restoring.FILES_BETWEEN_REPORTS = 10
restore_backup(path=Path({path!r}), progress=progress)
"""
SERVES = "from config.startup_checks import require_safe_start\nrequire_safe_start()"
# As version 3 of the tables had it; the fourth migration adds columns to it.
OLDER = """
from django.db import connection
from django.utils import timezone
from annotation.core.sql import database_time
with connection.cursor() as cursor:
    cursor.execute("INSERT INTO annotation_rubric (key, version, title, description, digest, created_at) "
                   "VALUES ('answer', 1, 'Answers', '', 'd', %s)", [database_time(timezone.now())])
    cursor.execute("INSERT INTO annotation_study (slug, title, instructions, rubric_id, state, created_at) "
                   "VALUES ('birds', 'Birds', '', 1, 'running', %s)", [database_time(timezone.now())])
    cursor.execute("INSERT INTO annotation_question (study_id, key) VALUES (1, 'why')")
"""
AS_OF_NOW = """
from annotation.models import Question
question = Question.objects.get()
answer = [question.key, question.study.slug, question.part, question.reserved]
"""


@pytest.fixture(scope="module", autouse=True)
def _databases_of_their_own(django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture(scope="module", params=BOTH)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the demo."""
    folder = tmp_path_factory.mktemp("demo")
    with new_place("sqlite", folder / "made", migrated=True) as place:
        place.manage("demo")
        place.manage("backup", str(folder / "demo.tar"))
    return folder / "demo.tar"


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory, kind: str) -> Path:
    """A backup of a place that has not been migrated to the present."""
    folder = tmp_path_factory.mktemp("older")
    with new_place(kind, folder / "made") as place:
        place.manage("migrate", "annotation", "0003", "--verbosity=0")
        place.python(OLDER)
        place.manage("backup", str(folder / "older.tar.gz"))
    return folder / "older.tar.gz"


def kill_while(place: Installation, activity: str, backup: Path) -> None:
    code = "import django\ndjango.setup()\n" + KILLED.format(activity=activity, path=str(backup))
    done = place.run(sys.executable, "-c", code)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("activity", ["storing files", "storing rows"])
def test_killed_in_the_middle_the_place_says_so_and_the_next_restore_starts_anew(
    kind: str, activity: str, demo: Path, tmp_path: Path
) -> None:
    with new_place(kind, tmp_path / "there") as place:
        kill_while(place, activity, demo)
        assert files(place)
        assert place.query("SELECT COUNT(*) FROM annotation_user") == [(0,)]
        assert "was not finished" in refused(place, "export_scores", "demo")
        serving = place.run(sys.executable, "-c", f"import django\ndjango.setup()\n{SERVES}")
        assert serving.returncode == 1
        assert "manage.py restore" in serving.stderr
        working = place.run(sys.executable, "-m", *WORKER)
        assert working.returncode == 1
        assert "manage.py restore" in working.stderr

        place.manage("restore", str(demo))
        place.manage("backup", str(tmp_path / "again.tar"))
        assert contents(tmp_path / "again.tar") == contents(demo)
        place.python(SERVES)


def test_what_a_killed_restore_left_gives_way_to_another_backup(
    kind: str, demo: Path, older: Path, tmp_path: Path
) -> None:
    with new_place(kind, tmp_path / "there") as place:
        kill_while(place, "storing rows", demo)
        place.manage("restore", str(older))
        assert files(place) == []
        assert place.python(AS_OF_NOW) == ["why", "birds", "", False]


def test_a_backup_of_an_older_version_is_migrated_forward_also_in_a_place_that_is_ahead_of_it(
    kind: str, older: Path, tmp_path: Path
) -> None:
    with new_place(kind, tmp_path / "there") as place:
        place.manage("migrate", "--verbosity=0")
        place.manage("restore", str(older))
        assert place.python(AS_OF_NOW) == ["why", "birds", "", False]
        assert "No planned migration operations" in place.manage("migrate", "--plan")
        place.manage("backup", str(tmp_path / "now.tar"))


def test_killed_before_it_migrated_forward_the_next_restore_only_does_that(
    kind: str, older: Path, demo: Path, tmp_path: Path
) -> None:
    with new_place(kind, tmp_path / "there") as place:
        kill_while(place, "", older)
        assert place.query("SELECT COUNT(*) FROM annotation_study") == [(1,)]
        assert "remain to be migrated" in refused(place, "export_scores", "birds")
        # Another backup must not be taken for the one that is in.
        assert str(older) in refused(place, "restore", str(demo))
        assert '"resumed": true' in place.manage("restore", str(older), "--json")
        assert place.python(AS_OF_NOW) == ["why", "birds", "", False]
        place.python(SERVES)


@pytest.mark.postgres
def test_what_the_other_database_cannot_hold_is_refused_and_leaves_the_place_empty(demo: Path, tmp_path: Path) -> None:
    odd = tmp_path / "odd.tar"
    with new_place("sqlite", tmp_path / "a", migrated=True) as place:
        place.manage("demo")
        place.python("from annotation.models import User\nUser.objects.update(time_zone='a\\0b')")
        place.manage("backup", str(odd))
    with new_place("postgres", tmp_path / "b", migrated=True) as place:
        assert "The database refuses rows of the backup: annotation_user:" in refused(place, "restore", str(odd))
        assert files(place) == []
        place.manage("restore", str(demo))


def test_rows_that_name_missing_rows_are_refused_at_the_end(kind: str, demo: Path, tmp_path: Path) -> None:
    dangling = tmp_path / "dangling.tar"
    with new_place("sqlite", tmp_path / "a", migrated=True) as place:
        place.manage("restore", str(demo))
        place.python(
            "from django.db import connection\ncursor = connection.cursor()\n"
            "cursor.execute('PRAGMA foreign_keys=OFF')\ncursor.execute('DELETE FROM annotation_level')"
        )
        place.manage("backup", str(dangling))
    with new_place(kind, tmp_path / "b", migrated=True) as place:
        assert "The database refuses rows" in refused(place, "restore", str(dangling))
        assert files(place) == []
        assert place.query("SELECT COUNT(*) FROM annotation_rating") == [(0,)]
        place.manage("restore", str(demo))
        assert place.python(FINGERPRINTS)["annotation_level"][0] == 24
