"""What can be wrong with a request to a service: one family, each with a message, a stable code and an HTTP status."""

from collections.abc import Mapping


class WorkflowError(Exception):
    """Base of every refusal. ``fields`` maps a field's path, as ``ratings.TCC``, to what is wrong with it."""

    status = 409
    code = "conflict"

    def __init__(self, message: str, *, code: str | None = None, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = dict(fields or {})


class WrongState(WorkflowError):
    """The thing exists and is yours, but is not in a state in which this can happen."""

    status = 409
    code = "wrong_state"


class NotAllowed(WorkflowError):
    """You may know of it, but not do this to it."""

    status = 403
    code = "not_allowed"


class NotFound(WorkflowError):
    """It does not exist, or is not yours to know."""

    status = 404
    code = "not_found"


class BadInput(WorkflowError):
    """The request itself is wrong; ``fields`` says where."""

    status = 400
    code = "invalid"
