"""Pages without a browser: static files keep their plain names, so that nothing has to be collected first."""

import pytest
from django.conf import LazySettings


@pytest.fixture(autouse=True)
def plain_static_names(settings: LazySettings) -> None:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
