"""Every answer carries the policy of the settings, a view's own one where it has one."""

from csp.constants import HEADER
from csp.decorators import csp_update
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse

from config.content_security_policy import CachedPolicyMiddleware


def view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


@csp_update({"img-src": ["https://pictures.example"]})
def view_with_pictures_from_elsewhere(request: HttpRequest) -> HttpResponse:
    return HttpResponse("a page")


def directives(answer: HttpResponse) -> set[str]:
    return {part.strip() for part in answer.headers[HEADER].split(";")}


def test_the_prepared_policy_is_the_one_that_would_be_put_together_anew() -> None:
    request = HttpRequest()
    assert directives(CachedPolicyMiddleware(view)(request)) == directives(CSPMiddleware(view)(request))
    assert "object-src 'none'" in directives(CachedPolicyMiddleware(view)(request))


def test_a_view_may_change_the_policy_of_its_own_page_and_of_no_other() -> None:
    door = CachedPolicyMiddleware(view_with_pictures_from_elsewhere)
    assert "https://pictures.example" in door(HttpRequest()).headers[HEADER]
    assert "https://pictures.example" not in CachedPolicyMiddleware(view)(HttpRequest()).headers[HEADER]
