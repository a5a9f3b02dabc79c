"""What every test rests on: a media folder of its own, no memory of earlier rubrics, and where it runs.

README.md beside this file says which tests run again on PostgreSQL.
"""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings, settings
from django.db.backends.sqlite3.creation import DatabaseCreation

from annotation.core.rubric_cache import forget_definitions
from tests.databases import TEMPLATES, drop_templates, fill_from_template, postgres_template
from tests.profiles import load_profile

load_profile()
# A suite that runs in the background may have been told to ignore interrupts, and what it starts would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

TESTS = Path(__file__).parent
# No test in here uses a database, and none may begin to.
PURE = (
    "annotation/statistics",
    "config",
    "frontend/charts",
    "frontend/presenters/scorecard",
    "judge",
)
# What these show rests on rules and reads that are tested on PostgreSQL elsewhere.
NOT_REPEATED = (
    "annotation/management",
    "annotation/simulation",
    "annotation/imports/test_folders.py",
    "annotation/imports/test_other_tools.py",
    "annotation/judges/test_judge_process.py",
    "annotation/judges/test_training_curves.py",
    "annotation/releases/test_dataset_card.py",
    "annotation/releases/test_output_folder.py",
    "annotation/reports/test_progress.py",
    "api/test_agreement.py",
    "api/test_authentication.py",
    "api/test_errors.py",
    "api/test_influence.py",
    "api/test_influence_story.py",
    "api/test_judges.py",
    "api/test_leaks.py",
    "api/test_leaks_of_judges.py",
    "frontend",
)
# Lists whose filters and orders become SQL, repeated although they lie in a folder above.
REPEATED = (
    "frontend/views/test_discussions.py",
    "frontend/views/test_queue.py",
    "frontend/views/test_samples.py",
)
USES_DATABASE = {"db", "transactional_db", "live_server"}


def pytest_configure(config: pytest.Config) -> None:
    """Give all processes of a run one place for the databases that others are copied from."""
    if TEMPLATES not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="test-templates-"))
        os.environ[TEMPLATES] = str(folder)
        config.add_cleanup(lambda: drop_templates(folder))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what does not run again on PostgreSQL, and refuse a database where none belongs."""
    for item in items:
        if TESTS not in item.path.parents:
            continue
        place = item.path.relative_to(TESTS).as_posix()
        uses_database = uses_a_database(item)
        if uses_database and place.startswith(PURE):
            raise pytest.UsageError(f"{item.nodeid} uses a database, and tests in {item.path.parent} may not.")
        repeated = uses_database and (place.startswith(REPEATED) or not place.startswith(NOT_REPEATED))
        if not repeated and item.get_closest_marker("postgres") is None:
            item.add_marker("one_database")


def uses_a_database(item: pytest.Item) -> bool:
    return item.get_closest_marker("django_db") is not None or bool(
        USES_DATABASE.intersection(getattr(item, "fixturenames", ()))
    )


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Copy the databases of tests from one that was migrated once."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        fill_from_template(DatabaseCreation)
    elif os.environ.get("TEST_POSTGRES_URL", "") == os.environ.get("DATABASE_URL"):
        database["TEST"] = {**database.get("TEST", {}), "TEMPLATE": postgres_template()}


@pytest.fixture(autouse=True)
def _own_media_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    # Where imports unpack; outside of what a test reads.
    settings.DATA_DIR = tmp_path.with_name(tmp_path.name + "-data")


@pytest.fixture(autouse=True)
def _leases_outlast_tests(settings: LazySettings) -> None:
    # A heartbeat comes through a connection of its own, which does not see what a test's transaction holds: the first
    # one, after a third of the lease, would take the job for lost.
    settings.JOB_LEASE_SECONDS = 900


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: LazySettings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def plain_static_names(settings: LazySettings) -> None:
    """Pages name static files as they are, so that none has to be collected."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def _no_remembered_rubrics() -> Iterator[None]:
    """Ids come round again between tests; what was frozen under one must not answer for the next."""
    forget_definitions()
    yield
    forget_definitions()
