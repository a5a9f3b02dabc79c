"""Sends the content security policy, built once instead of per response."""

from collections.abc import Callable
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class CachedPolicyMiddleware(CSPMiddleware):
    """Sends the policy of the settings; a view's own policy is built as usual.

    Building it takes as long as resolving a URL, and every picture and score carries the same policy.

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
