"""Turns exceptions into the one error body of the API.

Every response with a status from 400 on is ``{"code", "message", "fields"}``: a stable word for programs, a sentence
for people, and what is wrong with which field.
"""

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.exceptions import RequestDataTooBig as DjangoRequestDataTooBig
from django.core.signals import got_request_exception
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions

from annotation.core.errors import WorkflowError

from .json_responses import respond_json

log = logging.getLogger(__name__)

# Codes of ours in index of the framework's, which are part of nobody's contract.
CODES = {
    "parse_error": "malformed",
    "permission_denied": "not_allowed",
    "authentication_failed": "bad_token",
}
MESSAGES = {
    "not_authenticated": "Sign in, or send a token.",
    "not_found": "There is nothing at this address, or it is not yours to see.",
    "not_allowed": "You may not do this.",
}


class TooLarge(WorkflowError):
    """The request is larger than the limit."""

    status = 413
    code = "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request is too large; {limit:,} bytes may be sent here.")


class LockedOut(WorkflowError):
    """Too many wrong passwords were tried."""

    status = 429
    code = "locked_out"


class CsrfFailed(exceptions.PermissionDenied):
    """A write by session came without the CSRF token of its page."""

    default_code = "csrf_failed"


def error_response(status: int, code: str, message: str, fields: Mapping[str, str] | None = None) -> HttpResponse:
    """Return an error body with its status."""
    return respond_json({"code": code, "message": message, "fields": dict(fields or {})}, status=status)


def exception_handler(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Turn an exception of a view into the error body."""
    if isinstance(exc, WorkflowError):
        return error_response(exc.status, exc.code, exc.message, exc.fields)
    if isinstance(exc, exceptions.APIException):
        return _framework_error_response(exc)
    if isinstance(exc, Http404):
        return error_response(404, "not_found", MESSAGES["not_found"])
    if isinstance(exc, PermissionDenied):
        return error_response(403, "not_allowed", MESSAGES["not_allowed"])
    if isinstance(exc, DjangoRequestDataTooBig):
        return error_response(413, "too_large", "The request is too large.")
    if isinstance(exc, (SuspiciousOperation, UnreadablePostError)):
        return error_response(400, "malformed", "The request cannot be read.")
    if isinstance(exc, (DataError, OverflowError)):
        log.warning("The database refused a value", exc_info=exc)
        return error_response(400, "invalid", "A value is out of range.")
    if settings.DEBUG:
        return None
    got_request_exception.send(sender=exception_handler, request=context.get("request"))
    log.error("Failed to answer a request", exc_info=exc)
    return error_response(500, "server_error", "Something went wrong on our side; the failure has been logged.")


def respond_not_found(request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
    """Return 404 for an unknown address."""
    message = MESSAGES["not_found"]
    if not request.path.endswith("/"):
        message += " Addresses end with a slash."
    return error_response(404, "not_found", message)


def _framework_error_response(exc: exceptions.APIException) -> HttpResponse:
    fields: dict[str, str] = {}
    if isinstance(exc, exceptions.ValidationError):
        code = "invalid"
        fields = dict(_flatten_detail("", exc.detail))
        message = "; ".join(f"{field}: {why}" for field, why in fields.items()) or "The request is invalid."
    else:
        # The class has the code of last resort, the instance the one that it was raised with.
        code = getattr(exc.detail, "code", None) or exc.default_code
        code = CODES.get(code, code)
        message = MESSAGES.get(code) or str(exc.detail)
    response = error_response(exc.status_code, code, message, fields)
    challenge = getattr(exc, "auth_header", None)
    if challenge:
        response.headers["WWW-Authenticate"] = challenge
    return response


def _flatten_detail(path: str, detail: Any) -> list[tuple[str, str]]:
    """Turn nested error details into pairs of a dotted path and a message."""
    if isinstance(detail, Mapping):
        return [pair for key, value in detail.items() for pair in _flatten_detail(_join_path(path, str(key)), value)]
    if isinstance(detail, (list, tuple)):
        if any(isinstance(item, (Mapping, list)) for item in detail):
            return [
                pair
                for index, item in enumerate(detail)
                for pair in _flatten_detail(_join_path(path, str(index)), item)
            ]
        return [(path or "body", " ".join(str(item) for item in detail))]
    return [(path or "body", str(detail))]


def _join_path(path: str, key: str) -> str:
    if key == "non_field_errors":
        return path
    return f"{path}.{key}" if path else key
