"""Describes operations for OpenAPI, and adds what all of them share."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.utils.text import slugify
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema, inline_serializer
from rest_framework import serializers

F = TypeVar("F", bound=Callable[..., Any])

ERROR = {
    "type": "object",
    "description": "What every answer with a status from 400 on looks like.",
    "properties": {
        "code": {"type": "string", "description": "a stable word for programs"},
        "message": {"type": "string", "description": "a sentence for people"},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "what is wrong, by the path of the field, as `ratings.TCC`",
        },
    },
    "required": ["code", "message", "fields"],
    "additionalProperties": False,
}
STATUS_DESCRIPTIONS = {
    "400": "The request is malformed, or a field is wrong; `fields` names it.",
    "401": "Nobody is signed in, or the token is unknown (`not_authenticated`, `bad_token`).",
    "403": "You may know of it but not do this (`not_allowed`), or the CSRF token is missing (`csrf_failed`).",
    "404": "It does not exist, or is not yours to know.",
    "405": "The address has no such method.",
    "409": "It is not in a state in which this can happen; `code` says why.",
    "413": "The request is too large.",
    "415": "The body is of another type than the one that is taken here.",
    "429": "Too many wrong passwords; wait a while (`locked_out`).",
}
CONFLICT = "x-may-conflict"


def describe(
    summary: str,
    *,
    query: type[serializers.Serializer[Any]] | None = None,
    request: Any = None,
    answer: Any = None,
    status: int = 200,
    conflict: bool = False,
    also: Mapping[int, str] | None = None,
    empty: str = "",
    anonymous: bool = False,
    content_type: str | tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Describe one method of a view for OpenAPI.

    Errors that every operation may give are added by `add_shared_parts`.

    ``empty`` says when the answer is 204, without a body.
    """
    shape = answer if answer is not None else OpenApiResponse(description="Done.")
    kinds = (content_type,) if isinstance(content_type, str) else content_type
    responses: dict[Any, Any] = {(status, kind): shape for kind in kinds} or {status: shape}
    if empty:
        responses[204] = OpenApiResponse(description=empty)
    extensions: dict[str, Any] = {CONFLICT: True} if conflict else {}
    extensions |= {"x-also": [str(code) for code in also]} if also else {}
    return extend_schema(
        operation_id=slugify(summary).replace("-", "_"),
        summary=summary,
        parameters=[query] if query else [],
        request=request,
        responses=responses,
        extensions=extensions,
        auth=[] if anonymous else None,
    )


def page_schema(row: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Return the schema of a page of rows."""
    return inline_serializer(
        f"{row.__name__.removesuffix('Serializer')}Page",
        {
            "next": serializers.CharField(allow_null=True, help_text="address of the next page"),
            "previous": serializers.CharField(allow_null=True, help_text="address of the page before"),
            "results": row(many=True),
        },
    )


def list_schema(row: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """Return the schema of a list without pages."""
    return inline_serializer(f"{row.__name__.removesuffix('Serializer')}List", {"results": row(many=True)})


def build_one_of(name: str, *shapes: Any) -> Any:
    """Return a schema that is one of several."""
    return PolymorphicProxySerializer(component_name=name, serializers=list(shapes), resource_type_field_name=None)


class TokenScheme(OpenApiAuthenticationExtension):
    """Describes authentication by token."""

    target_class = "api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the definition of the header."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token syn_…`, as made under /api/tokens/.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    """Describes authentication by session."""

    target_class = "api.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the definition of the cookie."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "Writes also need the `csrftoken` cookie's value in `X-CSRFToken`.",
        }


def add_shared_parts(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Add shared errors to operations, and forbid unknown fields in requests."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Error"] = ERROR
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            _add_errors(path, method, operation)
    for name, schema in schemas.items():
        if name.endswith("Request") or name == "Nothing":
            schema.setdefault("additionalProperties", False)
    return result


def _add_errors(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses = ["400", "401", "403", "404", *operation.pop("x-also", [])]
    if operation.pop(CONFLICT, False):
        statuses.append("409")
    if "requestBody" in operation:
        statuses += ["413", "415"]
    for status in sorted(set(statuses)):
        operation["responses"].setdefault(
            status,
            {
                "description": STATUS_DESCRIPTIONS[status],
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        )
