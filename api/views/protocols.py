"""The rules of a study: reading them, changing them, and what they would lead to."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from annotation.core import permissions
from annotation.models import Protocol, Study, User
from annotation.studies import protocols
from annotation.studies.forecast_data import forecast_rules
from api.answers import respond_json, simplify_number
from api.schema import describe
from api.serializers import protocols as shapes
from api.serializers.fields import NothingSerializer

from .base import View, body_of, study_of, user_of

FIELDS: tuple[str, ...] = tuple(shapes.ShownProtocolSerializer().get_fields())


def protocol_shown(protocol: Protocol) -> dict[str, Any]:
    """Return one version of a study's rules."""
    return {name: simplify_number(getattr(protocol, name)) for name in FIELDS}


class CurrentProtocolView(View):
    """The rules that new samples begin under."""

    @describe("Show the protocol", answer=shapes.ShownProtocolSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """For every member."""
        study = study_of(request, slug)
        return respond_json(protocol_shown(Protocol.objects.get(study=study, current=True)))

    @describe(
        "Change the protocol",
        request=shapes.ProtocolRequestSerializer,
        answer=shapes.ShownProtocolSerializer,
        conflict=True,
    )
    def put(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. A new version, unless nothing differs; what is not given stays. Begun samples keep theirs."""
        study, user = _led(request, slug)
        body = body_of(request, shapes.ProtocolRequestSerializer)
        return respond_json(protocol_shown(protocols.change_protocol(by=user, study=study, **body)))


class ForecastView(View):
    """What other rules would lead to."""

    @describe("Forecast disputes", answer=shapes.ForecastSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. Per tolerance the share of samples in dispute and the hours, from the scores so far."""
        study, user = _led(request, slug)
        found = forecast_rules(by=user, study=study)
        return respond_json({"rows": [asdict(row) for row in found.rows], "basis": found.basis, "needed": found.needed})


class MoveView(View):
    """Begun samples, from an earlier version of the rules to the current one."""

    @describe("Preview a move to the protocol", answer=shapes.MovePreviewSerializer)
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. What a move would do; nothing is changed."""
        study, user = _led(request, slug)
        return respond_json(asdict(protocols.preview_move(by=user, study=study)))

    @describe(
        "Move samples to the protocol", request=NothingSerializer, answer=shapes.MovedSamplesSerializer, conflict=True
    )
    def post(self, request: Request, slug: str) -> HttpResponse:
        """Admins only. Undecided samples go on under the current rules, and those with all scores are decided."""
        study, user = _led(request, slug)
        body_of(request, NothingSerializer)
        return respond_json({"moved": protocols.move_samples(by=user, study=study)})


def _led(request: Request, slug: str) -> tuple[Study, User]:
    study, user = study_of(request, slug), user_of(request)
    permissions.require_lead(user, study)
    return study, user
