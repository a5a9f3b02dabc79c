"""What a page that keeps itself up to date gets once the session is over."""

import pytest
from django.test import Client
from django.urls import reverse

from .disputes import client_of

pytestmark = pytest.mark.django_db
JOBS = "/studies/birds/jobs/"
PART = {"HX-Request": "true"}


@pytest.mark.usefixtures("study")
def test_a_part_asked_for_after_the_session_has_ended_loads_the_page_anew(client: Client) -> None:
    answer = client.get(JOBS, headers=PART)
    assert answer.headers["HX-Refresh"] == "true"
    assert answer.content == b""


@pytest.mark.usefixtures("study")
def test_a_page_asked_for_after_the_session_has_ended_leads_to_the_sign_in(client: Client) -> None:
    answer = client.get(JOBS)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{reverse('login')}?next={JOBS}")


@pytest.mark.usefixtures("study")
def test_who_is_signed_in_gets_the_part() -> None:
    answer = client_of("ada").get(JOBS, headers=PART)
    assert answer.status_code == 200
    assert "HX-Refresh" not in answer.headers
