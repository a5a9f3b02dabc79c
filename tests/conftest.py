"""What every test rests on: a media folder of its own and no memory of earlier rubrics."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from annotation.core.rubric_cache import forget_definitions

# Everywhere as in CI, whose machine is slow and noisy: no example is too slow, and each run draws the same ones.
hypothesis_settings.register_profile(
    "everywhere",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("everywhere")


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
