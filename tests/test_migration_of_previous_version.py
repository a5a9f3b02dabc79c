"""What an earlier version stored is still there after the present version has migrated it.

The earlier version is unpacked from the repository's history into a temporary folder; it makes its own demo
there, in its own way, and the present code migrates the result.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .databases import BOTH, fresh_database

ROOT = Path(__file__).resolve().parent.parent
MIGRATIONS = "annotation/migrations"
NEVER_LOST = {
    f"annotation_{table}"
    for table in (
        "user",
        "study",
        "member",
        "question",
        "sample",
        "score",
        "rating",
        "finalscore",
        "historyentry",
    )
}
COUNT_ROWS = """
import json, django
django.setup()
from django.db import connection
counts = {}
with connection.cursor() as cursor:
    for table in connection.introspection.table_names(cursor):
        cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(table)}")
        counts[table] = cursor.fetchone()[0]
print(json.dumps(counts))
"""


def git(*arguments: str) -> str | None:
    """Return what git answers, or None where it knows no such thing."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def has(commit: str, path: str) -> bool:
    return bool(git("ls-tree", "--name-only", commit, path))


def could_be_installed(commit: str) -> bool:
    """Tell whether its migrations are all here unchanged: one that people have run is never edited."""
    return has(commit, f"{MIGRATIONS}/0001_initial.py") and not git(
        "diff", "--name-only", "--no-renames", "--diff-filter=a", commit, "--", MIGRATIONS
    )


def previous_version() -> str | None:
    """Name the commit that installations are likely to run now.

    That is PREVIOUS_VERSION if set; else the published branch, where the present commit goes beyond it; else,
    as in a clone of what is being published, the newest commit with fewer migrations; else the one before this.
    """
    if named := os.environ.get("PREVIOUS_VERSION"):
        return named
    head = git("rev-parse", "HEAD")
    if head is None:
        return None
    published = git("rev-parse", "--verify", "--quiet", "origin/main^{commit}")
    if published and published != head and git("merge-base", "--is-ancestor", published, head) is not None:
        return published
    candidates = [head] if git("status", "--porcelain", "--", MIGRATIONS) else []
    changes = (git("log", "--format=%H", "--", MIGRATIONS) or "").split()
    candidates += [f"{commit}~1" for commit in [*changes, head]]
    return next(filter(could_be_installed, candidates), None)


@pytest.fixture(scope="module")
def previous_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    commit = previous_version()
    if commit is None:
        pytest.skip("the history holds no earlier version")
    if not has(commit, "manage.py") or not has(commit, "annotation/management/commands/demo.py"):
        pytest.skip(f"the earlier version {commit} cannot make a demo")
    folder = tmp_path_factory.mktemp("previous")
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "--extract", "--directory", folder], input=archive, check=True)
    return folder


@pytest.fixture(scope="module")
def previous_python(previous_code: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the Python that runs the earlier version: of its own where it asks for other packages than the present."""
    lock = Path("requirements", "web.txt")
    if (previous_code / lock).read_bytes() == (ROOT / lock).read_bytes():
        return sys.executable
    folder = tmp_path_factory.mktemp("previous_environment")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([*install, "--requirement", previous_code / lock], check=True)
    return python


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.mark.slow
def test_what_the_previous_version_stored_is_kept(
    previous_code: Path, previous_python: str, database_url: str, tmp_path: Path
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "DATA_DIR": str(tmp_path / "data"),
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SECRET_KEY": "of-this-test-alone-0123456789-abcdefghijklmnopqrstuvwxyz",
    }

    def python(code: Path, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable if code == ROOT else previous_python, *arguments],
            cwd=code,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}:\n{done.stdout}{done.stderr}"
        return done.stdout

    python(previous_code, "manage.py", "migrate", "--noinput")
    python(previous_code, "manage.py", "demo")
    before = json.loads(python(previous_code, "-c", COUNT_ROWS))
    assert before["annotation_sample"] > 0
    assert before["annotation_rating"] > 0

    python(ROOT, "manage.py", "migrate", "--noinput")
    python(ROOT, "manage.py", "check", "--database", "default")
    after = json.loads(python(ROOT, "-c", COUNT_ROWS))
    kept = NEVER_LOST & before.keys()
    assert {table: after[table] for table in kept} == {table: before[table] for table in kept}
