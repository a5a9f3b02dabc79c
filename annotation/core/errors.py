"""Errors of services, each with a message, a stable code and an HTTP status."""

from collections.abc import Mapping


class WorkflowError(Exception):
    """Base class of these errors; ``fields`` maps a field's path, as ``ratings.TCC``, to its message."""

    status = 409
    code = "conflict"

    def __init__(self, message: str, *, code: str | None = None, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = dict(fields or {})


class WrongState(WorkflowError):
    """The object exists, but its state does not allow the action."""

    status = 409
    code = "wrong_state"


class NotAllowed(WorkflowError):
    """The user may see the object, but not do this with it."""

    status = 403
    code = "not_allowed"


class NotFound(WorkflowError):
    """The object does not exist, or the user may not know of it."""

    status = 404
    code = "not_found"


class BadInput(WorkflowError):
    """The request is malformed; ``fields`` says where."""

    status = 400
    code = "invalid"
