"""Views that submit, revise and undo scores."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.http import HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from annotation.core.errors import BadInput
from annotation.scoring import revising, submitting
from annotation.scoring.submit_result import SubmissionResult
from api.assignment_json import describe_own_score, describe_ratings, describe_suggestion
from api.json_responses import format_time, respond_json
from api.schema import describe
from api.serializers import assignments as shapes
from api.serializers.fields import find_unknown_names, parse_client_key, parse_finite_number
from api.strict_json import json_type_name

from .base import View, user_of


class ScoreView(View):
    """The user's score of one assignment."""

    @describe(
        "Submit a score", request=shapes.ScoreRequestSerializer, answer=shapes.SubmissionResultSerializer, conflict=True
    )
    def put(self, request: Request, assignment: str) -> HttpResponse:
        """The same client key again is stored once and answers the same.

        Where the answer is `revising`, the values are locked and a judge's are beside them: keep or change each of
        them with a revision, until `revise_until`.
        """
        score = submitting.submit_score(
            by=user_of(request), assignment_id=assignment, **read_score(cast(dict[str, Any], request.data))
        )
        return respond_json(_describe_result(score))

    @describe("Undo my score", answer=shapes.UndoResultSerializer, conflict=True)
    def delete(self, request: Request, assignment: str) -> HttpResponse:
        """The score is voided and the sample is mine to score again, with the values to start from.

        After a revision that alone is voided, and can be given anew; values that were locked stay.
        """
        undone = submitting.undo_score(by=user_of(request), assignment_id=assignment)
        return respond_json(
            {
                "assignment": undone.assignment_id,
                "state": undone.state,
                "ratings": describe_ratings(undone.ratings),
                "notes": undone.notes,
                "expires_at": format_time(undone.expires_at),
                "suggestion": describe_suggestion(undone.suggestion),
            }
        )


class RevisionView(View):
    """The user's revision after a delayed suggestion."""

    @describe(
        "Revise a score",
        request=shapes.RevisionRequestSerializer,
        answer=shapes.SubmissionResultSerializer,
        conflict=True,
    )
    def put(self, request: Request, assignment: str) -> HttpResponse:
        """Values that I keep are sent, too. The same client key again is stored once and answers the same."""
        body = read_score(cast(dict[str, Any], request.data), fields=REVISION_FIELDS)
        return respond_json(
            _describe_result(revising.submit_revision(by=user_of(request), assignment_id=assignment, **body))
        )


def _describe_result(score: SubmissionResult) -> dict[str, Any]:
    return {
        "assignment": score.assignment_id,
        "state": score.state,
        **describe_own_score(score),
        "suggestion": describe_suggestion(score.suggestion),
        "revise_until": format_time(score.revise_until),
    }


FIELDS = ("client_key", "ratings", "notes", "seconds", "touched")
REVISION_FIELDS = ("client_key", "ratings", "seconds")


def read_score(body: Mapping[str, Any], *, fields: tuple[str, ...] = FIELDS) -> dict[str, Any]:
    """Return the validated arguments of `submit_score`, or of `submit_revision`.

    ``fields`` names those that are accepted.

    By hand, as this is the busiest address of the platform; every fault is named, not only the first.

    Raises:
        BadInput: something is missing, unknown or of the wrong type.
    """
    faults = find_unknown_names(body, fields)
    read = {
        "client_key": _read_field("client_key", body, parse_client_key, faults),
        "ratings": _read_dimension_values("ratings", body, parse_finite_number, faults),
        "seconds": None if body.get("seconds") is None else _read_field("seconds", body, parse_finite_number, faults),
    }
    if "notes" in fields:
        read["notes"] = _read_dimension_values("notes", body, _parse_text, faults) if "notes" in body else {}
    if "touched" in fields:
        read["touched"] = _read_field("touched", body, _parse_names, faults) if "touched" in body else []
    if faults:
        raise BadInput("The score cannot be stored as sent; nothing was stored.", fields=faults)
    return read


def _read_field(name: str, body: Mapping[str, Any], check: Callable[[Any], Any], faults: dict[str, str]) -> Any:
    if name not in body:
        faults[name] = "Missing."
        return None
    return _check_value(name, body[name], check, faults)


def _read_dimension_values(
    name: str, body: Mapping[str, Any], check: Callable[[Any], Any], faults: dict[str, str]
) -> dict[str, Any]:
    if name not in body:
        faults[name] = "Missing."
        return {}
    values = body[name]
    if not isinstance(values, dict):
        faults[name] = f"An object, not {json_type_name(values)}."
        return {}
    return {key: _check_value(f"{name}.{key}"[:200], value, check, faults) for key, value in values.items()}


def _check_value(field: str, value: Any, check: Callable[[Any], Any], faults: dict[str, str]) -> Any:
    try:
        return check(value)
    except ValidationError as error:
        faults[field] = str(error.detail[0])  # type: ignore[index]
        return None


def _parse_names(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise ValidationError(f"A list, not {json_type_name(value)}.")
    return [_parse_text(name) for name in value]


def _parse_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValidationError(f"A text, not {json_type_name(value)}.")
    return value
