"""The description of the API: valid, complete, readable in the browser, and true of what the API does."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from django.test import override_settings
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from pytest_django import DjangoDbBlocker
from schemathesis.checks import not_a_server_error
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from annotation.models import Assignment, Invitation, Job, JobLogLine, QueueEntry, Sample, Study
from annotation.reports import stored_reports
from annotation.review_queue.rebuild import rebuild_queue
from annotation.studies.invitations import create_invitation
from api.urls import urlpatterns
from tests.databases import BOTH
from tests.factories import make_discussion, make_member, make_release, make_sample, make_study, make_token, make_user
from tests.judge_run_rows import make_judge_run
from tests.profiles import DEEP

from .caller import GOOD, Caller
from .discussing import give_reasons

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
# The place of the admin's token among those of all roles.
ADMIN = 1
RAW: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
DESCRIBED = schemathesis.openapi.from_dict(RAW)
DESCRIBED.app = get_wsgi_application()


def test_the_description_is_valid_and_complete(tmp_path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_every_address_is_described() -> None:
    names = {pattern.name for pattern in urlpatterns if pattern.name} - {"schema", "docs"}
    assert len(RAW["paths"]) == len(names)
    for path, operations in RAW["paths"].items():
        for method, operation in operations.items():
            assert {"400", "401", "403", "404"} <= set(operation["responses"]), (method, path)
            assert operation["summary"]


@pytest.mark.django_db
def test_the_description_is_there_for_everybody(nobody: Caller) -> None:
    response = nobody.get("schema/", headers={"accept": "application/vnd.oai.openapi+json"})
    assert response.json()["info"]["title"] == "Annotation API"


@pytest.mark.django_db
@pytest.mark.usefixtures("plain_static_names")
def test_the_page_of_the_description_needs_no_inline_script(nobody: Caller) -> None:
    page = nobody.get("docs/")
    html = page.content.decode()
    assert page.status_code == 200
    assert "'unsafe-inline'" not in page["Content-Security-Policy"]
    assert html.count("<script") == html.count("<script src=") == 3
    assert "<style" not in html
    assert "http" not in html.replace("https://localhost", "")
    script = nobody.get("docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/schema/" in script.content.decode()


@contextmanager
def one_connection() -> Iterator[None]:
    """Keep the connection, and with it the test's transaction, which the end of a request would close."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture(scope="module", params=BOTH)
def stored_world(
    request: pytest.FixtureRequest,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Any]]:
    """A study with something at every address, stored once: each test rolls back to it.

    Tokens by role, real ids by parameter, and the settings under which its files are found.
    """
    if not connection.vendor.startswith(request.param):
        pytest.skip(f"runs when DATABASE_URL names a {request.param} database")
    folder = tmp_path_factory.mktemp("stored-world")
    files = {"MEDIA_ROOT": str(folder / "media"), "DATA_DIR": folder / "data"}
    with django_db_blocker.unblock(), override_settings(**files), transaction.atomic():
        yield {**store_world(), "settings": files}
        transaction.set_rollback(True)


@pytest.fixture
def world(
    stored_world: dict[str, Any], db: None, settings: Any, caplog: pytest.LogCaptureFixture
) -> Iterator[dict[str, Any]]:
    """The stored study, to be changed by one test."""
    for name, value in stored_world["settings"].items():
        setattr(settings, name, value)
    settings.ALLOWED_HOSTS = ["*"]
    caplog.set_level(logging.ERROR, "django")
    # Last, as Django's own test client connects them anew after each request.
    with one_connection():
        yield stored_world
    assert Study.objects.filter(slug="birds").exists()
    assert Invitation.objects.exists()
    assert Assignment.objects.exists()


def store_world() -> dict[str, Any]:
    """Store a study with something at every address; return tokens of each role and a real id for each parameter."""
    study = make_study("birds")
    people = {role: make_member(study, role, role).user for role in ("annotator", "admin", "researcher")}
    people["root"] = make_user("root", is_site_admin=True)
    for number in range(4):
        make_sample(study, f"Text {number}", ["red"] if number % 2 else [], external_id=f"s{number}")
    ann = Caller(people["annotator"])
    works = ann.post("studies/birds/assignments/", {"count": 3}).json()["assignments"]
    ratings = {key: 3 for key in GOOD if key not in works[0]["sample"]["locked"]}
    assert ann.score(works[0]["id"], ratings, notes={"TCC": "fine"}, seconds=3).status_code == 200
    invitation, _ = create_invitation(by=None, study=study, role="annotator")
    job = Job.objects.create(kind="import_samples", study=study, file="jobs/none.jsonl", created_by=people["admin"])
    JobLogLine.objects.create(job=job, line="hello")
    member = make_member(study, None, name="imported")
    picture = Sample.objects.filter(has_image=True)[0].pictures.get()
    values = {"annotator": {"ITS": 2}, "admin": {"ITS": 3}, "ben": {"ITS": 4}}
    case = make_discussion(study, values)
    assert give_reasons(ann, case, ITS="They do not match.").status_code == 200
    stored_reports.refresh_reports(study=study)
    run = make_judge_run(study, release=make_release(study), active=True)
    rebuild_queue(study=study)
    return {
        "tokens": [make_token(person, "walk") for person in people.values()] + ["unknown", None],
        "ids": {
            "slug": "birds",
            "member": member.public_id,
            "invitation": invitation.pk,
            "job": job.public_id,
            "sample": case.sample.public_id,
            "discussion": case.public_id,
            "assignment": works[1]["id"],
            "picture": picture.public_id,
            "size": "web",
            "run": run.public_id,
            "entry": QueueEntry.objects.get(sample=case.sample, kind="disputed").public_id,
            "token": people["annotator"].tokens.get(name="walk").pk,
        },
    }


@pytest.mark.slow
@pytest.mark.deep
@DESCRIBED.parametrize()
@settings(
    max_examples=100 if DEEP else 5,
    derandomize=not DEEP,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_it_fail_or_answer_otherwise_than_described(
    case: schemathesis.Case, world: dict[str, Any]
) -> None:
    generated = dict(case.path_parameters or {})
    real = {name: world["ids"].get(name, value) for name, value in generated.items()}
    # Where the address was all that was wrong, a real id has put it right.
    wrong_elsewhere = case.meta is not None and case.meta.is_negative_at(ParameterLocation.BODY)
    checks_of_real = [check for check in CHECKS if wrong_elsewhere or check is not negative_data_rejection]
    # What a role may do is tested elsewhere; where each boundary of a schema is sent, two people are enough.
    systematic = not DEEP and case.meta is not None and case.meta.phase.name == TestPhase.COVERAGE
    tokens = [world["tokens"][ADMIN], None] if systematic else world["tokens"]
    for parameters, checks in ((generated, CHECKS), (real, checks_of_real))[: 2 if generated else 1]:
        case.path_parameters = dict(parameters)
        for token in tokens:
            headers = {"Authorization": f"Token {token}"} if token else {}
            response = case.call(headers=headers)
            # What is too large is refused before anybody looks at what it is.
            refused_by_size = response.status_code == 413
            due = [check for check in checks if not (refused_by_size and check is negative_data_rejection)]
            case.validate_response(response, checks=due)
