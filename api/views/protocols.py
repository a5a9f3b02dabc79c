"""Views of a study's protocol, its forecast, and moves to it."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from annotation.core import permissions
from annotation.models import Protocol, Study, User
from annotation.studies import protocols
from annotation.studies.forecast_data import forecast_rules
from api.json_responses import respond_json, simplify_number
from api.schema import describe
from api.serializers import protocols as shapes
from api.serializers.fields import EmptyRequestSerializer

from .base import View, body_of, study_of, user_of

FIELDS: tuple[str, ...] = tuple(shapes.ShownProtocolSerializer().get_fields())


def describe_protocol(protocol: Protocol) -> dict[str, Any]:
    """Return one version of a study's protocol."""
    return {name: simplify_number(getattr(protocol, name)) for name in FIELDS}


class CurrentProtocolView(View):
    """The current protocol of a study."""

    @describe("Show the protocol", answer=shapes.ShownProtocolSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """For every member."""
        study = study_of(request, slug)
        return respond_json(describe_protocol(Protocol.objects.get(study=study, current=True)))

    @describe(
        "Change the protocol",
        request=shapes.ProtocolRequestSerializer,
        answer=shapes.ShownProtocolSerializer,
        conflict=True,
    )
    def put(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. A new version, unless nothing differs; what is not given stays. Begun samples keep theirs."""
        study, user = _require_led_study(request, slug)
        body = body_of(request, shapes.ProtocolRequestSerializer)
        return respond_json(describe_protocol(protocols.change_protocol(by=user, study=study, **body)))


class ForecastView(View):
    """The forecast of disputes and hours by tolerance."""

    @describe("Forecast disputes", answer=shapes.ForecastSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. Per tolerance the share of samples in dispute and the hours, from the scores so far."""
        study, user = _require_led_study(request, slug)
        forecast = forecast_rules(by=user, study=study)
        return respond_json(
            {"rows": [asdict(row) for row in forecast.rows], "basis": forecast.basis, "needed": forecast.needed}
        )


class MoveView(View):
    """Moves undecided samples to the current protocol."""

    @describe("Preview a move to the protocol", answer=shapes.MovePreviewSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. What a move would do; nothing is changed."""
        study, user = _require_led_study(request, slug)
        return respond_json(asdict(protocols.preview_move(by=user, study=study)))

    @describe(
        "Move samples to the protocol",
        request=EmptyRequestSerializer,
        answer=shapes.MovedSamplesSerializer,
        conflict=True,
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. Undecided samples go on under the current rules, and those with all scores are decided."""
        study, user = _require_led_study(request, slug)
        body_of(request, EmptyRequestSerializer)
        return respond_json({"moved": protocols.move_samples(by=user, study=study)})


def _require_led_study(request: Request, slug: str) -> tuple[Study, User]:
    study, user = study_of(request, slug), user_of(request)
    permissions.require_lead(user, study)
    return study, user
