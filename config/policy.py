"""The content security policy, put together once and not for every answer."""

from collections.abc import Callable
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class PreparedPolicy(CSPMiddleware):
    """Sends the policy of the settings; one that a view has changed, or that has a nonce, is put together as ever.

    That takes as long as finding the view, and the same policy goes out with every picture and every score.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self._policy: str = build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        changed = any(name.startswith("_csp") for name in vars(response)) or hasattr(request, "_csp_nonce")
        if changed or settings.DEBUG:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self._policy)
        return response
