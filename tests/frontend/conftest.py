"""Fixtures of the pages without a browser.

Static files keep their plain names, so that nothing has to be collected first.

Where a module makes no other study, it is the one of people in dispute that Ada leads.
"""

from typing import Any

import pytest
from django.test import Client

from annotation.models import Sample, Study
from tests.markup import without_line_breaks

from .views.disputes import client_of, make_people
from .views.queue_entries import make_queue


@pytest.fixture(autouse=True)
def _plain_static_names(plain_static_names: None) -> None:
    """Every test here is of pages."""


@pytest.fixture(autouse=True)
def _pages_without_line_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give pages to tests as browsers read them, wherever the lines of a template break."""
    request = Client.request

    def answer(self: Client, **asked: Any) -> Any:
        response = request(self, **asked)
        if not response.streaming and response.headers.get("Content-Type", "").startswith("text/html"):
            response.content = without_line_breaks(response.content.decode()).encode()
        return response

    monkeypatch.setattr(Client, "request", answer)


@pytest.fixture
def study() -> Study:
    return make_people()


@pytest.fixture
def ada(study: Study) -> Client:
    return client_of("ada")


@pytest.fixture
def nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs wait for a worker that never comes."""
    monkeypatch.setattr("annotation.jobs.queueing.send_job", lambda job, kind: True)


@pytest.fixture
def samples(study: Study) -> dict[str, Sample]:
    """Samples in the three queues, by what they are about."""
    return make_queue(study)
