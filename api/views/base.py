"""Base class and helpers of the API's views."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from annotation.core.errors import BadInput, NotFound
from annotation.core.permissions import find_member
from annotation.core.visibility import studies_visible_to
from annotation.models import Sample, Study, User
from annotation.scoring.exposures import record_exposure
from api.serializers.fields import StrictSerializer


class JSONNegotiation(BaseContentNegotiation):
    """Renders every response as JSON, whatever the client accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return the parser of the request's content type, if there is one."""
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == content_type), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        """Return the JSON renderer."""
        return _RENDERER, "application/json"


_RENDERER = JSONRenderer()


class View(APIView):
    """Base view with token or session authentication, strict JSON and JSON responses."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    content_negotiation_class = JSONNegotiation
    metadata_class = None


def user_of(request: Request) -> User:
    """Return the signed-in user."""
    return cast(User, request.user)


def study_of(request: Request, slug: str) -> Study:
    """Return a study visible to the user, with its rubric.

    Raises:
        Http404: there is none.
    """
    return get_or_not_found(studies_visible_to(user_of(request)).select_related("rubric"), slug=slug)


def get_or_not_found(rows: Any, **lookup: Any) -> Any:
    """Return the matching row, or raise `NotFound`."""
    row = rows.filter(**lookup).first()
    if row is None:
        raise NotFound("There is nothing at this address, or it is not yours to see.")
    return row


def body_of(request: Request, serializer: type[StrictSerializer], *, partial: bool = False) -> Mapping[str, Any]:
    """Return the validated body of a request."""
    validated = serializer(data=request.data, partial=partial)
    validated.is_valid(raise_exception=True)
    return cast(Mapping[str, Any], validated.validated_data)


def query_of(request: Request, serializer: type[StrictSerializer]) -> Mapping[str, Any]:
    """Return the validated query parameters, each known and given once."""
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise BadInput(f"{name} is given more than once.", fields={name[:80]: "Give it once."})
    validated = serializer(data=request.query_params.dict())
    validated.is_valid(raise_exception=True)
    return cast(Mapping[str, Any], validated.validated_data)


def record_samples_seen(user: User, study: Study, samples: Sequence[Sample]) -> None:
    """Record that a user has looked into samples, so that later scores are not independent."""
    member = find_member(user, study)
    if member is not None:
        record_exposure(member=member, samples=samples)
